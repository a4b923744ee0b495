// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ts::rtmp {

/// What a tag carries; the numbers are those of FLV and of RTMP message types.
enum class TagType : std::uint8_t { kAudio = 8, kVideo = 9, kScript = 18 };

/// One FLV tag (RTMP media message) without its header.
struct TagView {
  TagType type = TagType::kScript;
  /// Milliseconds of the publisher's clock, unwrapped: goes on above 2^32.
  std::int64_t timestamp_ms = 0;
  std::span<const std::uint8_t> payload{};  ///< Valid during the call that hands it over.
};

/// A tag that owns its payload.
struct Tag {
  TagType type = TagType::kScript;
  std::int64_t timestamp_ms = 0;
  std::vector<std::uint8_t> payload{};

  [[nodiscard]] TagView view() const { return {type, timestamp_ms, payload}; }
};

/// A picture, as opposed to sequence headers and ends (classic and enhanced RTMP headers).
bool is_picture(const TagView& tag) noexcept;
/// A picture that a decoder can begin with.
bool is_key_frame(const TagView& tag) noexcept;
/// Decoder configuration (AVC/HEVC/AV1 sequence header, AAC AudioSpecificConfig).
bool is_sequence_header(const TagView& tag) noexcept;

/// Writes tags as an FLV byte stream, such as `ts-media ingest` reads from its standard input.
/// Script data loses its "@setDataFrame". Stateless towards the output: the caller owns the bytes.
class FlvWriter {
 public:
  /// Appends the file header and the first (zero) previous-tag size.
  static void append_header(std::string& out, bool has_audio = true, bool has_video = true);
  /// Appends one tag and its size. Only the low 32 bits of the timestamp fit.
  static void append(std::string& out, const TagView& tag);
};

}  // namespace ts::rtmp
