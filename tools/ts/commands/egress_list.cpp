// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/egress_client.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace ts::cli {
namespace in_egress_list {

struct Options {
  std::string room;
  bool active = false;
};

/// When it began. One that never did has no start: it was heard of last instead, and one that is
/// still to begin is the newest.
std::int64_t began_at(const livekit::EgressInfo& egress) {
  if (egress.started_at != 0) return egress.started_at;
  if (!livekit::is_terminal(egress.status)) return std::numeric_limits<std::int64_t>::max();
  return egress.ended_at != 0 ? egress.ended_at : egress.updated_at;
}

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  livekit::EgressClient client(service);
  TS_TRY(auto all,
         client.list({.room_name = options.room, .active = options.active}, context.stop()));
  // The service gives no order: newest first.
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return began_at(a) > began_at(b); });
  Json body;
  body["egress"] = Json::array();
  for (const auto& egress : all) body["egress"].push_back(egress_json(egress));
  const Json document = document_of("egress", body);
  const std::string ids = id_lines(all, &livekit::EgressInfo::egress_id);
  if (context.out().format() == Format::kId && ids.empty()) return ok_status();
  return context.out().report(
      {.document = &document, .text = egress_table(all, context.out()), .id = ids});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--room", options->room, "Only of this room");
  app.add_flag("--active", options->active, "Only starting, active and ending ones");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_egress_list

Command egress_list() {
  return {
      .path = "egress list",
      .summary = "List egress, newest first",
      .example = "ts egress list --active\nts egress list --room main --json",
      .bind = in_egress_list::bind,
      .details = "Ended egress stay listed for about a day.",
  };
}

}  // namespace ts::cli
