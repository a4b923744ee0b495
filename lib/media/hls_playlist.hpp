// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ts::media {

using std::chrono::microseconds;

/// One line pair of a media playlist (RFC 8216, 4.3.2).
struct HlsSegment {
  std::string uri;
  microseconds duration{};
  bool discontinuity = false;  ///< Stands before this segment.
  bool gap = false;            ///< The server says that the segment is missing.
  std::optional<WallTime> program_date_time{};
  std::string map_uri{};  ///< Initialization section; empty for TS.
};

struct HlsMediaPlaylist {
  enum class Type : std::uint8_t { kLive, kEvent, kVod };

  Type type = Type::kLive;
  seconds target_duration{};
  std::uint64_t media_sequence = 0;
  std::uint64_t discontinuity_sequence = 0;
  bool ended = false;
  bool encrypted = false;  ///< Some segment has a key other than NONE.
  std::vector<HlsSegment> segments;

  [[nodiscard]] microseconds total_duration() const;
};

struct HlsVariant {
  std::string uri;
  std::int64_t bandwidth = 0;
  int width = 0;
  int height = 0;
  std::string codecs{};
};

struct HlsMasterPlaylist {
  std::vector<HlsVariant> variants;
};

/// @return kMedia naming the line that is wrong.
Result<std::variant<HlsMediaPlaylist, HlsMasterPlaylist>> parse_hls(std::string_view text);

/// The whole playlist as text.
std::string render_hls(const HlsMediaPlaylist& playlist);
/// The lines of one segment, as they stand in the playlist.
std::string render_hls(const HlsSegment& segment);
/// What closes a playlist for good.
inline constexpr std::string_view kHlsEnd = "#EXT-X-ENDLIST\n";

/// `uri` as seen from the playlist at `base`: an absolute URL stays, "/x" keeps the host, "x" keeps
/// the folder. Works for file paths too.
std::string resolve_uri(std::string_view base, std::string_view uri);

}  // namespace ts::media
