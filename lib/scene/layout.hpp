// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/show.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ts::scene {

/// What a layout is made from, beside the canvas.
struct LayoutOptions {
  LayoutKind kind = LayoutKind::kFull;
  std::vector<std::string> slots{};
  Corner corner = Corner::kBottomRight;
  double scale = 0.28;  ///< Width of the small picture of pip and screen, over the canvas' width.
  /// From the canvas' edges: of the small picture of pip and screen (24 unless given), of all cells
  /// of the other layouts (none unless given).
  std::optional<int> margin{};
  int gap = 0;     ///< Between the cells of side-by-side and grid.
  int border = 0;  ///< Around the small picture of pip and screen, around every cell of the others.
  std::uint32_t border_rgb = 0xFFFFFF;
  Fit fit = Fit::kCover;
  bool fit_given = false;  ///< screen contains its large picture unless told otherwise.
};

/// How many slots a layout takes.
struct SlotRange {
  int least = 1;
  int most = 1;
};
SlotRange slots_of(LayoutKind kind) noexcept;

/// The layers of a layout, back to front. `options.slots` must be within slots_of(kind). Where the
/// margin and the gap leave no room, cells have a width or height below 2.
std::vector<Layer> arrange(const Canvas& canvas, const LayoutOptions& options);

}  // namespace ts::scene
