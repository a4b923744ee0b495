// SPDX-License-Identifier: Apache-2.0
#include "media/flv.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ts::media {
namespace {

constexpr std::size_t kTagHeaderSize = 11;
constexpr std::size_t kBackPointerSize = 4;
constexpr std::uint8_t kAvc = 7;
constexpr std::uint8_t kAac = 10;
/// In enhanced RTMP the top bit of a video body's first byte says that a FourCC follows.
constexpr std::uint8_t kEnhanced = 0x80;

constexpr std::array<std::uint8_t, 13> kFileHeader = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0};

std::uint32_t read_be24(std::span<const std::uint8_t> bytes) {
  return (static_cast<std::uint32_t>(bytes[0]) << 16U) |
         (static_cast<std::uint32_t>(bytes[1]) << 8U) | bytes[2];
}

bool is_avc(const rtmp::Tag& tag) {
  return tag.type == rtmp::TagType::kVideo && tag.payload.size() >= 2 &&
         (tag.payload[0] & kEnhanced) == 0 && (tag.payload[0] & 0x0FU) == kAvc;
}

bool is_aac(const rtmp::Tag& tag) {
  return tag.type == rtmp::TagType::kAudio && tag.payload.size() >= 2 &&
         (tag.payload[0] >> 4U) == kAac;
}

bool contains(const std::vector<std::uint8_t>& payload, std::string_view word) {
  return std::search(payload.begin(), payload.end(), word.begin(), word.end()) != payload.end();
}

}  // namespace

bool is_media(const rtmp::Tag& tag) noexcept {
  if (tag.type == rtmp::TagType::kScript || tag.payload.empty()) return false;
  if (is_avc(tag) || is_aac(tag)) return tag.payload[1] == 1;
  return true;
}

bool is_key_picture(const rtmp::Tag& tag) noexcept {
  return tag.type == rtmp::TagType::kVideo && is_media(tag) && rtmp::is_key_frame(tag.view());
}

FlvAnnounced announced_tracks(const rtmp::Tag& metadata) {
  // The property names are enough: publishers leave out what they will not send.
  if (metadata.type != rtmp::TagType::kScript || !contains(metadata.payload, "onMetaData")) {
    return {};
  }
  return {.video = contains(metadata.payload, "videocodecid"),
          .audio = contains(metadata.payload, "audiocodecid")};
}

void FlvParser::feed(std::span<const std::uint8_t> bytes) {
  discard_read();
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  fed_ += bytes.size();
}

void FlvParser::discard_read() {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(position_));
  position_ = 0;
}

Result<std::optional<rtmp::Tag>> FlvParser::next() {
  const auto left = [this] { return std::span(buffer_).subspan(position_); };
  if (!header_seen_) {
    const auto bytes = left();
    const auto known = std::min<std::size_t>(bytes.size(), 3);
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(known),
                    kFileHeader.begin())) {
      return Error{.kind = ErrorKind::kMedia, .message = "the input is no FLV stream"};
    }
    if (bytes.size() < kFileHeader.size()) return std::optional<rtmp::Tag>{};
    const auto header_size =
        (static_cast<std::size_t>(bytes[5]) << 24U) | read_be24(bytes.subspan(6));
    if (header_size != 9) {
      return Error{.kind = ErrorKind::kMedia, .message = "the FLV header has an unknown size"};
    }
    position_ += kFileHeader.size();
    header_seen_ = true;
  }
  while (true) {
    const auto bytes = left();
    if (bytes.size() < kTagHeaderSize) return std::optional<rtmp::Tag>{};
    const std::size_t size = read_be24(bytes.subspan(1));
    const auto whole = kTagHeaderSize + size + kBackPointerSize;
    if (bytes.size() < whole) return std::optional<rtmp::Tag>{};
    position_ += whole;
    const auto type = static_cast<std::uint8_t>(bytes[0] & 0x1FU);
    if ((bytes[0] & 0xE0U) != 0) {
      return Error{.kind = ErrorKind::kMedia, .message = "the FLV stream is damaged or encrypted"};
    }
    if (type != 8 && type != 9 && type != 18) continue;
    const auto payload = bytes.subspan(kTagHeaderSize, size);
    return std::optional(rtmp::Tag{
        .type = static_cast<rtmp::TagType>(type),
        .timestamp_ms = read_be24(bytes.subspan(4)) | (static_cast<std::uint32_t>(bytes[7]) << 24U),
        .payload = {payload.begin(), payload.end()}});
  }
}

}  // namespace ts::media
