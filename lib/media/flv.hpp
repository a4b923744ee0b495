// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "rtmp/flv.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ts::media {

/// Coded media: neither script data, nor a sequence header, nor an end-of-sequence mark.
bool is_media(const rtmp::Tag& tag) noexcept;
/// A video frame that decoding can begin with (not its configuration).
bool is_key_picture(const rtmp::Tag& tag) noexcept;

/// Which tracks a metadata tag announces. Both false when it says nothing.
struct FlvAnnounced {
  bool video = false;
  bool audio = false;
};
FlvAnnounced announced_tracks(const rtmp::Tag& metadata);

/// Cuts a byte stream into tags. Feed what has arrived, then take tags until none is left.
/// Unknown tag types are skipped. Holds at most one incomplete tag (16 MiB by the format).
class FlvParser {
 public:
  void feed(std::span<const std::uint8_t> bytes);
  /// @return nullopt when more bytes are needed; kMedia when the bytes are no FLV.
  Result<std::optional<rtmp::Tag>> next();
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
