// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "sandbox_shared.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/process.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <memory>
#include <string>

namespace ts::cli {
namespace in_sandbox_down {

constexpr milliseconds kOrderly{10'000};
constexpr milliseconds kAfterSignal{3'000};
constexpr milliseconds kLook{50};

struct Options {
  std::string directory;
};

/// @return whether the process has ended.
bool wait_for_end(const sandbox::Instance& instance, Context& context, milliseconds limit) {
  const auto until = context.clock().steady_now() + limit;
  while (process_is_running(instance.pid, instance.start_ticks)) {
    if (context.clock().steady_now() >= until) return false;
    context.clock().wait_for(kLook, {});
  }
  return true;
}

Status report(Context& context, std::string_view how, std::string text) {
  const Json document{{"schema", "ts.sandbox/1"}, {"state", "down"}, {"how", how}};
  return context.out().report({.document = &document, .text = std::move(text)});
}

Status run(const Options& options, Context& context) {
  const auto folder = sandbox_folder(context, options.directory);
  TS_TRY(const auto found, sandbox::find_instance(folder));
  if (!found) {
    if (!context.dry_run()) sandbox::remove_instance(folder);
    return report(
        context, "was_down",
        fmt::format("no sandbox was running in {}{}", folder.string(),
                    options.directory.empty() ? " (one in another folder: give its --dir)" : ""));
  }
  const auto asked = sandbox::ask_instance(*found, context.transport(), "down", "", {});
  if (context.dry_run()) return asked.ok() ? ok_status() : Status(asked.error());
  if (asked && wait_for_end(*found, context, kOrderly)) {
    return report(context, "asked", "the sandbox is down");
  }
  for (const int number : {SIGTERM, SIGKILL}) {
    // Its children die with it: each has it as the parent whose death ends them.
    if (process_is_running(found->pid, found->start_ticks)) ::kill(found->pid, number);
    if (!wait_for_end(*found, context, kAfterSignal)) continue;
    sandbox::remove_instance(folder);
    return report(context, number == SIGTERM ? "terminated" : "killed",
                  "the sandbox did not answer and was ended by a signal");
  }
  return Error{.kind = ErrorKind::kInternal,
               .message = fmt::format("process {} does not end", found->pid)};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--dir", options->directory, "Folder given to ts sandbox up")->type_name("DIR");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_sandbox_down

Command sandbox_down() {
  return {.path = "sandbox down",
          .summary = "End the sandbox and everything it started",
          .example = "ts sandbox down",
          .forms = "none",
          .bind = in_sandbox_down::bind,
          .details =
              "Recordings stay until ts sandbox reset or the next ts sandbox up. Exit 0 also when "
              "none was running."};
}

}  // namespace ts::cli
