// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_compose_stop {

struct Options {
  ControlFlags control;
  bool no_wait = false;
};

/// Waits until the compositor has finished its files: then it closes the connection.
Status wait_for_end(control::Client& client, milliseconds limit, Context& context) {
  const auto deadline = context.clock().steady_now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - context.clock().steady_now());
    if (left <= milliseconds{0}) {
      return Error{
          .kind = ErrorKind::kDeadline,
          .message = fmt::format("the compositor has not ended within {}", format_duration(limit)),
          .hint = "it may still be finishing its files: look at ts compose status"};
    }
    const auto line = client.next_event(left, context.stop());
    if (line.ok()) continue;
    if (line.error().code == "closed") return ok_status();
    return line.error();
  }
}

Status run(const Options& options, Context& context) {
  const Json request{{"command", "stop"}};
  if (context.dry_run()) return run_compositor_command(context, options.control, request);
  TS_TRY(const auto limit, parse_duration(options.control.timeout));
  TS_TRY(auto client, connect_compositor(context, options.control));
  TS_TRY(const Json reply, client.request(request, limit, context.stop()));
  if (!options.no_wait) TS_CHECK(wait_for_end(client, limit, context));
  const auto document = compose_document("stop", reply);
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} at frame {}", options.no_wait ? "stopping" : "stopped",
                           dump_json(reply.value("tick", Json(0)))),
       .raw = dump_json(reply.value("tick", Json(0)))});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  options->control.timeout = "30s";
  app.add_flag("--no-wait", options->no_wait, "Return before its files are finished");
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_stop

Command compose_stop() {
  return {.path = "compose stop",
          .summary = "End a running program in good order",
          .example = "ts compose stop",
          .forms = "raw",
          .bind = in_compose_stop::bind};
}

}  // namespace ts::cli
