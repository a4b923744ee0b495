// SPDX-License-Identifier: Apache-2.0
#include "media/flv.hpp"

#include <algorithm>
#include <array>
#include <string>

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

void append_be24(std::vector<std::uint8_t>& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 16U));
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}

bool is_avc(const FlvTag& tag) {
  return tag.type == FlvTagType::kVideo && tag.body.size() >= 2 && (tag.body[0] & kEnhanced) == 0 &&
         (tag.body[0] & 0x0FU) == kAvc;
}

bool is_aac(const FlvTag& tag) {
  return tag.type == FlvTagType::kAudio && tag.body.size() >= 2 && (tag.body[0] >> 4U) == kAac;
}

bool contains(const std::vector<std::uint8_t>& body, std::string_view word) {
  return std::search(body.begin(), body.end(), word.begin(), word.end()) != body.end();
}

}  // namespace

bool FlvTag::is_sequence_header() const noexcept {
  return (is_avc(*this) || is_aac(*this)) && body[1] == 0;
}

bool FlvTag::is_key_frame() const noexcept {
  return type == FlvTagType::kVideo && is_media() && ((body[0] >> 4U) & 0x7U) == 1;
}

bool FlvTag::is_media() const noexcept {
  if (type == FlvTagType::kScript || body.empty()) return false;
  if (is_avc(*this) || is_aac(*this)) return body[1] == 1;
  return true;
}

std::span<const std::uint8_t> flv_file_header() noexcept { return kFileHeader; }

std::vector<std::uint8_t> flv_tag_bytes(const FlvTag& tag, std::uint32_t timestamp_ms) {
  std::vector<std::uint8_t> out;
  out.reserve(kTagHeaderSize + tag.body.size() + kBackPointerSize);
  out.push_back(static_cast<std::uint8_t>(tag.type));
  append_be24(out, static_cast<std::uint32_t>(tag.body.size()));
  append_be24(out, timestamp_ms & 0xFFFFFFU);
  out.push_back(static_cast<std::uint8_t>(timestamp_ms >> 24U));
  append_be24(out, 0);
  out.insert(out.end(), tag.body.begin(), tag.body.end());
  const auto size = static_cast<std::uint32_t>(kTagHeaderSize + tag.body.size());
  out.push_back(static_cast<std::uint8_t>(size >> 24U));
  append_be24(out, size & 0xFFFFFFU);
  return out;
}

void strip_set_data_frame(FlvTag& tag) {
  // An AMF0 string: marker 2, 16-bit length 13, the text.
  static constexpr std::string_view kPrefix{"\x02\x00\x0D@setDataFrame", 16};
  if (tag.type != FlvTagType::kScript || tag.body.size() < kPrefix.size()) return;
  const auto matches = [](std::uint8_t byte, char c) {
    return byte == static_cast<std::uint8_t>(c);
  };
  const auto end = tag.body.begin() + static_cast<std::ptrdiff_t>(kPrefix.size());
  if (std::equal(tag.body.begin(), end, kPrefix.begin(), matches))
    tag.body.erase(tag.body.begin(), end);
}

FlvAnnounced announced_tracks(const FlvTag& metadata) {
  // The property names are enough: publishers leave out what they will not send.
  if (metadata.type != FlvTagType::kScript || !contains(metadata.body, "onMetaData")) return {};
  return {.video = contains(metadata.body, "videocodecid"),
          .audio = contains(metadata.body, "audiocodecid")};
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

Result<std::optional<FlvTag>> FlvParser::next() {
  const auto left = [this] { return std::span(buffer_).subspan(position_); };
  if (!header_seen_) {
    const auto bytes = left();
    const auto known = std::min<std::size_t>(bytes.size(), 3);
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(known),
                    kFileHeader.begin())) {
      return Error{.kind = ErrorKind::kMedia, .message = "the input is no FLV stream"};
    }
    if (bytes.size() < kFileHeader.size()) return std::optional<FlvTag>{};
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
    if (bytes.size() < kTagHeaderSize) return std::optional<FlvTag>{};
    const std::size_t size = read_be24(bytes.subspan(1));
    const auto whole = kTagHeaderSize + size + kBackPointerSize;
    if (bytes.size() < whole) return std::optional<FlvTag>{};
    position_ += whole;
    const auto type = static_cast<std::uint8_t>(bytes[0] & 0x1FU);
    if ((bytes[0] & 0xE0U) != 0) {
      return Error{.kind = ErrorKind::kMedia, .message = "the FLV stream is damaged or encrypted"};
    }
    if (type != 8 && type != 9 && type != 18) continue;
    const auto body = bytes.subspan(kTagHeaderSize, size);
    return std::optional(FlvTag{
        .type = static_cast<FlvTagType>(type),
        .timestamp_ms = read_be24(bytes.subspan(4)) | (static_cast<std::uint32_t>(bytes[7]) << 24U),
        .body = {body.begin(), body.end()}});
  }
}

}  // namespace ts::media
