// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_compose_shot {

struct Options {
  ControlFlags control;
  std::string file;
  std::string source;
  bool preview = false;
  bool multiview = false;
};

Status run(const Options& options, Context& context) {
  const auto kind = to_lower(std::filesystem::path(options.file).extension().string());
  if (!kind.empty() && kind != ".png") {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("a shot is a PNG picture, not {}", shorten(kind, 20)),
                 .hint = "give the file a name that ends in .png"};
  }
  if (options.file.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the name of the picture is empty",
                 .hint = "give the file to write, such as program.png"};
  }
  const auto path = std::filesystem::absolute(options.file).lexically_normal();
  std::error_code ignored;
  if (!std::filesystem::is_directory(path.parent_path(), ignored)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("there is no folder {}", path.parent_path().string()),
                 .hint = "make it first, or name another place"};
  }
  Json request{{"command", "shot"}, {"path", path.string()}};
  if (!options.source.empty()) request["source"] = options.source;
  if (options.preview) request["preview"] = true;
  if (options.multiview) request["multiview"] = true;
  TS_TRY(const Json reply, ask_compositor(context, options.control, request));
  const auto document = compose_document("shot", reply);
  const JsonReader reader(reply);
  TS_TRY(const auto width, reader.int_or("width", 0));
  TS_TRY(const auto height, reader.int_or("height", 0));
  return context.out().report({.document = &document,
                               .text = fmt::format("{} ({}x{})", options.file, width, height),
                               .raw = options.file});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("file", options->file, "PNG to write")->required()->type_name("FILE");
  auto* source = app.add_option("--source", options->source, "A source instead of the program");
  auto* preview = app.add_flag("--preview", options->preview, "The scene in preview instead");
  app.add_flag("--multiview", options->multiview,
               "Preview, program and all sources with their names in one picture")
      ->excludes(source)
      ->excludes(preview);
  preview->excludes(source);
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_shot

Command compose_shot() {
  return {.path = "compose shot",
          .summary = "Save the picture on air, in preview, of a source or of all as PNG",
          .example =
              "ts compose shot program.png\n"
              "ts compose shot phone.png --source phone\n"
              "ts compose shot desk.png --multiview",
          .forms = "raw",
          .bind = in_compose_shot::bind,
          .details =
              "In a multiview the frames are red on air and green in preview. A source that "
              "nobody sees and that is not decoded shows its last key frame there."};
}

}  // namespace ts::cli
