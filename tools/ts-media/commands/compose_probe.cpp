// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "control/protocol.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "media/ca_bundle.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/reader.hpp"
#include "media/still.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace ts::cli {
namespace in_compose_probe {

struct Options {
  std::vector<std::string> inputs;
};

/// What this machine's FFmpeg has of what the compositor uses.
Status capabilities(Context& context) {
  Json document;
  document["schema"] = "ts.compose/1";
  document["ffmpeg"] = av_version_info();
  std::string text = fmt::format("FFmpeg {}\n", av_version_info());
  bool complete = true;
  const auto add = [&](const char* kind, const char* name, bool there) {
    document[kind][name] = there;
    complete = complete && there;
    text += fmt::format("{} {}: {}\n", kind, name, there ? "yes" : "MISSING");
  };
  for (const char* name : {"libx264", "aac"}) {
    add("encoders", name, avcodec_find_encoder_by_name(name) != nullptr);
  }
  for (const char* name : {"h264", "hevc", "aac", "png", "mjpeg"}) {
    add("decoders", name, avcodec_find_decoder_by_name(name) != nullptr);
  }
  for (const char* name : {"mp4", "matroska", "flv", "hls", "mpegts"}) {
    add("muxers", name, av_guess_format(name, nullptr, nullptr) != nullptr);
  }
  for (const char* name : {"scale", "overlay", "drawtext", "crop", "pad"}) {
    add("filters", name, avfilter_get_by_name(name) != nullptr);
  }
  document["ok"] = complete;
  TS_CHECK(context.out().report({.document = &document, .text = std::move(text)}));
  if (complete) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = "this FFmpeg lacks something the compositor needs",
               .hint = "install the distribution's ffmpeg packages"};
}

/// What one input is, into the document and the text.
Status look_at(const media::OpenOptions& open, const std::stop_token& stop, Json& entry,
               std::string& text) {
  TS_TRY(const auto reader, media::Reader::open(open, stop));
  media::InputInfo info = reader->info();
  if (info.is_still) {
    TS_TRY(const auto picture, media::read_still(*reader));
    info.width = picture->width;
    info.height = picture->height;
  }
  entry["format"] = info.format;
  entry["still"] = info.is_still;
  text += fmt::format("{}: {}{}\n", open.name, info.format, info.is_still ? ", a still" : "");
  if (info.has_video) {
    Json video;
    video["codec"] = info.video_codec;
    video["width"] = info.width;
    video["height"] = info.height;
    video["fps"] = info.rate.den > 0 ? av_q2d(info.rate) : 0;
    video["rotation"] = info.rotation;
    entry["video"] = std::move(video);
    text +=
        fmt::format("  picture: {}, {} x {}, {:.4g} fps{}\n", info.video_codec, info.width,
                    info.height, info.rate.den > 0 ? av_q2d(info.rate) : 0,
                    info.rotation != 0 ? fmt::format(", turned {} degrees", info.rotation) : "");
  }
  if (info.has_audio) {
    Json audio;
    audio["codec"] = info.audio_codec;
    audio["sample_rate"] = info.audio_rate;
    audio["channels"] = info.audio_channels;
    entry["audio"] = std::move(audio);
    text += fmt::format("  sound: {}, {} Hz, {} channels\n", info.audio_codec, info.audio_rate,
                        info.audio_channels);
  }
  if (info.duration) {
    entry["duration_ms"] = info.duration->count();
    text += fmt::format("  length: {}\n", format_duration(*info.duration));
  }
  return ok_status();
}

Status probe(const std::vector<std::string>& inputs, Context& context) {
  const std::stop_token stop = context.stop();
  TS_TRY(const std::string extra_ca, context.settings().text("TS_CA_FILE"));
  TS_TRY(const media::CaBundle ca, media::CaBundle::open(extra_ca));
  Json document;
  document["schema"] = "ts.compose/1";
  document["inputs"] = Json::array();
  std::string text;
  std::optional<Error> trouble;
  for (const std::string& input : inputs) {
    media::OpenOptions open{.url = input, .name = input, .ca_file = ca.path()};
    open.is_file = input.find("://") == std::string::npos;
    if (!open.is_file) open.name = media::without_url_paths(input);
    Json entry;
    entry["input"] = open.name;
    const Status looked = look_at(open, stop, entry, text);
    if (!looked.ok() && stop.stop_requested()) return looked;
    if (!looked.ok()) {
      // The others are told all the same; the error is the first one's, and names every one.
      entry["error"] = control::error_json(looked.error());
      if (!trouble) {
        trouble = looked.error();
      } else {
        trouble->message += "; " + looked.error().message;
      }
    }
    document["inputs"].push_back(std::move(entry));
  }
  if (!text.empty()) {
    TS_CHECK(context.out().report({.document = &document, .text = std::move(text)}));
  }
  if (trouble) return *trouble;
  return ok_status();
}

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  return options.inputs.empty() ? capabilities(context) : probe(options.inputs, context);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("input", options->inputs, "Files or addresses; none: what this FFmpeg can do");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_probe

Command media_compose_probe() {
  return {.path = "compose probe",
          .summary = "Say what an input is, or what this machine can compose",
          .example = "ts compose probe media/wide.mp4\nts compose probe --json",
          .bind = in_compose_probe::bind,
          .details =
              "Opens each input as a source of a show is opened, with the same limits and the "
              "same list of allowed protocols. One that does not open has an \"error\" in the "
              "JSON; the exit code is the first one's."};
}

}  // namespace ts::cli
