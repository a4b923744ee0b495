// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "live_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "live/teardown.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_live_end {

struct Options {
  std::string name;
  std::string timeout = "60s";
};

/// The run's own process ends it; we wait and show its steps.
Status wait_for_owner(store::Database& database, const store::Session& session,
                      milliseconds timeout, Context& context) {
  const auto deadline = context.clock().steady_now() + timeout;
  for (;;) {
    TS_TRY(const auto now, store::get_session(database, session.id));
    context.out().progress(fmt::format("{}: {}", session.name, now.state));
    if (now.closed_at) return ok_status();
    if (context.clock().steady_now() > deadline) {
      return Error{.kind = ErrorKind::kDeadline,
                   .message = fmt::format("show '{}' is still {}", session.name, now.state),
                   .hint = "wait longer with --timeout"};
    }
    TS_TRY(const auto lease, store::find_lease(database, session.name));
    if (!lease || !lease->owner.may_be_alive()) {
      return Error{
          .kind = ErrorKind::kConflict, .message = "the owner is gone", .code = "owner_gone"};
    }
    if (!context.clock().wait_for(milliseconds(200), context.stop())) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "stopped waiting; the end goes on"};
    }
  }
}

/// The run's process is gone: everything its record names is ended from here.
Status end_orphan(store::Database& database, const store::Session& session, milliseconds timeout,
                  Context& context) {
  TS_TRY(const auto recorded, live::Resources::from_text(session.details));
  TS_TRY(auto outside, live_outside(context, !recorded.room.empty()));
  TS_TRY(auto owned,
         live::Session::adopt(database, context.clock(), session, step_printer(context)));
  const auto residue = live::teardown(
      outside.services, owned, nullptr,
      {.abort = session.state == live::session_state::kStarting, .step_timeout = timeout},
      context.stop());
  TS_CHECK(owned.close(residue.empty() ? live::session_state::kEnded
                                       : live::session_state::kEndedDirty));
  if (residue.empty()) return ok_status();
  return Error{.kind = ErrorKind::kPartial,
               .message = fmt::format("show '{}' is ended, but not all of it", session.name),
               .hint = "end the rest by hand",
               .residue = residue};
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_TRY(auto database, open_database(context));
  TS_TRY(auto session, find_session(database, options.name));
  if (session.closed_at) {
    return Error{
        .kind = ErrorKind::kConflict,
        .message = fmt::format("show '{}' is not running (it {})", session.name, session.state),
        .hint = fmt::format("ts live report {} tells how it went", session.name)};
  }
  if (context.dry_run()) {
    TS_TRY(const auto made, live::Resources::from_text(session.details));
    Json document = session_document(session, made);
    document["would_end"] = true;
    return context.out().report({.document = &document,
                                 .text = fmt::format("would end show '{}'", session.name),
                                 .id = session.id});
  }
  TS_TRY(const auto lease, store::find_lease(database, session.name));
  const bool alive = lease && lease->owner.may_be_alive();
  Status outcome = ok_status();
  if (alive) {
    TS_CHECK(live::request_end(database, session, context.clock()));
    outcome = wait_for_owner(database, session, timeout, context);
  }
  if (!alive || (!outcome.ok() && outcome.error().code == "owner_gone")) {
    context.out().status("the process that ran the show is gone: ending what it left");
    outcome = end_orphan(database, session, timeout, context);
  }
  TS_CHECK(outcome);
  TS_TRY(session, store::get_session(database, session.id));
  TS_TRY(const auto resources, live::Resources::from_text(session.details));
  const Json document = session_document(session, resources);
  return context.out().report({.document = &document,
                               .text = fmt::format("show '{}' {}", session.name, session.state),
                               .id = session.id});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "The run (default: the one that is running)")
      ->type_name("NAME");
  app.add_option("--timeout", options->timeout, "Longest wait")->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_live_end

Command live_end() {
  return {.path = "live end",
          .summary = "End a show in order: egress, compositor, stream, recording, room",
          .example = "ts live end\nts live end service --json",
          .forms = "id",
          .bind = in_live_end::bind};
}

}  // namespace ts::cli
