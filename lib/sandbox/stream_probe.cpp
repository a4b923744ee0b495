// SPDX-License-Identifier: Apache-2.0
#include "sandbox/stream_probe.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <string_view>
#include <vector>

namespace ts::sandbox {
namespace {

/// Reads an RBSP bit by bit. Past the end it reads zeros and remembers.
class BitReader {
 public:
  explicit BitReader(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}

  std::uint32_t bits(unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = (value << 1U) | bit();
    return value;
  }
  bool flag() { return bit() != 0; }
  /// Exp-Golomb code.
  std::uint32_t ue() {
    unsigned zeros = 0;
    while (zeros < 32 && !short_ && bit() == 0) ++zeros;
    if (zeros >= 32) {
      short_ = true;
      return 0;
    }
    return (std::uint32_t{1} << zeros) - 1 + bits(zeros);
  }
  /// Signed Exp-Golomb code; only its length matters here.
  void skip_se() { ue(); }
  [[nodiscard]] bool ran_short() const { return short_; }

 private:
  std::uint32_t bit() {
    if (position_ >= bytes_.size() * 8) {
      short_ = true;
      return 0;
    }
    const auto byte = bytes_[position_ / 8];
    const auto shift = 7 - position_ % 8;
    ++position_;
    return (std::uint32_t{byte} >> shift) & 1U;
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool short_ = false;
};

void skip_scaling_list(BitReader& in, unsigned size) {
  std::int32_t last = 8;
  std::int32_t next = 8;
  for (unsigned i = 0; i < size && !in.ran_short(); ++i) {
    if (next != 0) {
      const auto code = in.ue();
      const auto half = static_cast<std::int32_t>((code + 1) / 2);
      const auto delta = code % 2 == 1 ? half : -half;
      next = (last + delta + 256) % 256;
    }
    last = next == 0 ? last : next;
  }
}

bool has_chroma_info(std::uint32_t profile) {
  constexpr std::array<std::uint32_t, 13> kHigh{100, 110, 122, 244, 44,  83, 86,
                                                118, 128, 138, 139, 134, 135};
  for (const auto high : kHigh) {
    if (high == profile) return true;
  }
  return false;
}

std::uint32_t big_endian_16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return (std::uint32_t{bytes[at]} << 8U) | bytes[at + 1];
}

double vui_frame_rate(BitReader& in) {
  if (in.flag() && in.bits(8) == 255) in.bits(32);  // Aspect ratio.
  if (in.flag()) in.flag();                         // Overscan.
  if (in.flag()) {                                  // Video signal type.
    in.bits(4);
    if (in.flag()) in.bits(24);
  }
  if (in.flag()) {  // Chroma location.
    in.ue();
    in.ue();
  }
  if (!in.flag()) return 0;
  const auto units = in.bits(32);
  const auto scale = in.bits(32);
  if (units == 0 || in.ran_short()) return 0;
  return static_cast<double>(scale) / (2.0 * units);
}

}  // namespace

std::optional<VideoShape> read_h264_sps(std::span<const std::uint8_t> sps) {
  if (sps.size() < 4 || (sps[0] & 0x1FU) != 7) return std::nullopt;
  std::vector<std::uint8_t> rbsp;
  for (std::size_t i = 1; i < sps.size(); ++i) {
    // 00 00 03: the 3 only keeps start codes away.
    if (i >= 3 && sps[i] == 3 && sps[i - 1] == 0 && sps[i - 2] == 0) continue;
    rbsp.push_back(sps[i]);
  }
  BitReader in(std::move(rbsp));
  const auto profile = in.bits(8);
  in.bits(16);  // Constraints and level.
  in.ue();      // Id.
  std::uint32_t chroma = 1;
  if (has_chroma_info(profile)) {
    chroma = in.ue();
    if (chroma == 3) in.flag();
    in.ue();
    in.ue();
    in.flag();
    if (in.flag()) {
      const unsigned lists = chroma == 3 ? 12 : 8;
      for (unsigned i = 0; i < lists; ++i) {
        if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
      }
    }
  }
  in.ue();
  const auto order = in.ue();
  if (order == 0) {
    in.ue();
  } else if (order == 1) {
    in.flag();
    in.skip_se();
    in.skip_se();
    const auto cycle = in.ue();
    if (cycle > 255) return std::nullopt;
    for (std::uint32_t i = 0; i < cycle; ++i) in.skip_se();
  }
  in.ue();
  in.flag();
  const auto width_blocks = in.ue() + 1;
  const auto height_units = in.ue() + 1;
  const bool frames_only = in.flag();
  if (!frames_only) in.flag();
  in.flag();
  std::array<std::uint32_t, 4> crop{};
  if (in.flag()) {
    for (auto& side : crop) side = in.ue();
  }
  if (in.ran_short() || width_blocks > 1024 || height_units > 1024) return std::nullopt;
  const std::uint32_t crop_x = chroma == 1 || chroma == 2 ? 2 : 1;
  const std::uint32_t crop_y = (chroma == 1 ? 2U : 1U) * (frames_only ? 1U : 2U);
  VideoShape shape;
  const auto full_width = width_blocks * 16;
  const auto full_height = height_units * 16 * (frames_only ? 1U : 2U);
  const auto cut_x = (crop[0] + crop[1]) * crop_x;
  const auto cut_y = (crop[2] + crop[3]) * crop_y;
  if (cut_x >= full_width || cut_y >= full_height) return std::nullopt;
  shape.width = full_width - cut_x;
  shape.height = full_height - cut_y;
  if (in.flag()) shape.frame_rate = vui_frame_rate(in);
  return shape;
}

void StreamProbe::read_video(const rtmp::TagView& tag) {
  const auto bytes = tag.payload;
  if (bytes.empty()) return;
  info_.has_video = true;
  // AVC sequence header: frame type and codec 7, packet type 0, composition time, avcC.
  constexpr std::size_t kConfig = 5;
  if ((bytes[0] & 0x0FU) != 7) {
    if (info_.video_mime.empty()) info_.video_mime = "video/unknown";
    return;
  }
  info_.video_mime = "video/H264";
  if (bytes.size() < kConfig + 8 || bytes[1] != 0) return;
  const auto config = bytes.subspan(kConfig);
  video_codec_ = fmt::format("avc1.{:02x}{:02x}{:02x}", config[1], config[2], config[3]);
  const auto count = config[5] & 0x1FU;
  const auto size = big_endian_16(config, 6);
  if (count == 0 || config.size() < 8 + size) return;
  if (const auto shape = read_h264_sps(config.subspan(8, size))) {
    info_.width = shape->width;
    info_.height = shape->height;
    if (shape->frame_rate > 0) info_.frame_rate = shape->frame_rate;
  }
}

void StreamProbe::read_audio(const rtmp::TagView& tag) {
  const auto bytes = tag.payload;
  if (bytes.empty()) return;
  info_.has_audio = true;
  if ((bytes[0] >> 4U) != 10) {
    if (info_.audio_mime.empty()) info_.audio_mime = "audio/unknown";
    return;
  }
  info_.audio_mime = "audio/aac";
  if (bytes.size() < 4 || bytes[1] != 0) return;
  constexpr std::array<std::uint32_t, 13> kRates{96'000, 88'200, 64'000, 48'000, 44'100,
                                                 32'000, 24'000, 22'050, 16'000, 12'000,
                                                 11'025, 8'000,  7'350};
  audio_codec_ = fmt::format("mp4a.40.{}", bytes[2] >> 3U);
  const auto index = ((bytes[2] & 0x07U) << 1U) | (bytes[3] >> 7U);
  if (index < kRates.size()) info_.sample_rate = kRates[index];
  info_.channels = (bytes[3] >> 3U) & 0x0FU;
}

/// onMetaData is AMF0; only the frame rate is taken from it, by its name and number marker.
void StreamProbe::read_metadata(const rtmp::TagView& tag) {
  const std::string_view text(reinterpret_cast<const char*>(tag.payload.data()),
                              tag.payload.size());
  constexpr std::string_view kName = "framerate";
  const auto at = text.find(kName);
  if (at == std::string_view::npos || at + kName.size() + 9 > text.size()) return;
  if (text[at + kName.size()] != 0) return;
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    raw = (raw << 8U) | static_cast<unsigned char>(text[at + kName.size() + 1 + i]);
  }
  const auto rate = std::bit_cast<double>(raw);
  if (rate > 0 && rate < 1000) info_.frame_rate = rate;
}

std::optional<StreamInfo> StreamProbe::feed(const rtmp::TagView& tag) {
  if (tag.type == rtmp::TagType::kScript) {
    read_metadata(tag);
    return std::nullopt;
  }
  if (!first_ms_) first_ms_ = tag.timestamp_ms;
  if (tag.type == rtmp::TagType::kVideo) {
    if (!info_.has_video || rtmp::is_sequence_header(tag)) read_video(tag);
  } else if (!info_.has_audio || rtmp::is_sequence_header(tag)) {
    read_audio(tag);
  }
  if (told_video_ == info_.has_video && told_audio_ == info_.has_audio) return std::nullopt;
  const bool both = info_.has_video && info_.has_audio;
  constexpr std::int64_t kWaitForOther = 1000;
  if (!both && tag.timestamp_ms - *first_ms_ < kWaitForOther) return std::nullopt;
  told_video_ = info_.has_video;
  told_audio_ = info_.has_audio;
  info_.codecs = video_codec_;
  if (!audio_codec_.empty()) info_.codecs += (info_.codecs.empty() ? "" : ",") + audio_codec_;
  return info_;
}

}  // namespace ts::sandbox
