// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "livekit/egress.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/reader.hpp"
#include "scene/explain.hpp"

#include <CLI/CLI.hpp>

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
  bool reveal = false;
};

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  TS_TRY(const scene::Show show, scene::load_show(options.show));
  std::map<std::string, media::InputInfo> known;
  for (const scene::Source& source : show.sources) {
    const auto* media = std::get_if<scene::MediaInput>(&source.input);
    if (media == nullptr || !media->is_file) continue;
    const auto opened = media::Reader::open({.url = media->url, .name = source.name}, {});
    if (opened.ok()) {
      known[source.name] = opened.value()->info();
    } else {
      context.out().warn(opened.error().message);
    }
  }
  scene::ExplainOptions explain{.scene = options.scene, .output = options.output};
  explain.has_sound = [&](const scene::Source& source) {
    const auto found = known.find(source.name);
    return found == known.end() || found->second.has_audio;
  };
  explain.is_still = [&](const scene::Source& source) {
    const auto found = known.find(source.name);
    return found != known.end() && found->second.is_still;
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
          "ts compose explain show.json --at 6s\n"
          "ts compose explain show.json --scene two",
      .bind = in_compose_explain::bind,
      .details =
          "The picture, the cues (cut and fade), overlays and gains as one -filter_complex. What "
          "it cannot do is what ts adds: sources that fail and return, commands while live, "
          "outputs that reconnect."};
}

}  // namespace ts::cli
