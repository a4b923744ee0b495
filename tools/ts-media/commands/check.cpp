// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "media_json.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/viewer_check.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>
#include <string>

namespace ts::cli {
namespace in_check {

struct Options {
  std::string url;
  std::string length = "10s";
  std::string max_av_offset = "100ms";
  int url_fd = -1;
  bool from_start = false;
  bool decode = true;
};

Json rounded(const std::optional<double>& value) {
  if (!value) return nullptr;
  return std::round(*value * 10) / 10;
}

Json gaps_json(const std::vector<media::FrameGap>& gaps) {
  Json list = Json::array();
  for (const auto& gap : gaps) {
    list.push_back({{"at_s", seconds_of(gap.at)}, {"length_s", seconds_of(gap.length)}});
  }
  return list;
}

Json codes_json(const media::FrameCodeWatch& codes) {
  if (codes.seen().empty()) return nullptr;
  Json json = {{"read", codes.seen().size()},          {"unreadable", codes.unreadable()},
               {"first", codes.seen().front().second}, {"last", codes.seen().back().second},
               {"missing", codes.missing()},           {"repeated", codes.repeated()},
               {"backward", codes.backward()}};
  Json list = Json::array();
  for (const auto& [position, code] : codes.seen()) {
    list.push_back(Json::array({seconds_of(position), code}));
  }
  json["seen"] = std::move(list);
  return json;
}

Json video_json(const media::ViewerReport& report) {
  if (!report.viewer.video) return nullptr;
  const auto& track = *report.viewer.video;
  const auto& pictures = report.pictures;
  return {{"codec", track.codec},
          {"width", track.width},
          {"height", track.height},
          {"fps", std::round(pictures.fps() * 1000) / 1000},
          {"frames", pictures.count()},
          {"first_pts_s", seconds_of(pictures.first())},
          {"last_pts_s", seconds_of(pictures.last())},
          {"monotonic", pictures.backward() == 0},
          {"gaps", gaps_json(pictures.gaps())},
          {"black_ratio", std::round(pictures.black_ratio() * 1000) / 1000},
          {"frozen_ratio", std::round(pictures.frozen_ratio() * 1000) / 1000},
          {"longest_frozen_s", seconds_of(pictures.longest_frozen())},
          {"frame_codes", codes_json(pictures.codes())}};
}

Json audio_json(const media::ViewerReport& report) {
  if (!report.viewer.audio) return nullptr;
  const auto& track = *report.viewer.audio;
  const auto& sound = report.sound;
  Json peak = nullptr;
  if (sound.peak() > 0) peak = std::round(20 * std::log10(sound.peak()) * 10) / 10;
  return {{"codec", track.codec},
          {"sample_rate", track.sample_rate},
          {"channels", track.channels},
          {"samples", sound.samples()},
          {"first_pts_s", seconds_of(sound.first())},
          {"end_pts_s", seconds_of(sound.end())},
          {"monotonic", sound.backward() == 0},
          {"gaps", gaps_json(sound.gaps())},
          {"peak_db", peak},
          {"silent_ratio", std::round(sound.silent_ratio() * 1000) / 1000}};
}

Json playlist_json(const media::HlsSourceStats& stats) {
  const auto optional_ms = [](const std::optional<milliseconds>& value) {
    return value ? Json(value->count()) : Json(nullptr);
  };
  return {{"live", stats.live},
          {"ended", stats.ended},
          {"variant", stats.variant.empty() ? Json(nullptr) : Json(stats.variant)},
          {"target_duration_s", stats.target_duration.count()},
          {"segments", stats.segments},
          {"reloads", stats.reloads},
          {"advances", stats.advances},
          {"lost_segments", stats.lost_segments},
          {"discontinuities", stats.discontinuities},
          {"bytes", stats.bytes},
          {"slowest_fetch_ms", stats.slowest_fetch.count()},
          {"longest_wait_ms", stats.longest_wait.count()},
          {"latency_ms", optional_ms(stats.join_latency)},
          {"edge_age_ms", optional_ms(stats.edge_age)}};
}

Json document_of(const std::string& url, const media::ViewerReport& report) {
  Json json;
  json["schema"] = "ts.check/1";
  json["url"] = media::without_query(url);
  json["ok"] = report.problems.empty();
  json["problems"] = report.problems;
  json["warnings"] = report.warnings;
  json["playlist"] = playlist_json(report.source);
  json["video"] = video_json(report);
  json["audio"] = audio_json(report);
  json["av_offset_start_ms"] = rounded(report.av_start_ms);
  json["av_offset_end_ms"] = rounded(report.av_end_ms);
  json["damaged"] = report.viewer.damaged;
  json["stalls"] = report.viewer.stalls;
  json["stalled_ms"] = report.viewer.stalled.count();
  return json;
}

std::string text_of(const media::ViewerReport& report) {
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<10}{}\n", name, value);
  };
  line("playlist",
       fmt::format("{}, {} segments, target {} s", report.source.live ? "live" : "recording",
                   report.source.segments, report.source.target_duration.count()));
  if (report.viewer.video) {
    const auto& track = *report.viewer.video;
    line("picture", fmt::format("{} {}x{}, {} pictures, {:.3f} fps", track.codec, track.width,
                                track.height, report.pictures.count(), report.pictures.fps()));
  }
  if (report.viewer.audio) {
    const auto& track = *report.viewer.audio;
    line("sound", fmt::format("{} {} Hz, {} channels, {} samples", track.codec, track.sample_rate,
                              track.channels, report.sound.samples()));
  }
  if (report.av_start_ms && report.av_end_ms) {
    line("offset", fmt::format("{:.0f} ms at the start, {:.0f} ms at the end", *report.av_start_ms,
                               *report.av_end_ms));
  }
  if (report.source.join_latency) {
    line("latency", fmt::format("{} ms", report.source.join_latency->count()));
  }
  if (const auto& codes = report.pictures.codes(); !codes.seen().empty()) {
    line("numbers", fmt::format("{} to {}, {} missing, {} repeated", codes.seen().front().second,
                                codes.seen().back().second, codes.missing(), codes.repeated()));
  }
  for (const auto& warning : report.warnings) line("warning", warning);
  for (const auto& problem : report.problems) line("problem", problem);
  return text;
}

/// The address as given, or from a descriptor: a signed one is a credential, and arguments are
/// visible to everybody.
Result<std::string> url_of(const Options& options) {
  if (options.url_fd < 0 && !options.url.empty()) return options.url;
  if (options.url_fd < 0 || !options.url.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give either an address or --url-fd",
                 .hint = "such as ts-media check https://stream.mux.com/PLAYBACK_ID.m3u8"};
  }
  TS_TRY(const auto url, read_secret_fd(options.url_fd));
  return std::string(url.reveal());
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto url, url_of(options));
  const media::FfmpegLog ffmpeg_log(context.log());
  media::ViewerCheckOptions check;
  TS_TRY(check.length, parse_duration(options.length));
  TS_TRY(check.max_av_offset, parse_duration(options.max_av_offset));
  TS_TRY(check.source.fetch.ca_file, context.settings().text("TS_CA_FILE"));
  check.source.from_start = options.from_start;
  TS_TRY(const auto report, media::check_viewer(url, check, context.clock(), context.stop()));
  const auto document = document_of(url, report);
  TS_CHECK(context.out().report({.document = &document, .text = text_of(report)}));
  if (report.problems.empty()) return ok_status();
  return Error{
      .kind = ErrorKind::kCheckFailed,
      .message = fmt::format("{}: {}", media::without_query(url), fmt::join(report.problems, "; ")),
      .hint = "look at the publisher and the program's output"};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("url", options->url, "Playlist (http, https), or a folder with a recording")
      ->type_name("URL|DIR");
  app.add_option("--url-fd", options->url_fd, "Descriptor to read the playlist's address from");
  app.add_option("--for", options->length, "How much of it to watch")->capture_default_str();
  app.add_option("--max-av-offset", options->max_av_offset,
                 "Largest distance of sound and picture at start and end")
      ->capture_default_str();
  app.add_flag("--from-start", options->from_start, "Join a live playlist at its first segment");
  app.add_flag("--decode", options->decode, "Decode every frame (always done here)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_check

Command media_check() {
  return {.path = "check",
          .summary = "Watch an HLS stream as a viewer does and judge what came",
          .example = "ts-media check https://stream.mux.com/PLAYBACK_ID.m3u8 --for 20s --json",
          .bind = in_check::bind,
          .hidden = true,
          .details =
              "Follows the playlist, fetches every segment over http(s) with certificates "
              "verified, decodes every frame. JSON (ts.check/1): tracks, frame rate, gaps, "
              "sound against picture, black and frozen parts, stalls, latency, burnt-in "
              "frame numbers. Exit 10 names what is wrong."};
}

}  // namespace ts::cli
