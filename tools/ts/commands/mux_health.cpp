// SPDX-License-Identifier: Apache-2.0
// Mux's own statistics, each asked with a token signed for it.
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/json.hpp"
#include "net/url.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_health {

Result<Secret> statistics_token(Context& context, mux::TokenType type, const std::string& subject) {
  TS_TRY(const auto key, mux_signing_key(context));
  TS_TRY(const auto token,
         mux::sign_token({.type = type, .subject = subject, .lifetime = std::chrono::minutes(10)},
                         key, context.clock()));
  Secret secret(token);
  context.log().scrub(secret);
  return secret;
}

Status run_health(const std::string& id, Context& context) {
  TS_TRY([[maybe_unused]] const auto checked, net::path_segment(id, "live stream id"));
  TS_TRY(const auto token, statistics_token(context, mux::TokenType::kLiveStream, id));
  TS_TRY(const auto base_url, context.settings().base_url("MUX_STATS_BASE_URL"));
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto health, client->ingest_health(base_url, token));
  Json document{{"schema", "ts.mux/1"}, {"id", id}, {"health", health.status}};
  std::string text = fmt::format("ingest health  {}\n", health.status);
  if (health.drift_average_ms) {
    document["drift_average_ms"] = *health.drift_average_ms;
    text += fmt::format("drift          {:g} ms on average over about 30 s\n",
                        *health.drift_average_ms);
  }
  if (health.drift_deviation_ms) {
    document["drift_deviation_ms"] = *health.drift_deviation_ms;
    text += fmt::format("deviation      {:g} ms from the rolling average\n",
                        *health.drift_deviation_ms);
  }
  if (!health.updated_at.empty()) {
    document["updated_at"] = health.updated_at;
    text += fmt::format("updated        {}\n", health.updated_at);
  }
  if (health.status == "poor") {
    text += "media arrives slower than it plays: lower the bitrate or check the uplink\n";
  }
  return context.out().report({.document = &document, .text = text, .raw = health.status});
}

struct ViewerOptions {
  std::string id;
  bool live = false;
  bool asset = false;
};

Status run_viewers(const ViewerOptions& options, Context& context) {
  TS_TRY([[maybe_unused]] const auto checked, net::path_segment(options.id, "id"));
  const mux::TokenType type = options.live    ? mux::TokenType::kLiveStream
                              : options.asset ? mux::TokenType::kAsset
                                              : mux::TokenType::kStats;
  TS_TRY(const auto token, statistics_token(context, type, options.id));
  TS_TRY(const auto base_url, context.settings().base_url("MUX_STATS_BASE_URL"));
  TS_TRY(const auto client, mux_client(context));
  auto answer = client->viewer_counts(base_url, token);
  if (!answer.ok()) {
    Error error = std::move(answer).error();
    if (error.http_status == 404 && !options.live && !options.asset) {
      error.hint = "the id was taken for a playback id: add --live or --asset for another one";
    }
    return error;
  }
  const auto& counts = answer.value();
  Json document{{"schema", "ts.mux/1"},
                {"id", options.id},
                {"viewers", counts.viewers},
                {"views", counts.views}};
  if (!counts.updated_at.empty()) document["updated_at"] = counts.updated_at;
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} viewers, {} views{}", counts.viewers, counts.views,
                           counts.updated_at.empty() ? "" : " at " + counts.updated_at),
       .raw = std::to_string(counts.viewers)});
}

Runner bind_health(CLI::App& app) {
  auto id = std::make_shared<std::string>();
  app.add_option("LIVE_ID", *id, "Live stream")->required();
  return [id](Context& context) { return run_health(*id, context); };
}

Runner bind_viewers(CLI::App& app) {
  auto options = std::make_shared<ViewerOptions>();
  app.add_option("ID", options->id, "Playback id")->required();
  auto* live = app.add_flag("--live", options->live, "ID is a live stream");
  app.add_flag("--asset", options->asset, "ID is an asset")->excludes(live);
  return [options](Context& context) { return run_viewers(*options, context); };
}

}  // namespace in_mux_health

Command mux_health() {
  using namespace in_mux_health;
  return {.path = "mux health",
          .summary = "Show how well a live stream's input arrives at Mux",
          .example = "ts mux health LIVE_ID --json",
          .bind = bind_health,
          .details =
              "Needs MUX_SIGNING_KEY and MUX_PRIVATE_KEY: Mux's statistics take a token that "
              "is signed for the live stream."};
}

Command mux_viewers() {
  using namespace in_mux_health;
  return {.path = "mux viewers",
          .summary = "Show how many watch a playback id, live stream or asset",
          .example = "ts mux viewers PLAYBACK_ID\nts mux viewers LIVE_ID --live",
          .bind = bind_viewers};
}

}  // namespace ts::cli
