// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ts::compose {

/// What a multiview shows.
struct Multiview {
  enum class Tally : std::uint8_t { kNone, kPreview, kProgram };
  struct Tile {
    std::string name{};
    Picture picture{};  ///< Null: the name alone.
    Tally tally = Tally::kNone;
    std::string trouble{};  ///< "lost", "stale" …; empty when all is well.
  };
  Tile preview{};
  Tile program{};
  std::vector<Tile> sources{};
};

/// Preview and program side by side, all sources below, each with its name and a frame that says
/// where it is: red on air, green in preview.
/// @return 1280 x 720.
Picture draw_multiview(const Multiview& content);

}  // namespace ts::compose
