// SPDX-License-Identifier: Apache-2.0
#include "media/remux.hpp"

#include "commands.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "media/ffmpeg_log.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace ts::cli {
namespace in_remux {

struct Options {
  std::string folder;
  std::string out;
  bool audio_only = false;
};

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  TS_TRY(const auto made,
         media::remux_recording(options.folder, options.out, options.audio_only, context.stop()));
  const auto length = static_cast<double>(made.duration.count()) / 1e6;
  const Json document{{"schema", "ts.remux/1"},
                      {"file", options.out},
                      {"bytes", made.bytes},
                      {"packets", made.packets},
                      {"duration_s", length}};
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} ({} bytes, {:.1f} s)", options.out, made.bytes, length)});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("folder", options->folder, "Folder of the recording")
      ->type_name("DIR")
      ->required();
  app.add_option("--out", options->out, "The MP4 to write")->type_name("FILE")->required();
  app.add_flag("--audio-only", options->audio_only, "Leave the pictures out");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_remux

Command media_remux() {
  return {.path = "remux",
          .summary = "Copy an ended recording into one MP4",
          .example = "ts-media remux recording --out show.mp4",
          .bind = in_remux::bind,
          .hidden = true,
          .details =
              "Nothing is encoded again. The file appears whole or not at all. Exit 5 when "
              "there is no recording or no such track."};
}

}  // namespace ts::cli
