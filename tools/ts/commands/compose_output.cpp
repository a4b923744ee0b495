// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "scene/show.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_compose_output {

struct Options {
  ControlFlags control;
  std::string target;
  std::string name;
};

/// The target with its path made absolute: the compositor does not know this command's folder.
std::string absolute_target(const std::string& target) {
  const auto colon = target.find(':');
  const auto kind = target.substr(0, colon);
  if (colon == std::string::npos ||
      (kind != "file" && kind != "hls" && kind != "rtmp-url-file" && kind != "srt-url-file")) {
    return target;
  }
  const auto path = std::filesystem::absolute(target.substr(colon + 1)).lexically_normal();
  return kind + ":" + path.string();
}

Status run_add(const Options& options, Context& context) {
  // As it was written: with its path made absolute an empty one would be the folder.
  TS_CHECK(scene::parse_output(options.target));
  Json request{{"command", "output_add"}, {"output", absolute_target(options.target)}};
  if (!options.name.empty()) request["name"] = options.name;
  return run_compositor_command(context, options.control, request);
}

Status run_remove(const Options& options, Context& context) {
  return run_compositor_command(context, options.control,
                                Json{{"command", "output_remove"}, {"name", options.name}});
}

Status run_list(const Options& options, Context& context) {
  TS_TRY(const Json reply,
         ask_compositor(context, options.control, Json{{"command", "output_list"}}));
  const auto document = compose_document("output_list", reply);
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  const JsonReader reader(document);
  TS_TRY(const auto outputs, reader.at("outputs"));
  TS_TRY(const auto entries, outputs.items());
  for (const auto& entry : entries) {
    TS_TRY(const auto name, entry.string_or("name"));
    TS_TRY(const auto state, entry.string_or("state"));
    TS_TRY(const auto bytes, entry.int_or("bytes", 0));
    TS_TRY(const auto dropped, entry.int_or("dropped", 0));
    TS_TRY(const auto reconnects, entry.int_or("reconnects", 0));
    TS_TRY(const auto reason, entry.string_or("reason"));
    rows.push_back({name, state, fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6),
                    std::to_string(dropped), std::to_string(reconnects), reason});
    ids += name + "\n";
  }
  return context.out().report(
      {.document = &document,
       .text = table({"NAME", "STATE", "SENT", "DROPPED", "RECONNECTS", "TROUBLE"}, rows,
                     "the program has no outputs"),
       .id = ids});
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("target", options->target,
                 "file:F, hls:DIR, rtmp-url-file:F or srt-url-file:F; "
                 "F@NAME takes the show's rendition NAME")
      ->required()
      ->type_name("TARGET");
  app.add_option("--name", options->name, "Its name (default: made from the target)");
  add_control_options(app, options->control);
  return [options](Context& context) { return run_add(*options, context); };
}

Runner bind_remove(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Name of the output")->required()->type_name("NAME");
  add_control_options(app, options->control);
  options->control.timeout = "15s";
  return [options](Context& context) { return run_remove(*options, context); };
}

Runner bind_list(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_control_options(app, options->control);
  return [options](Context& context) { return run_list(*options, context); };
}

}  // namespace in_compose_output

Command compose_output_add() {
  using namespace in_compose_output;
  return {.path = "compose output add",
          .summary = "Send a running program to one more place",
          .example =
              "ts compose output add file:extra.mp4 --name extra\n"
              "ts compose output add rtmp-url-file:key.txt",
          .forms = "raw",
          .bind = bind_add,
          .details =
              "It begins with the next key frame; the other outputs do not notice. A "
              "rendition that no output took so far is encoded from then on."};
}

Command compose_output_remove() {
  using namespace in_compose_output;
  return {.path = "compose output remove",
          .summary = "Finish one output of a running program",
          .example = "ts compose output remove extra",
          .forms = "raw",
          .bind = bind_remove,
          .details = "A file is complete when this returns."};
}

Command compose_output_list() {
  using namespace in_compose_output;
  return {.path = "compose output list",
          .summary = "List the outputs of a running program with their state",
          .example = "ts compose output list",
          .bind = bind_list};
}

}  // namespace ts::cli
