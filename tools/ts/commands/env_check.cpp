// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "env_checks.hpp"

#include "common/context.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_env_check {

struct Options {
  bool online = false;
};

Status run(const Options& options, Context& context) {
  std::vector<CheckLine> lines = check_settings(context);
  if (options.online) {
    for (CheckLine& line : check_services(context)) lines.push_back(std::move(line));
    if (context.stop().stop_requested()) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "the check was interrupted"};
    }
  }
  return report_checks(context, "ts.env_check/1", lines);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--online", options->online,
               "Also ask LiveKit, Mux and Cloudflare (harmless reads)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_env_check

Command env_check() {
  return {.path = "env check",
          .summary = "Check formats and pairs of the settings, and with --online the services",
          .example = "ts env check\nts env check --online --json",
          .bind = in_env_check::bind};
}

}  // namespace ts::cli
