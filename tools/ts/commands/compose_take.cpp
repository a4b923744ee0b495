// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_compose_take {

struct Options {
  ControlFlags control;
  std::string scene;
  bool scene_given = false;  ///< Perhaps as "": an unset variable of a script is not the preview.
  std::string transition;
  std::string duration;
  bool back = false;
};

/// What a transition's options mean in the protocol.
/// As the compositor takes it.
constexpr seconds kLongest{60};

Status add_duration(const Options& options, Json& request) {
  if (options.duration.empty()) return ok_status();
  TS_TRY(const auto duration, parse_duration(options.duration));
  if (duration > kLongest) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("--duration {} is too long for one transition",
                                        shorten(options.duration, 20)),
                 .hint = "give at most 60s"};
  }
  request["duration_ms"] = duration.count();
  return ok_status();
}

Status run_take(const Options& options, Context& context) {
  Json request{{"command", "take"}};
  if (options.scene_given) request["scene"] = options.scene;
  if (!options.transition.empty()) request["transition"] = options.transition;
  TS_CHECK(add_duration(options, request));
  return run_compositor_command(context, options.control, request);
}

Status run_cut(const Options& options, Context& context) {
  Json request{{"command", "cut"}};
  if (options.scene_given) request["scene"] = options.scene;
  return run_compositor_command(context, options.control, request);
}

Status run_preview(const Options& options, Context& context) {
  return run_compositor_command(context, options.control,
                                Json{{"command", "preview"}, {"scene", options.scene}});
}

Status run_black(const Options& options, Context& context) {
  Json request{{"command", "black"}, {"on", !options.back}};
  TS_CHECK(add_duration(options, request));
  return run_compositor_command(context, options.control, request);
}

Status run_go(const Options& options, Context& context) {
  return run_compositor_command(context, options.control, Json{{"command", "go"}});
}

Runner bind_take(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("scene", options->scene, "Scene to take (default: the preview)")
      ->type_name("SCENE")
      ->each([options](const std::string&) { options->scene_given = true; });
  app.add_option("--transition", options->transition, "cut, fade, ftb or wipe");
  app.add_option("--duration", options->duration, "Length of the transition (default: 500ms)");
  add_control_options(app, options->control);
  return [options](Context& context) { return run_take(*options, context); };
}

Runner bind_cut(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("scene", options->scene, "Scene to cut to (default: the preview)")
      ->type_name("SCENE")
      ->each([options](const std::string&) { options->scene_given = true; });
  add_control_options(app, options->control);
  return [options](Context& context) { return run_cut(*options, context); };
}

Runner bind_preview(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("scene", options->scene, "Scene to prepare")->required()->type_name("SCENE");
  add_control_options(app, options->control);
  return [options](Context& context) { return run_preview(*options, context); };
}

Runner bind_black(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--back", options->back, "Back from black");
  app.add_option("--duration", options->duration, "Length of the fade (default: 500ms)");
  add_control_options(app, options->control);
  return [options](Context& context) { return run_black(*options, context); };
}

Runner bind_go(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_control_options(app, options->control);
  return [options](Context& context) { return run_go(*options, context); };
}

}  // namespace in_compose_take

Command compose_take() {
  using namespace in_compose_take;
  return {.path = "compose take",
          .summary = "Put the preview, or a scene, on air with a transition",
          .example = "ts compose take\nts compose take two --transition fade --duration 500ms",
          .forms = "raw",
          .bind = bind_take,
          .details =
              "Prints the first frame it holds for. What was on air becomes the preview when "
              "the preview is taken."};
}

Command compose_cut() {
  using namespace in_compose_take;
  return {.path = "compose cut",
          .summary = "Put the preview, or a scene, on air at once",
          .example = "ts compose cut\nts compose cut two",
          .forms = "raw",
          .bind = bind_cut};
}

Command compose_preview() {
  using namespace in_compose_take;
  return {.path = "compose preview",
          .summary = "Prepare a scene for the next take",
          .example = "ts compose preview two",
          .forms = "raw",
          .bind = bind_preview};
}

Command compose_black() {
  using namespace in_compose_take;
  return {.path = "compose black",
          .summary = "Fade the program to black and silence, or back",
          .example = "ts compose black --duration 1s\nts compose black --back",
          .forms = "raw",
          .bind = bind_black};
}

Command compose_go() {
  using namespace in_compose_take;
  return {.path = "compose go",
          .summary = "Begin the show of a compositor started with --hold",
          .example = "ts compose go",
          .forms = "raw",
          .bind = bind_go};
}

}  // namespace ts::cli
