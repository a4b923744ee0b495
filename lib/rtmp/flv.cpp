// SPDX-License-Identifier: Apache-2.0
#include "rtmp/flv.hpp"

#include <algorithm>
#include <string_view>

namespace ts::rtmp {
namespace {

/// Enhanced RTMP: this bit of the first byte says that a FourCC follows.
constexpr std::uint8_t kExtendedHeader = 0x80;
constexpr std::uint8_t kCodedFrames = 1;   // Packet types behind an extended header.
constexpr std::uint8_t kCodedFramesX = 3;  // Without composition time.
constexpr std::uint8_t kCodecAvc = 7;
constexpr std::uint8_t kCodecHevc = 12;  // Not in the specification; common practice in Asia.
constexpr std::uint8_t kSoundFormatAac = 10;
constexpr std::uint8_t kSoundFormatExtended = 9;

void append_be(std::string& out, std::uint32_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
  }
}

/// The payload without the AMF0 string "@setDataFrame" (or "@clearDataFrame") in front.
std::span<const std::uint8_t> without_set_data_frame(std::span<const std::uint8_t> payload) {
  static constexpr std::string_view kPrefix("\x02\x00\x0d@setDataFrame", 16);
  if (payload.size() < kPrefix.size()) return payload;
  const bool matches =
      std::equal(kPrefix.begin(), kPrefix.end(), payload.begin(),
                 [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  return matches ? payload.subspan(kPrefix.size()) : payload;
}

}  // namespace

bool is_picture(const TagView& tag) noexcept {
  if (tag.type != TagType::kVideo || tag.payload.empty()) return false;
  const auto first = unsigned{tag.payload[0]};
  if ((first & kExtendedHeader) != 0) {
    const auto packet = first & 0x0fU;
    return packet == kCodedFrames || packet == kCodedFramesX;
  }
  const auto codec = first & 0x0fU;
  if (codec != kCodecAvc && codec != kCodecHevc) return true;
  return tag.payload.size() > 1 && tag.payload[1] == 1;
}

bool is_key_frame(const TagView& tag) noexcept {
  return is_picture(tag) && (tag.payload[0] >> 4U & 0x07U) == 1U;
}

bool is_sequence_header(const TagView& tag) noexcept {
  if (tag.payload.size() < 2) return false;
  const std::uint8_t first = tag.payload[0];
  if (tag.type == TagType::kVideo) {
    if ((first & kExtendedHeader) != 0) return (first & 0x0fU) == 0U;  // SequenceStart
    const auto codec = first & 0x0fU;
    return (codec == kCodecAvc || codec == kCodecHevc) && tag.payload[1] == 0;
  }
  if (tag.type == TagType::kAudio) {
    const auto format = first >> 4U;
    if (format == kSoundFormatExtended) return (first & 0x0fU) == 0U;
    return format == kSoundFormatAac && tag.payload[1] == 0;
  }
  return false;
}

void FlvWriter::append_header(std::string& out, bool has_audio, bool has_video) {
  out += "FLV\x01";
  out += static_cast<char>((has_audio ? 4 : 0) + (has_video ? 1 : 0));
  append_be(out, 9, 4);
  append_be(out, 0, 4);
}

void FlvWriter::append(std::string& out, const TagView& tag) {
  const auto payload =
      tag.type == TagType::kScript ? without_set_data_frame(tag.payload) : tag.payload;
  const auto size = static_cast<std::uint32_t>(payload.size());
  const auto timestamp = static_cast<std::uint32_t>(tag.timestamp_ms & 0xffffffffLL);
  out += static_cast<char>(tag.type);
  append_be(out, size, 3);
  append_be(out, timestamp & 0xffffffU, 3);
  append_be(out, timestamp >> 24U, 1);
  append_be(out, 0, 3);
  out.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  append_be(out, size + 11, 4);
}

}  // namespace ts::rtmp
