// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "media/ffmpeg.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ts::cli {
namespace in_probe {

/// One part of FFmpeg that some command needs.
struct Need {
  const char* kind;
  const char* name;
  const char* used_for;
};

constexpr std::array kNeeds{
    Need{"encoder", "libx264", "program video"},
    Need{"encoder", "aac", "program audio"},
    Need{"encoder", "png", "contact sheets, QR codes"},
    Need{"decoder", "h264", "sources, checks"},
    Need{"decoder", "aac", "sources, checks"},
    Need{"decoder", "png", "overlays"},
    Need{"decoder", "mjpeg", "overlays"},
    Need{"muxer", "flv", "RTMP outputs"},
    Need{"muxer", "mpegts", "recordings"},
    Need{"muxer", "hls", "HLS outputs"},
    Need{"muxer", "mp4", "file outputs"},
    Need{"muxer", "matroska", "file outputs"},
    Need{"demuxer", "flv", "RTMP sources"},
    Need{"demuxer", "mpegts", "checks"},
    Need{"demuxer", "mov", "file sources"},
    Need{"input", "rtmp", "RTMP sources"},
    Need{"input", "https", "HTTP sources, checks"},
    Need{"output", "rtmp", "RTMP outputs"},
    Need{"output", "rtmps", "RTMPS outputs"},
    Need{"filter", "scale", "compositor"},
    Need{"filter", "overlay", "compositor"},
    Need{"filter", "drawtext", "lower thirds, contact sheets"},
    Need{"filter", "aresample", "sound"},
    Need{"filter", "alimiter", "sound"},
};

bool has_protocol(std::string_view name, bool output) {
  void* state = nullptr;
  while (const char* protocol = avio_enum_protocols(&state, output ? 1 : 0)) {
    if (name == protocol) return true;
  }
  return false;
}

bool has_demuxer(std::string_view name) {
  // A demuxer's name lists its aliases: "mov,mp4,m4a,…".
  return av_find_input_format(std::string(name).c_str()) != nullptr;
}

bool is_there(const Need& need) {
  const std::string_view kind = need.kind;
  if (kind == "encoder") return avcodec_find_encoder_by_name(need.name) != nullptr;
  if (kind == "decoder") return avcodec_find_decoder_by_name(need.name) != nullptr;
  if (kind == "muxer") return av_guess_format(need.name, nullptr, nullptr) != nullptr;
  if (kind == "demuxer") return has_demuxer(need.name);
  if (kind == "filter") return avfilter_get_by_name(need.name) != nullptr;
  return has_protocol(need.name, kind == "output");
}

std::string version_text(unsigned version) {
  return fmt::format("{}.{}.{}", AV_VERSION_MAJOR(version), AV_VERSION_MINOR(version),
                     AV_VERSION_MICRO(version));
}

Status run(Context& context) {
  Json document;
  document["schema"] = "ts.probe/1";
  document["ffmpeg"] = av_version_info();
  document["license"] = avformat_license();
  document["versions"] = {{"avformat", version_text(avformat_version())},
                          {"avcodec", version_text(avcodec_version())},
                          {"avfilter", version_text(avfilter_version())},
                          {"avutil", version_text(avutil_version())},
                          {"swscale", version_text(swscale_version())},
                          {"swresample", version_text(swresample_version())}};
  std::vector<std::string> missing;
  Json components = Json::array();
  for (const auto& need : kNeeds) {
    const bool there = is_there(need);
    components.push_back({{"kind", need.kind},
                          {"name", need.name},
                          {"used_for", need.used_for},
                          {"present", there}});
    if (!there) missing.push_back(fmt::format("{} {} ({})", need.kind, need.name, need.used_for));
  }
  document["components"] = std::move(components);
  document["missing"] = missing;
  document["ok"] = missing.empty();
  const auto text =
      missing.empty()
          ? fmt::format("FFmpeg {}: everything needed is there", av_version_info())
          : fmt::format("FFmpeg {} lacks: {}", av_version_info(), fmt::join(missing, ", "));
  TS_CHECK(context.out().report({.document = &document, .text = text}));
  if (missing.empty()) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("FFmpeg lacks {}", fmt::join(missing, ", ")),
               .hint = "install the distribution's full FFmpeg libraries"};
}

}  // namespace in_probe

Command media_probe() {
  using namespace in_probe;
  return {.path = "probe",
          .summary = "Tell which parts of FFmpeg that ts needs are there",
          .example = "ts-media probe --json",
          .bind = [](CLI::App&) -> Runner { return run; },
          .hidden = true,
          .details =
              "JSON (ts.probe/1): versions, and each codec, format, protocol and filter with "
              "what it is used for. Exit 10 when one is missing."};
}

}  // namespace ts::cli
