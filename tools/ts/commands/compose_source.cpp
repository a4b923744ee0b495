// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_compose_source {

struct Options {
  ControlFlags control;
  std::string name;
  std::string url;
  std::string test;
  std::string color;
  std::string definition;
  bool loop = false;
};

Result<Json> definition_of(const Options& options, Context& context) {
  Json source;
  if (!options.definition.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.definition));
    TS_TRY(source, parse_json(text, "the source's definition"));
  } else {
    source = Json::object();
    scrub_address(options.url, context.log());
    TS_CHECK(check_address_in_the_open(options.url, "--definition @FILE, {\"url\": …}"));
    if (!options.url.empty()) source["url"] = options.url;
    if (!options.test.empty()) source["test"] = options.test;
    if (!options.color.empty()) source["color"] = options.color;
    if (options.loop) source["loop"] = true;
  }
  // The compositor does not know this command's folder.
  if (source.is_object() && source.contains("url") && source["url"].is_string()) {
    const auto url = source["url"].get<std::string>();
    if (!url.empty() && url.find("://") == std::string::npos) {
      source["url"] = std::filesystem::absolute(url).lexically_normal().string();
    }
  }
  return source;
}

Status run_add(const Options& options, Context& context) {
  TS_TRY(const Json source, definition_of(options, context));
  return run_compositor_command(
      context, options.control,
      Json{{"command", "source_add"}, {"name", options.name}, {"source", source}});
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Name of the new source")->required()->type_name("NAME");
  app.add_option("--url", options->url,
                 "A file or an address (http, https, rtmp, rtmps, srt, rtsp)");
  app.add_option("--test", options->test, "A test pattern: bars, smpte, moving, gradient");
  app.add_option("--fill", options->color, "A color: #rrggbb");
  app.add_flag("--loop", options->loop, "Play a file again and again");
  app.add_option("--definition", options->definition,
                 "The source as in a show file: JSON, @FILE or -");
  add_control_options(app, options->control);
  return [options](Context& context) { return run_add(*options, context); };
}

template <const char* kCommand>
Runner bind_named(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Name of the source")->required()->type_name("NAME");
  add_control_options(app, options->control);
  return [options](Context& context) {
    return run_compositor_command(context, options->control,
                                  Json{{"command", kCommand}, {"name", options->name}});
  };
}

constexpr char kRemove[] = "source_remove";
constexpr char kRestart[] = "source_restart";

}  // namespace in_compose_source

Command compose_source_add() {
  using namespace in_compose_source;
  return {.path = "compose source add",
          .summary = "Add a source to a running compositor",
          .example =
              "ts compose source add late --url late.mp4 --loop\n"
              "ts compose source add phone2 --definition @phone2.json",
          .forms = "raw",
          .bind = bind_add};
}

Command compose_source_remove() {
  using namespace in_compose_source;
  return {
      .path = "compose source remove",
      .summary = "Take a source out of a running compositor",
      .example = "ts compose source remove late",
      .forms = "raw",
      .bind = bind_named<kRemove>,
      .details =
          "The scene that joined with it leaves, too, unless it was arranged anew; other scenes "
          "show its card in its place. What is on air or in preview stays (exit 6)."};
}

Command compose_source_restart() {
  using namespace in_compose_source;
  return {.path = "compose source restart",
          .summary = "Open a source again, from its beginning",
          .example = "ts compose source restart phone",
          .forms = "raw",
          .bind = bind_named<kRestart>};
}

}  // namespace ts::cli
