// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/egress_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_egress_stop {

struct Options {
  std::vector<std::string> ids;
  std::string room;
  bool wait = false;
  std::string timeout = "60s";
};

/// Ids of the command line, of stdin ("-"), or of everything that runs in the room.
Result<std::vector<std::string>> ids_to_stop(const Options& options, livekit::EgressClient& client,
                                             Context& context) {
  std::vector<std::string> ids;
  for (const std::string& id : options.ids) {
    if (id != "-") {
      ids.push_back(id);
      continue;
    }
    TS_TRY(const auto text, context.read_stdin());
    for (const std::string_view line : split(text, '\n')) {
      if (!trim(line).empty()) ids.emplace_back(trim(line));
    }
  }
  if (options.room.empty()) return ids;
  TS_TRY(const auto running,
         client.list({.room_name = options.room, .active = true}, context.stop()));
  for (const auto& egress : running) ids.push_back(egress.egress_id);
  return ids;
}

/// Waits for the end; any terminal state is an end.
Result<livekit::EgressInfo> wait_for_end(livekit::EgressClient& client, const std::string& id,
                                         milliseconds timeout, Context& context) {
  auto ended = client.wait_for(id, livekit::EgressStatus::kComplete, timeout, context.stop(),
                               [&](const livekit::EgressInfo& now) {
                                 context.out().progress(fmt::format(
                                     "egress {} {}", id, livekit::egress_state_word(now.status)));
                               });
  if (ended.ok() || ended.error().kind == ErrorKind::kDeadline ||
      ended.error().kind == ErrorKind::kInterrupted) {
    return ended;
  }
  auto now = client.get(id, context.stop());
  if (now.ok() && livekit::is_terminal(now.value().status)) return now;
  return ended;
}

Status run(const Options& options, Context& context) {
  if (options.ids.empty() == options.room.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give egress ids, or --room for all of a room",
                 .hint = "list them with ts egress list --active"};
  }
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  if (!options.room.empty()) {
    TS_CHECK(context.confirm(fmt::format("stop every egress of room '{}'?", options.room)));
  }
  TS_TRY(auto service, livekit_service(context));
  livekit::EgressClient client(service);
  TS_TRY(const auto ids, ids_to_stop(options, client, context));
  std::vector<livekit::EgressInfo> stopped;
  std::vector<std::string> failed;
  std::optional<Error> first;
  for (const std::string& id : ids) {
    auto egress = client.stop(id, context.stop());
    if (!egress.ok() && egress.error().code == "already_ended") {
      context.out().status(fmt::format("egress {} had ended already", id));
      egress = client.get(id, context.stop());
    } else if (egress.ok() && options.wait && !context.dry_run()) {
      egress = wait_for_end(client, id, timeout, context);
    }
    if (egress.ok()) {
      stopped.push_back(std::move(egress).value());
      continue;
    }
    if (egress.error().code == "dry_run") return std::move(egress).error();
    failed.push_back(fmt::format("egress {}: {}", id, egress.error().message));
    if (!first) first = std::move(egress).error();
  }
  if (first && ids.size() == 1) return std::move(*first);
  if (first) {
    // Some stopped, some did not: both are told.
    return Error{
        .kind = stopped.empty() ? first->kind : ErrorKind::kPartial,
        .message = fmt::format("{} of {} egress were not stopped", failed.size(), ids.size()),
        .hint = first->hint,
        .retryable = first->retryable,
        .residue = std::move(failed)};
  }
  Json body;
  body["egress"] = Json::array();
  std::string text;
  for (const auto& egress : stopped) {
    body["egress"].push_back(egress_json(egress));
    text += egress_text(egress, context.out());
  }
  if (stopped.empty()) text = "nothing to stop";
  const Json document = document_of("egress", body);
  return context.out().report({.document = &document,
                               .text = text,
                               .id = id_lines(stopped, &livekit::EgressInfo::egress_id)});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ids", options->ids, "Egress ids (-: one a line from stdin)")->type_name("ID");
  app.add_option("--room", options->room, "Everything that runs in this room; asks");
  app.add_flag("--wait", options->wait, "Wait until it is over");
  app.add_option("--timeout", options->timeout, "Longest wait for each")->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_egress_stop

Command egress_stop() {
  return {
      .path = "egress stop",
      .summary = "Stop egress by id or by room",
      .example =
          "ts egress stop EG_abcdefghijkl --wait\n"
          "ts egress stop --room main --yes\n"
          "ts egress list --active -o id | ts egress stop -",
      .forms = "id",
      .bind = in_egress_stop::bind,
      .details = "Stopping what has ended already is no failure.",
  };
}

}  // namespace ts::cli
