// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::playback {

struct Variant {
  std::string uri{};  ///< As written; resolve against the playlist's address.
  std::int64_t bandwidth = 0;
  std::int64_t average_bandwidth = 0;
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  std::string codecs{};
  std::string audio_group{};
};

/// An alternative rendition (EXT-X-MEDIA), such as separate audio.
struct Rendition {
  std::string type{};
  std::string group_id{};
  std::string name{};
  std::string language{};
  std::string uri{};  ///< Empty: inside the variant.
  bool is_default = false;
};

struct MasterPlaylist {
  std::vector<Variant> variants{};
  std::vector<Rendition> renditions{};
};

struct Segment {
  std::string uri{};
  double duration_s = 0;
  std::int64_t sequence = 0;  ///< Media sequence number.
  std::int64_t discontinuity_sequence = 0;
  bool discontinuity = false;  ///< EXT-X-DISCONTINUITY stands before it.
  bool gap = false;            ///< EXT-X-GAP: listed, not there.
  std::optional<WallTime> program_date_time{};
  /// Offset and length inside the resource (EXT-X-BYTERANGE).
  std::optional<std::pair<std::uint64_t, std::uint64_t>> byte_range{};
  std::string map_uri{};  ///< Initialization section (EXT-X-MAP), empty for MPEG-TS.
};

struct MediaPlaylist {
  int version = 1;
  double target_duration_s = 0;
  double part_target_s = 0;  ///< Low-latency HLS; 0 without parts.
  std::int64_t media_sequence = 0;
  std::int64_t discontinuity_sequence = 0;
  bool ended = false;  ///< EXT-X-ENDLIST.
  std::string type{};  ///< "VOD", "EVENT" or empty.
  std::vector<Segment> segments{};

  [[nodiscard]] double duration_s() const noexcept;
  /// Wall time at the end of the last segment, from the last EXT-X-PROGRAM-DATE-TIME on.
  [[nodiscard]] std::optional<WallTime> live_edge() const noexcept;
};

/// One of the two is set.
struct Playlist {
  std::optional<MasterPlaylist> master{};
  std::optional<MediaPlaylist> media{};
};

/// Reads an m3u8 (RFC 8216), strict about what a player depends on: #EXTM3U first, a target
/// duration, a duration before each segment, no mixing of the two kinds. Unknown tags are ignored.
/// At most 1 MiB, 50 000 lines and 20 000 segments.
/// @return kRemote with the line number.
Result<Playlist> parse_playlist(std::string_view text);

/// `reference` resolved against the absolute URL `base` (RFC 3986).
/// @return kRemote when the outcome is not http(s).
Result<std::string> resolve_url(std::string_view base, std::string_view reference);

}  // namespace ts::playback
