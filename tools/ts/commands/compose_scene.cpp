// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace ts::cli {
namespace in_compose_scene {

struct Options {
  ControlFlags control;
  std::string name;
  std::string layout;
  std::vector<std::string> slots;
  std::string definition;
};

Status run(const Options& options, Context& context) {
  Json scene;
  if (!options.definition.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.definition));
    TS_TRY(scene, parse_json(text, "the scene's definition", ErrorKind::kUsage));
  } else if (!options.layout.empty()) {
    scene = Json{{"layout", options.layout}, {"slots", options.slots}};
  } else {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "a scene needs an arrangement",
                 .hint = "give --layout and a --slot for each source, or --definition JSON"};
  }
  return run_compositor_command(
      context, options.control,
      Json{{"command", "scene_set"}, {"name", options.name}, {"scene", std::move(scene)}});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Name of the scene")->required()->type_name("NAME");
  auto* layout =
      app.add_option("--layout", options->layout, "full, side-by-side, pip, grid or screen");
  app.add_option("--slot", options->slots, "A source of the layout, in its order (repeat)")
      ->needs(layout)
      ->type_name("SOURCE");
  app.add_option("--definition", options->definition,
                 "The scene as in a show file: JSON, @FILE or -")
      ->excludes(layout);
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_scene

Command compose_scene_set() {
  return {.path = "compose scene set",
          .summary = "Arrange a scene of a running compositor anew, or a new one",
          .example =
              "ts compose scene set guests --layout side-by-side --slot wide --slot phone2\n"
              "ts compose scene set corner --definition @corner.json",
          .forms = "raw",
          .bind = in_compose_scene::bind,
          .details =
              "One that is on air changes with the next frame; a source that nobody saw so far may "
              "take a moment. Otherwise put it into the preview and take it."};
}

}  // namespace ts::cli
