// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/json.hpp"
#include "mux/same.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_list {

Status run(const mux::LiveStreamFilter& filter, Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto streams, client->list_live_streams(filter));
  Json document{{"schema", "ts.mux/1"}, {"live_streams", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const mux::LiveStream& stream : streams) {
    document["live_streams"].push_back(mux::describe(stream));
    rows.push_back({stream.id, std::string(stream.state()), mux::policies_text(stream.playback_ids),
                    std::string(mux::to_string(stream.latency)),
                    stream.created_at ? format_rfc3339(*stream.created_at) : "",
                    stream.title.empty() ? stream.passthrough : stream.title});
    ids += stream.id + "\n";
  }
  // A full page says nothing of what follows it.
  const bool full = !filter.all && streams.size() == static_cast<std::size_t>(filter.limit);
  document["page"] = filter.all ? Json(nullptr) : Json(filter.page);
  document["more"] = full;
  if (full) {
    context.out().status(fmt::format("there may be more: --page {} shows the next, --all every one",
                                     filter.page + 1));
  }
  return context.out().report(
      {.document = &document,
       .text =
           table({"ID", "STATE", "POLICY", "LATENCY", "CREATED", "TITLE"}, rows, "no live streams"),
       .id = ids});
}

Runner bind(CLI::App& app) {
  auto filter = std::make_shared<mux::LiveStreamFilter>();
  app.add_option("--status", filter->status, "Only active, idle or disabled ones");
  app.add_option("--limit", filter->limit, "Live streams a page, 1 to 100")->capture_default_str();
  auto* const page = app.add_option("--page", filter->page, "Which page")->capture_default_str();
  app.add_flag("--all", filter->all, "Every page")->excludes(page);
  return [filter](Context& context) { return run(*filter, context); };
}

}  // namespace in_mux_list

Command mux_list() {
  return {.path = "mux list",
          .summary = "List Mux live streams",
          .example = "ts mux list --status active\nts mux list --all --json",
          .bind = in_mux_list::bind,
          .main_verb = true};
}

}  // namespace ts::cli
