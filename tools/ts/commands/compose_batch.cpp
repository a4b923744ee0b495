// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_compose_batch {

struct Options {
  ControlFlags control;
  std::string commands;
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto text, context.text_or_file(options.commands));
  Json commands;
  if (trim(text).starts_with('[')) {
    TS_TRY(commands, parse_json(text, "the batch"));
  } else {
    commands = Json::array();
    for (const auto line : split(text, '\n')) {
      if (trim(line).empty()) continue;
      TS_TRY(Json command, parse_json(line, "a line of the batch"));
      commands.push_back(std::move(command));
    }
  }
  return run_compositor_command(context, options.control,
                                Json{{"command", "batch"}, {"commands", std::move(commands)}});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("commands", options->commands,
                 "JSON: a list or one object a line; @FILE or - for stdin")
      ->required()
      ->type_name("JSON|@FILE|-");
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_batch

Command compose_batch() {
  return {.path = "compose batch",
          .summary = "Do several things in the same frame, all or none",
          .example =
              "ts compose batch '[{\"command\":\"cut\",\"scene\":\"two\"},"
              "{\"command\":\"overlay_show\",\"overlay\":\"name\"}]'\n"
              "ts compose batch @opening.json",
          .forms = "raw",
          .bind = in_compose_batch::bind,
          .details =
              "Each is an object of the control protocol: preview, take, cut, black, go, "
              "overlay_show, overlay_hide, overlay_set, audio. At most 64."};
}

}  // namespace ts::cli
