// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "live_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_live_list {

Status run(bool open_only, Context& context) {
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto sessions, store::list_sessions(database, {.open_only = open_only}));
  Json document;
  document["schema"] = "ts.live/1";
  document["sessions"] = Json::array();
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const auto& session : sessions) {
    TS_TRY(const auto resources, live::Resources::from_text(session.details));
    document["sessions"].push_back(session_document(session, resources));
    rows.push_back(
        {session.name, session.state, format_rfc3339(session.created_at),
         format_duration(session.closed_at.value_or(context.clock().now()) - session.created_at),
         session.id});
    ids += session.id + "\n";
  }
  return context.out().report(
      {.document = &document,
       .text = table({"SHOW", "STATE", "STARTED", "FOR", "SESSION"}, rows, "no go-live yet"),
       .id = ids});
}

Runner bind(CLI::App& app) {
  auto open_only = std::make_shared<bool>(false);
  app.add_flag("--running", *open_only, "Only those that have not ended");
  return [open_only](Context& context) { return run(*open_only, context); };
}

}  // namespace in_live_list

Command live_list() {
  return {.path = "live list",
          .summary = "List go-lives, newest first",
          .example = "ts live list --running",
          .bind = in_live_list::bind};
}

}  // namespace ts::cli
