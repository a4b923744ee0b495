// SPDX-License-Identifier: Apache-2.0
// The stream key: show it, replace it.
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/json.hpp"
#include "net/url.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_key {

struct Options {
  std::string id;
  bool reveal = false;
  std::string protocol = "rtmps";
};

/// For SRT Mux listens on a port of its own.
std::string srt_server(const std::string& ingest) {
  auto parsed = net::Url::parse(ingest);
  return fmt::format("srt://{}:6001", parsed ? parsed.value().host : "global-live.mux.com");
}

/// SRT takes key and passphrase as query values.
std::string srt_url(const std::string& ingest, std::string_view key, std::string_view passphrase) {
  return fmt::format("{}?streamid={}&passphrase={}", srt_server(ingest), net::percent_encode(key),
                     net::percent_encode(passphrase));
}

Status report_key(const Options& options, const mux::LiveStream& live_stream, Context& context,
                  std::string_view note) {
  if (live_stream.stream_key.empty()) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("Mux told no stream key of '{}'", live_stream.id)};
  }
  TS_TRY(const auto ingest, mux_ingest_url(context));
  const std::string key = options.reveal ? std::string(live_stream.stream_key.reveal())
                                         : redact_identifier(live_stream.stream_key.reveal());
  std::string url = fmt::format("{}/{}", ingest, key);
  std::string server = ingest;
  if (options.protocol == "srt") {
    server = srt_server(ingest);
    url = srt_url(ingest, key,
                  options.reveal ? live_stream.srt_passphrase.reveal() : std::string_view("***"));
  }
  Json document{{"schema", "ts.mux/1"}, {"id", live_stream.id}, {"stream_key", key},
                {"ingest_url", server}, {"url", url},           {"revealed", options.reveal}};
  std::string text;
  if (!note.empty()) text += fmt::format("{}\n", note);
  text += fmt::format("server      {}\nstream key  {}\nurl         {}\n", server, key, url);
  if (!options.reveal) text += "add --reveal to see the key\n";
  Report report{.document = &document, .text = std::move(text), .id = live_stream.id};
  // Half a key would be taken for a whole one.
  if (options.reveal) {
    report.raw = key;
    report.env = {{"MUX_STREAM_KEY", key}, {"MUX_STREAM_URL", url}};
  }
  return context.out().report(report);
}

Status check_protocol(const Options& options) {
  if (options.protocol == "rtmps" || options.protocol == "srt") return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("protocol '{}' is unknown", options.protocol),
               .hint = "use rtmps or srt"};
}

Runner bind_key(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->id, "Live stream")->required();
  app.add_flag("--reveal", options->reveal, "Show the key: whoever has it can go live");
  app.add_option("--protocol", options->protocol, "URL for rtmps or srt")->capture_default_str();
  return [options](Context& context) -> Status {
    TS_CHECK(check_protocol(*options));
    TS_CHECK(context.out().check_reveal(options->reveal));
    TS_TRY(const auto client, mux_client(context));
    TS_TRY(const auto live_stream, client->get_live_stream(options->id));
    return report_key(*options, live_stream, context, "");
  };
}

Runner bind_rotate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->id, "Live stream")->required();
  app.add_flag("--reveal", options->reveal, "Show the new key");
  return [options](Context& context) -> Status {
    TS_CHECK(context.out().check_reveal(options->reveal));
    TS_CHECK(context.confirm(fmt::format(
        "replace the stream key of {}? The old one stops at the next connect", options->id)));
    TS_TRY(const auto client, mux_client(context));
    TS_TRY(const auto live_stream, client->reset_stream_key(options->id));
    return report_key(*options, live_stream, context,
                      "new stream key; the old one stops at the next connect");
  };
}

}  // namespace in_mux_key

Command mux_key() {
  using namespace in_mux_key;
  return {.path = "mux key",
          .summary = "Show where an encoder pushes to, and with --reveal its key",
          .example = "ts mux key LIVE_ID --reveal\nts mux key LIVE_ID --protocol srt --reveal",
          .bind = bind_key};
}

Command mux_rotate_key() {
  using namespace in_mux_key;
  return {.path = "mux rotate-key",
          .summary = "Replace the stream key",
          .example = "ts mux rotate-key LIVE_ID --yes",
          .forms = "id raw env",
          .bind = bind_rotate};
}

}  // namespace ts::cli
