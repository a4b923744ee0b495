// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/stream_picture.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

namespace ts::cli {
namespace in_picture {

using Kind = media::PictureRequest::Kind;
using Fit = media::PictureRequest::Fit;

struct Options {
  media::PictureRequest request;
  std::string time;
  std::string length = "5s";
};

Json document_of(const media::PictureMade& made, const std::string& file) {
  const auto in_seconds = [](milliseconds value) {
    return static_cast<double>(value.count()) / 1000;
  };
  Json out{{"schema", "ts.picture/1"},  {"file", file},
           {"width", made.width},       {"height", made.height},
           {"pictures", made.pictures}, {"duration_s", in_seconds(made.duration)}};
  if (made.tiles.empty()) return out;
  out["tile_width"] = made.tile_width;
  out["tile_height"] = made.tile_height;
  out["tiles"] = Json::array();
  for (std::size_t i = 0; i < made.tiles.size(); ++i) {
    const auto column = static_cast<int>(i) % made.columns;
    const auto row = static_cast<int>(i) / made.columns;
    out["tiles"].push_back({{"start_s", in_seconds(made.tiles[i])},
                            {"x", column * made.tile_width},
                            {"y", row * made.tile_height}});
  }
  return out;
}

Status run(Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  auto& request = options.request;
  if (!options.time.empty()) {
    TS_TRY(request.time, parse_duration(options.time));
  }
  TS_TRY(request.length, parse_duration(options.length));
  TS_TRY(const auto made, media::make_picture(request, context.stop()));
  const auto document = document_of(made, request.out.string());
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} ({}x{})", request.out.string(), made.width, made.height)});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  app.add_option("folder", request.folder, "Folder of the recording")->type_name("DIR")->required();
  app.add_option("--out", request.out, "File to write: .png, .jpg, .webp or .gif")->required();
  app.add_option("--kind", request.kind, "still, animation or storyboard")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Kind>{{"still", Kind::kStill},
                                                              {"animation", Kind::kAnimation},
                                                              {"storyboard", Kind::kStoryboard}}));
  app.add_option("--time", options->time, "Where in the recording (a still without: the newest)");
  app.add_option("--for", options->length, "Length of an animation, at most 10s")
      ->capture_default_str();
  app.add_option("--fps", request.fps, "Frames a second of an animation")->capture_default_str();
  app.add_option("--width", request.width, "Width in pixels");
  app.add_option("--height", request.height, "Height in pixels");
  app.add_option("--fit", request.fit, "preserve, stretch, crop or pad, with both sides given")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Fit>{{"preserve", Fit::kPreserve},
                                                                     {"stretch", Fit::kStretch},
                                                                     {"crop", Fit::kCrop},
                                                                     {"pad", Fit::kPad}}));
  app.add_option("--rotate", request.rotate, "90, 180 or 270 degrees, clockwise");
  app.add_flag("--flip-v", request.flip_v, "Mirror top and bottom");
  app.add_flag("--flip-h", request.flip_h, "Mirror left and right");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_picture

Command media_picture() {
  return {.path = "picture",
          .summary = "Make a thumbnail, moving picture or storyboard of a recording",
          .example =
              "ts-media picture recording --out now.jpg --width 640\n"
              "ts-media picture recording --kind storyboard --out board.png --json",
          .bind = in_picture::bind,
          .hidden = true,
          .details =
              "The recording may be growing still. With --json the answer says the size, "
              "and of a storyboard where each tile lies and begins. Exit 5 when the "
              "recording has no picture there."};
}

}  // namespace ts::cli
