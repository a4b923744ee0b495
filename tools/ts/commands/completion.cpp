// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "common/help.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_completion {

struct Options {
  std::string shell;
};

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("shell", options->shell, "bash, zsh or fish")->required()->type_name("SHELL");
  return [options](Context& context) -> Status {
    TS_TRY(const auto script, completion(ts_program(), options->shell));
    return context.out().print(script);
  };
}

}  // namespace in_completion

Command completion_command() {
  return {.path = "completion",
          .summary = "Print a completion script for bash, zsh or fish",
          .example = "ts completion bash > /etc/bash_completion.d/ts",
          .bind = in_completion::bind};
}

}  // namespace ts::cli
