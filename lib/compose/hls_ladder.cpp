// SPDX-License-Identifier: Apache-2.0
#include "compose/hls_ladder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <utility>

namespace ts::compose {
namespace {

/// "avc1.64001f" of RFC 6381, from the encoder's own headers.
std::string codec_text(const media::StreamFormat& video) {
  const AVCodecParameters& parameters = *video.parameters;
  const std::uint8_t* data = parameters.extradata;
  const int size = parameters.extradata_size;
  for (int i = 0; i + 6 < size; ++i) {
    // A start code and a sequence parameter set: profile, constraints and level follow.
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1 && (data[i + 3] & 0x1F) == 7) {
      return fmt::format("avc1.{:02x}{:02x}{:02x}", data[i + 4], data[i + 5], data[i + 6]);
    }
  }
  return fmt::format("avc1.{:02x}00{:02x}", std::max(0, parameters.profile) & 0xFF,
                     std::max(0, parameters.level) & 0xFF);
}

/// 'x' becomes 'x@low' inside "output 'x' (folder)".
std::string part_name(const std::string& name, const std::string& rendition) {
  const auto quote = name.find('\'');
  const auto end = name.find('\'', quote == std::string::npos ? quote : quote + 1);
  if (quote == std::string::npos || end == std::string::npos) return name + "@" + rendition;
  return name.substr(0, end) + "@" + rendition + name.substr(end);
}

}  // namespace

std::vector<media::MuxTarget> one_per_rendition(const media::MuxTarget& target) {
  std::vector<media::MuxTarget> out;
  if (target.renditions.size() < 2) {
    out.push_back(target.clone());
    return out;
  }
  for (const std::string& name : target.renditions) {
    media::MuxTarget part = target.clone();
    part.name = part_name(target.name, name);
    part.path = (std::filesystem::path(target.path) / name).string();
    part.renditions = {name};
    part.program_time = true;
    out.push_back(std::move(part));
  }
  return out;
}

std::string master_playlist(std::vector<LadderStep> steps) {
  std::stable_sort(steps.begin(), steps.end(), [](const LadderStep& a, const LadderStep& b) {
    return a.feed.encode.video_bitrate > b.feed.encode.video_bitrate;
  });
  std::string text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  for (const LadderStep& step : steps) {
    const scene::Encode& encode = step.feed.encode;
    const std::int64_t sum = encode.video_bitrate + encode.audio_bitrate;
    // The encoder keeps to its rate over a second; headers and containers add a little.
    text += fmt::format(
        "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},RESOLUTION={}x{},FRAME-RATE={:.3f},"
        "CODECS=\"{},mp4a.40.2\"\n{}/index.m3u8\n",
        sum + sum / 5, sum + sum / 20, step.feed.size.width, step.feed.size.height,
        av_q2d(step.feed.video.rate), codec_text(step.feed.video), step.name);
  }
  return text;
}

}  // namespace ts::compose
