// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "live_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace ts::cli {
namespace in_live_status {

struct Options {
  std::string name;
};

/// The newest status line of the compositor, or null.
Json last_compositor_report(const std::string& folder) {
  std::ifstream file(folder + "/compositor.jsonl");
  std::string line;
  std::string last;
  while (std::getline(file, line)) {
    if (!line.empty()) last = line;
  }
  auto parsed = parse_json(last, "status");
  return parsed.ok() ? std::move(parsed).value() : Json();
}

/// What went wrong on air, and how it was mended.
struct Trouble {
  WallTime at{};
  std::string text{};
};
constexpr std::size_t kShown = 4;

Result<std::vector<Trouble>> troubles_of(store::Database& database, const std::string& session) {
  TS_TRY(const auto entries, store::read_journal(database, session, 0));
  std::vector<Trouble> out;
  for (const store::JournalEntry& entry : entries) {
    if (entry.kind != "note" || (entry.step != "mend" && entry.step != "viewers")) continue;
    const auto payload = parse_json(entry.payload, "journal");
    if (!payload.ok()) continue;
    const auto text = JsonReader(payload.value()).string_or("text");
    if (text.ok()) out.push_back({entry.time, text.value()});
  }
  return out;
}

Status run(const Options& options, Context& context) {
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto session, find_session(database, options.name));
  TS_TRY(const auto resources, live::Resources::from_text(session.details));
  TS_TRY(const auto lease, store::find_lease(database, session.name));
  Json document = session_document(session, resources);
  const bool running = !session.closed_at;
  const bool owner_alive = running && lease && lease->owner.may_be_alive();
  document["running"] = owner_alive;
  document["compositor"] = last_compositor_report(resources.folder);
  std::string text = fmt::format("show       {}\nstate      {}\n", session.name, session.state);
  if (running && !owner_alive) {
    text += fmt::format("           its process is gone: run ts live end {}\n", session.name);
  }
  const auto until = session.closed_at.value_or(context.clock().now());
  text += fmt::format("for        {}\n", format_duration(until - session.created_at));
  if (!resources.playback_url.empty())
    text += fmt::format("watch      {}\n", resources.playback_url);
  if (!resources.live_stream_id.empty())
    text += fmt::format("stream     {}\n", resources.live_stream_id);
  if (!resources.room.empty()) text += fmt::format("room       {}\n", resources.room);
  if (!resources.egress_id.empty()) text += fmt::format("egress     {}\n", resources.egress_id);
  if (!resources.asset_id.empty()) text += fmt::format("recording  {}\n", resources.asset_id);
  text += fmt::format("folder     {}\n", resources.folder);
  TS_TRY(const auto troubles, troubles_of(database, session.id));
  document["troubles"] = Json::array();
  for (const Trouble& trouble : troubles) {
    document["troubles"].push_back({{"at", format_rfc3339(trouble.at)}, {"text", trouble.text}});
  }
  // The last ones: what they led to comes last.
  for (std::size_t i = troubles.size() - std::min(troubles.size(), kShown); i < troubles.size();
       ++i) {
    text += fmt::format("trouble    {}  {}\n", format_rfc3339(troubles[i].at), troubles[i].text);
  }
  return context.out().report(
      {.document = &document, .text = text, .id = session.id, .raw = session.state});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "The run (default: the one that is running, else the last)")
      ->type_name("NAME");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_live_status

Command live_status() {
  return {.path = "live status",
          .summary = "Show what a go-live is doing and what it has made",
          .example = "ts live status\nts live status rehearsal --json",
          .bind = in_live_status::bind,
          .main_verb = true};
}

}  // namespace ts::cli
