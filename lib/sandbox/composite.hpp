// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// One participant of a composite: its publish and which of its tracks are in it.
struct CompositeMember {
  std::uint64_t publish = 0;
  std::string identity{};
  bool video = false;
  bool audio = false;
  bool screen = false;    ///< A shared screen: shown whole, and before all others.
  bool portrait = false;  ///< Higher than wide: shown whole.
  friend bool operator==(const CompositeMember&, const CompositeMember&) = default;
};

/// Who is in a composite and how they are arranged.
struct CompositeView {
  std::string layout{};                    ///< As LiveKit names it; anything unknown is "grid".
  std::vector<CompositeMember> members{};  ///< In the order they came.
  friend bool operator==(const CompositeView&, const CompositeView&) = default;
};

/// What a composite is encoded as: LiveKit's own defaults.
struct CompositeFormat {
  int width = 1280;
  int height = 720;
  double frame_rate = 30;
  std::int64_t video_bits_per_s = 3'000'000;
  std::int64_t audio_bits_per_s = 128'000;
  milliseconds key_interval{4000};
  std::string profile = "main";
};

/// A place of one source in the picture, back to front.
struct CompositeTile {
  std::uint64_t publish = 0;  ///< 0: the bright backdrop.
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  bool whole = false;  ///< The picture is shown whole, else it fills the tile.
  friend bool operator==(const CompositeTile&, const CompositeTile&) = default;
};

/// A composite's picture as LiveKit's own template arranges it: `grid` in as many equal cells as it
/// takes, `speaker` with the others in a column on the left, `single-speaker` alone; a grid becomes
/// `speaker` while a screen is shared.
///
/// @param speaker  the publish of whoever speaks; 0, or somebody without a picture: the first one.
std::vector<CompositeTile> arrange_composite(const CompositeView& view, int width, int height,
                                             std::uint64_t speaker);

/// Whether who speaks matters for the picture.
bool follows_speaker(const CompositeView& view);

}  // namespace ts::sandbox
