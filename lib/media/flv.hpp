// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ts::media {

enum class FlvTagType : std::uint8_t { kAudio = 8, kVideo = 9, kScript = 18 };

/// One FLV tag: what an RTMP message of the same type carries, byte for byte.
struct FlvTag {
  FlvTagType type{};
  std::uint32_t timestamp_ms = 0;  ///< Decode time.
  std::vector<std::uint8_t> body;

  /// The decoder configuration of an H.264 or AAC track, no media.
  [[nodiscard]] bool is_sequence_header() const noexcept;
  /// A video frame that decoding can begin with.
  [[nodiscard]] bool is_key_frame() const noexcept;
  /// Coded media: neither script data, nor a sequence header, nor an end-of-sequence mark.
  [[nodiscard]] bool is_media() const noexcept;
};

/// What a stream begins with: signature, flags, zero first back pointer.
std::span<const std::uint8_t> flv_file_header() noexcept;

/// The tag as FLV bytes (header, body, back pointer), with `timestamp_ms` in place of its own.
std::vector<std::uint8_t> flv_tag_bytes(const FlvTag& tag, std::uint32_t timestamp_ms);

/// Removes the "@setDataFrame" that publishers put before their metadata; other tags stay as is.
void strip_set_data_frame(FlvTag& tag);

/// Which tracks a metadata tag announces. Both false when it says nothing.
struct FlvAnnounced {
  bool video = false;
  bool audio = false;
};
FlvAnnounced announced_tracks(const FlvTag& metadata);

/// Cuts a byte stream into tags. Feed what has arrived, then take tags until none is left.
/// Unknown tag types are skipped. Holds at most one incomplete tag (16 MiB by the format).
class FlvParser {
 public:
  void feed(std::span<const std::uint8_t> bytes);
  /// @return nullopt when more bytes are needed; kMedia when the bytes are no FLV.
  Result<std::optional<FlvTag>> next();
  /// True when the stream would be cut inside a tag if it ended now.
  [[nodiscard]] bool mid_tag() const noexcept { return position_ < buffer_.size(); }
  /// Bytes fed so far.
  [[nodiscard]] std::uint64_t bytes_fed() const noexcept { return fed_; }

 private:
  void discard_read();

  std::vector<std::uint8_t> buffer_;
  std::size_t position_ = 0;
  std::uint64_t fed_ = 0;
  bool header_seen_ = false;
};

}  // namespace ts::media
