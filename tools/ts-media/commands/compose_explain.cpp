// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "compose/raster.hpp"
#include "compose/source.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "livekit/egress.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/png.hpp"
#include "media/reader.hpp"
#include "scene/explain.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace ts::cli {
namespace in_compose_explain {

struct Options {
  std::string show;
  std::string scene;
  std::string at;
  std::string output = "program.mp4";
  std::string overlays;
  bool reveal = false;
};

/// What a look into a file told.
struct Known {
  media::InputInfo info{};
  std::optional<scene::KnownPicture> picture{};
};

/// The first picture of a file; null when it has none.
Result<media::AvFrame> first_picture(media::Reader& reader) {
  media::AvFrame frame;
  bool ended = false;
  while (!frame) {
    frame = reader.receive(true);
    if (frame || ended) break;
    TS_TRY(const auto packet, reader.read());
    if (packet && !packet->video) continue;
    ended = !packet;
    reader.send(true, packet ? packet->packet.get() : nullptr);
  }
  return frame;
}

/// Opens a file and puts its first picture through what the program would put it through.
Result<Known> look_into(const scene::Source& source, const scene::MediaInput& input) {
  TS_TRY(const auto reader, media::Reader::open({.url = input.url, .name = source.name}, {}));
  Known known{.info = reader->info()};
  if (!known.info.has_video) return known;
  TS_TRY(auto frame, first_picture(*reader));
  if (!frame) return known;
  const int turned = (known.info.rotation + media::exif_rotation(*frame)) % 360;
  compose::PictureConverter converter(source.filter, turned);
  TS_TRY(const auto converted, converter.still(*frame));
  if (!converted) return known;
  const AVRational aspect = converted->sample_aspect_ratio;
  scene::KnownPicture picture{.chain = converter.chain(),
                              .size = {converted->width, converted->height},
                              .turned = turned != 0};
  if (aspect.num > 0 && aspect.den > 0) picture.pixel_aspect = {aspect.num, aspect.den};
  known.picture = std::move(picture);
  return known;
}

/// Draws the show's overlays into a folder, as the program would. What changes by itself (a clock)
/// is not drawn.
Result<std::map<std::string, scene::DrawnFile>> draw_all(const scene::Show& show,
                                                         const std::filesystem::path& folder) {
  std::map<std::string, scene::DrawnFile> out;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  for (const scene::Overlay& overlay : show.overlays) {
    if (std::holds_alternative<scene::ClockOverlay>(overlay.content) ||
        std::holds_alternative<scene::CountdownOverlay>(overlay.content)) {
      continue;
    }
    TS_TRY(const auto drawn, compose::draw_overlay(overlay, show.canvas)
                                 .with_context(fmt::format("overlay '{}'", overlay.name)));
    const auto path = folder / (overlay.name + ".png");
    TS_CHECK(media::write_png(*drawn.picture, path));
    out[overlay.name] = {.path = path.string(), .x = drawn.x, .y = drawn.y};
  }
  return out;
}

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  TS_TRY(const scene::Show show, scene::load_show(options.show));
  std::map<std::string, Known> known;
  for (const scene::Source& source : show.sources) {
    const auto* media = std::get_if<scene::MediaInput>(&source.input);
    if (media == nullptr || !media->is_file) continue;
    auto looked = look_into(source, *media);
    if (looked.ok()) {
      known[source.name] = std::move(looked).value();
    } else {
      context.out().warn(looked.error().message);
    }
  }
  std::map<std::string, scene::DrawnFile> drawn;
  if (!options.overlays.empty()) {
    TS_TRY(drawn, draw_all(show, options.overlays));
  }
  const auto find = [&](const scene::Source& source) {
    const auto found = known.find(source.name);
    return found == known.end() ? nullptr : &found->second;
  };
  scene::ExplainOptions explain{.scene = options.scene, .output = options.output};
  explain.has_sound = [&](const scene::Source& source) {
    const Known* told = find(source);
    return told == nullptr || told->info.has_audio;
  };
  explain.has_picture = [&](const scene::Source& source) {
    const Known* told = find(source);
    return told == nullptr || told->info.has_video;
  };
  explain.is_still = [&](const scene::Source& source) {
    const Known* told = find(source);
    return told != nullptr && told->info.is_still;
  };
  explain.picture = [&](const scene::Source& source) {
    const Known* told = find(source);
    return told == nullptr ? std::nullopt : told->picture;
  };
  explain.length = [&](const scene::Source& source) {
    const Known* told = find(source);
    return told == nullptr ? std::nullopt : told->info.duration;
  };
  explain.drawn = [&](const scene::Overlay& overlay) {
    const auto found = drawn.find(overlay.name);
    return found == drawn.end() ? std::nullopt : std::optional(found->second);
  };
  // Stream keys, passphrases and passwords stand in addresses.
  if (!options.reveal) explain.address = livekit::redact_stream_url;
  if (!options.at.empty()) {
    TS_TRY(explain.at, parse_duration(options.at));
  }
  TS_TRY(const std::string text, scene::explain(show, explain));
  Json document;
  document["schema"] = "ts.compose/1";
  document["command"] = text;
  return context.out().report({.document = &document, .text = text, .raw = text});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("show", options->show, "The show file (ts help show-file)")->required();
  auto* scene = app.add_option("--scene", options->scene, "One scene alone, without cues");
  app.add_option("--at", options->at, "The scene that is on air at this time")->excludes(scene);
  app.add_option("--to", options->output, "Name of the file in the command line")
      ->capture_default_str();
  app.add_option("--overlays", options->overlays,
                 "Draw texts and images into this folder (PNG) as the program draws them, and lay "
                 "those over the picture")
      ->type_name("DIR");
  app.add_flag("--reveal", options->reveal, "Addresses with their keys and passwords");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_explain

Command media_compose_explain() {
  return {
      .path = "compose explain",
      .summary = "Print a show as an ffmpeg command line to paste",
      .example =
          "ts compose explain show.json\n"
          "ts compose explain show.json --at 6s --overlays drawn\n"
          "ts compose explain show.json --scene two",
      .bind = in_compose_explain::bind,
      .details =
          "The picture, the cues, overlays and gains as one -filter_complex; its first line names "
          "what it leaves out. What it cannot do is what ts adds: sources that fail and return, "
          "commands while live, outputs that reconnect."};
}

}  // namespace ts::cli
