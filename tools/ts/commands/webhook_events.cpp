// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/webhook_shared.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "store/events.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_webhook_events {

struct Options {
  std::string provider, type, since;
  std::int64_t limit = 50;
  bool unhandled = false;
};

Status run(const Options& options, Context& context) {
  store::EventFilter filter{.type = options.type,
                            .unhandled_only = options.unhandled,
                            .newest_first = true,
                            .limit = options.limit};
  if (!options.provider.empty()) {
    TS_TRY(const auto provider, webhook::parse_provider(options.provider));
    filter.provider = webhook::to_string(provider);
  }
  if (!options.since.empty()) {
    TS_TRY(filter.since, parse_rfc3339(options.since));
  }
  if (options.limit < 1 || options.limit > 10000) {
    return Error{.kind = ErrorKind::kUsage, .message = "--limit is between 1 and 10000"};
  }
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto rows, store::list_events(database, filter));
  Json document;
  document["schema"] = "ts.webhook/1";
  document["events"] = Json::array();
  std::vector<std::vector<std::string>> lines;
  std::string ids;
  for (const auto& row : rows) {
    document["events"].push_back(stored_event_json(row));
    lines.push_back({std::to_string(row.seq), format_rfc3339(row.received_at), row.provider,
                     shorten(row.type, 60), shorten(row.event_id, 40),
                     row.handled_at ? "handled" : "unhandled"});
    ids += std::to_string(row.seq) + "\n";
  }
  const bool narrowed = options.unhandled || !options.provider.empty() || !options.type.empty() ||
                        !options.since.empty();
  return context.out().report(
      {.document = &document,
       .text = table({"SEQ", "RECEIVED", "PROVIDER", "EVENT", "ID", "STATE"}, lines,
                     narrowed ? "no webhook that was received is one of these"
                              : "no webhook was received yet"),
       .id = ids});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--provider", options->provider, "livekit, mux or cloudflare");
  app.add_option("--type", options->type, "Event type; video.asset.* for a family");
  app.add_option("--since", options->since, "Received at or after this time (RFC 3339)");
  app.add_option("--limit", options->limit, "At most this many, the newest")->capture_default_str();
  app.add_flag("--unhandled", options->unhandled,
               "Only those whose effect was not taken: dead letters of listen");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_events

Command webhook_events() {
  return {.path = "webhook events",
          .summary = "List the webhooks that were received",
          .example =
              "ts webhook events\n"
              "ts webhook events --provider mux --type 'video.asset.*' --unhandled --json",
          .bind = in_webhook_events::bind};
}

}  // namespace ts::cli
