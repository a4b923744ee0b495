// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "net/url.hpp"
#include "playback/check.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_playback_check {

struct Options {
  std::string target;
  std::string watch = "10s";
  std::string wait = "0s";
  bool decode = false;
  bool every_variant = false;
  bool every_segment = false;
  bool sign = false;
};

/// A URL as it is; a playback id as the address of its stream, signed if asked.
Result<std::string> address_of(const Options& options, Context& context) {
  if (options.target.find("://") != std::string::npos) {
    TS_TRY(const auto url, net::Url::parse(options.target));
    if (url.scheme == "http" || url.scheme == "https") return options.target;
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{}:// cannot be played by a viewer", url.scheme),
                 .hint = "give an http(s) URL of a playlist, or a playback id"};
  }
  mux::PlaybackUrlRequest request{.playback_id = options.target};
  TS_TRY(request.stream_base_url, context.settings().base_url("MUX_STREAM_BASE_URL"));
  if (options.sign) {
    TS_TRY(const auto key, mux_signing_key(context));
    TS_TRY(request.token,
           mux::sign_token({.subject = options.target, .lifetime = std::chrono::hours(12)}, key,
                           context.clock()));
  }
  return mux::playback_url(request);
}

std::string text_of(const playback::Report& report) {
  std::string text =
      fmt::format("{}: {}{}\n", report.ok() ? "ok" : "FAILED", report.live ? "live" : "recording",
                  report.live ? (report.advancing ? ", advancing" : ", not seen to advance") : "");
  for (const playback::VariantReport& variant : report.variants) {
    text += fmt::format("  {}", variant.kind);
    if (variant.width > 0) text += fmt::format(" {}x{}", variant.width, variant.height);
    if (variant.frame_rate > 0) text += fmt::format(" {:g} fps", variant.frame_rate);
    if (variant.bandwidth > 0) {
      text += fmt::format(" {:.1f} Mb/s", static_cast<double>(variant.bandwidth) / 1e6);
    }
    text += fmt::format(": {} segments of {:g} s, {} fetched ({} bytes)", variant.segments_listed,
                        variant.target_duration_s, variant.segments_fetched, variant.bytes_fetched);
    if (report.live) {
      text +=
          fmt::format(", {:.1f} s new in {}", variant.advanced_s, format_duration(report.watched));
    }
    if (variant.discontinuities > 0) {
      text += fmt::format(", {} discontinuities", variant.discontinuities);
    }
    if (variant.latency_s) text += fmt::format(", {:.1f} s behind", *variant.latency_s);
    text += "\n";
  }
  for (const playback::Finding& finding : report.findings) {
    text += fmt::format("  {}: {}\n", finding.failure ? "failure" : "warning", finding.message);
  }
  return text;
}

/// What the decoder says of the same address: `ts-media check`, its JSON as it came.
Result<Json> decode(const std::string& url, const std::string& watch, Context& context) {
  TS_TRY(const auto media, context.media_program());
  // A signed address lets everybody watch who sees it: not an argument.
  TS_TRY(const auto url_pipe, secret_pipe(Secret(url)));
  const ProcessOptions process{
      .program = media,
      .arguments = {"check", "--url-fd", "3", "--for", watch, "--decode", "--json"},
      .environment = context.environment_lines(),
      .standard_output = StreamMode::kPipe,
      .standard_error = StreamMode::kPipe,
      .inherited = {{.fd = url_pipe.get(), .as = 3}}};
  TS_TRY(const auto limit, parse_duration(watch));
  TS_TRY(auto child, ChildProcess::spawn(process));
  LineReader errors(child.take_stderr());
  LineReader lines(child.take_stdout(), 4096, std::size_t{1} << 20U);
  TS_TRY(const auto status, child.wait(limit + seconds{60}, context.stop()));
  std::string last_error;
  while (auto line = errors.next(milliseconds{200})) last_error = *line;
  // The last line is the summary; a document over several lines is put together again.
  std::string all;
  std::string last;
  while (auto line = lines.next(milliseconds{200})) {
    all += *line + "\n";
    last = *line;
  }
  if (!status.success()) {
    Error error{.kind = ErrorKind::kCheckFailed, .message = "the stream does not decode"};
    if (const auto parsed = parse_json(last_error, "error"); parsed.ok()) {
      const auto message = JsonReader(parsed.value()).string_or("message");
      if (message.ok() && !message.value().empty()) {
        error.message += ": " + message.value();
      }
    }
    return error;
  }
  auto summary = parse_json(last, "the answer of ts-media check");
  if (!summary) summary = parse_json(all, "the answer of ts-media check", ErrorKind::kInternal);
  return summary;
}

Status run(const Options& options, Context& context) {
  playback::CheckOptions check{.max_segments = 3,
                               .every_segment = options.every_segment,
                               .every_variant = options.every_variant};
  TS_TRY(check.watch, parse_duration(options.watch));
  TS_TRY(check.wait_for_start, parse_duration(options.wait));
  TS_TRY(const auto url, address_of(options, context));
  TS_TRY(const auto report,
         playback::check(
             context.transport(), context.clock(), url, check,
             [&](const playback::Report& now) {
               context.out().progress(
                   fmt::format("watching {} of {}", format_duration(now.watched), options.watch));
             },
             context.stop()));
  context.out().progress("");
  Json document = playback::describe(report);
  std::string text = text_of(report);
  std::optional<Error> failure;
  if (!report.ok()) {
    std::string first = "no segment could be played";
    for (const playback::Finding& finding : report.findings) {
      if (finding.failure) {
        first = finding.message;
        break;
      }
    }
    failure = Error{.kind = ErrorKind::kCheckFailed,
                    .message = fmt::format("the viewer does not get a sound stream: {}", first),
                    .hint = "check the encoder and the egress, then run this again"};
  }
  if (options.decode && !failure) {
    auto decoded = decode(url, options.watch, context);
    if (decoded) {
      document["decode"] = std::move(decoded).value();
      text += "  decodes: yes\n";
    } else {
      failure = std::move(decoded).error();
      document["ok"] = false;
    }
  }
  TS_CHECK(context.out().report({.document = &document, .text = text, .raw = url}));
  if (failure) return std::move(*failure);
  return ok_status();
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("TARGET", options->target, "URL of a playlist, or a Mux playback id")->required();
  app.add_option("--for", options->watch, "How long to watch a live stream")->capture_default_str();
  app.add_option("--wait", options->wait, "How long to wait for the stream to become playable")
      ->capture_default_str();
  app.add_flag("--decode", options->decode, "Decode picture and sound too (needs ts-media)");
  app.add_flag("--every-variant", options->every_variant, "Check every quality, not the best only");
  app.add_flag("--every-segment", options->every_segment, "Fetch each new segment while watching");
  app.add_flag("--signed", options->sign, "The playback id needs a token (MUX_SIGNING_KEY)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_playback_check

Command playback_check() {
  return {.path = "playback check",
          .summary = "Check what a viewer really gets: playlists, segments, freshness, pictures",
          .example =
              "ts playback check PLAYBACK_ID --for 30s\n"
              "ts playback check https://stream.mux.com/PLAYBACK_ID.m3u8 --decode",
          .bind = in_playback_check::bind,
          .main_verb = true};
}

}  // namespace ts::cli
