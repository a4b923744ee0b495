// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ts::scene {

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

/// Whole pixels from the top left. Rectangles of a scene are even in all four numbers, so that
/// 4:2:0 chroma never falls between two pictures.
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  friend bool operator==(const Rect&, const Rect&) = default;
  [[nodiscard]] Size size() const noexcept { return {width, height}; }
  [[nodiscard]] bool covers(const Rect& other) const noexcept;
  [[nodiscard]] bool intersects(const Rect& other) const noexcept;
};

/// A positive fraction: frame rates and sample aspect ratios.
struct Ratio {
  std::int64_t num = 1;
  std::int64_t den = 1;
  friend bool operator==(const Ratio&, const Ratio&) = default;
  [[nodiscard]] double value() const noexcept {
    return static_cast<double>(num) / static_cast<double>(den);
  }
};

enum class Fit : std::uint8_t {
  kCover,    ///< Fills the cell, cuts what sticks out.
  kContain,  ///< Whole picture, background beside it.
  kStretch,  ///< Fills the cell, aspect changes.
};

/// Margins cut from a source's picture before it is fitted, as fractions of its width and height.
struct Crop {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
  friend bool operator==(const Crop&, const Crop&) = default;
};

/// What one picture needs to appear in one cell: this part of it, scaled to that place.
struct Fitted {
  Rect source{};  ///< Part of the picture, in its own pixels, even.
  Rect target{};  ///< Place on the canvas, even, inside the cell.
  friend bool operator==(const Fitted&, const Fitted&) = default;
};

/// @param picture       decoded size, at least 2 x 2.
/// @param pixel_aspect  width of a pixel over its height; 1/1 when unknown.
Fitted fit_picture(Size picture, Ratio pixel_aspect, const Crop& crop, const Rect& cell, Fit fit);

/// The smallest even rectangle that holds `rect`.
Rect even_around(const Rect& rect) noexcept;
/// The part of `rect` inside `bounds`, even; empty (0 x 0) when nothing is left.
Rect even_inside(const Rect& rect, Size bounds) noexcept;

}  // namespace ts::scene
