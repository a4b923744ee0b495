// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/json.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_mux_update {

struct Options {
  std::string id;
  std::optional<std::string> title;
  std::optional<std::string> passthrough;
  std::optional<std::string> slate;
  std::string latency;
  std::string reconnect_window;
  std::string max_duration;
  std::optional<bool> use_slate;
  std::string request;
};

Status run(const Options& options, Context& context) {
  mux::LiveStreamUpdate update;
  if (!options.request.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.request));
    TS_TRY(const auto json, parse_json(text, "--request", ErrorKind::kUsage, kWrittenByPeople));
    TS_TRY(update, mux::read_live_stream_update(json));
  }
  if (options.title) update.title = options.title;
  if (options.passthrough) update.passthrough = options.passthrough;
  if (options.slate) update.reconnect_slate_url = options.slate;
  if (options.use_slate) update.use_slate_for_standard_latency = options.use_slate;
  if (!options.latency.empty()) {
    TS_TRY(update.latency, mux::parse_latency(options.latency));
  }
  if (!options.reconnect_window.empty()) {
    TS_TRY(update.reconnect_window, parse_seconds(options.reconnect_window, "--reconnect-window"));
  }
  if (!options.max_duration.empty()) {
    TS_TRY(update.max_continuous_duration, parse_seconds(options.max_duration, "--max-duration"));
  }
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto live_stream, client->update_live_stream(options.id, update));
  return report_live_stream(context, live_stream, "updated");
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->id, "Live stream")->required();
  app.add_option("--title", options->title, "Title; an empty one clears it");
  app.add_option("--passthrough", options->passthrough, "Your own text; an empty one clears it");
  app.add_option("--slate", options->slate, "Image shown while the encoder is gone; empty: Mux's");
  app.add_option("--use-slate", options->use_slate, "true or false: a slate at standard latency");
  app.add_option("--latency", options->latency, "standard, reduced or low (only while idle)");
  app.add_option("--reconnect-window", options->reconnect_window, "0s to 30m");
  app.add_option("--max-duration", options->max_duration, "1m to 12h");
  app.add_option("--request", options->request, "Mux's own request as JSON, @FILE or -");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_update

Command mux_update() {
  return {.path = "mux update",
          .summary = "Change a live stream's settings",
          .example = "ts mux update LIVE_ID --reconnect-window 2m --title 'Evening'",
          .forms = "id raw env",
          .bind = in_mux_update::bind};
}

}  // namespace ts::cli
