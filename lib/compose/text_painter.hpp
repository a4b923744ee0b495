// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ts::compose {

struct TextStyle {
  int size = 36;  ///< Pixels, of the letters' square.
  bool bold = false;
  bool mono = false;   ///< All letters as wide.
  int max_width = 0;   ///< Pixels; a longer line ends in "…".
  int max_height = 0;  ///< Pixels; what is below is cut off.
  /// Keeps the space before the first letter, so that digits stay where they are.
  bool at_origin = false;
};

/// Text drawn in white on nothing. Letters with colors of their own (emoji) keep them.
struct DrawnText {
  struct Pixel {
    std::uint8_t a = 0;
    std::uint8_t r = 255;
    std::uint8_t g = 255;
    std::uint8_t b = 255;
  };
  int width = 0;  ///< 0 when nothing of it can be seen.
  int height = 0;
  /// Row of the first pixel, counted from where Latin capitals begin: marks above are negative.
  int top = 0;
  int line_height = 0;
  int foot = 0;  ///< Row that the letters of the last line stand on, counted as `top` is.
  bool right_to_left = false;  ///< Its first strong letter is Hebrew, Arabic …
  bool cut = false;            ///< Did not fit: a line ends in "…", or lines below are missing.
  std::string unknown{};       ///< Letters no font of this machine has, a few of them.
  std::vector<Pixel> pixels{};

  [[nodiscard]] Pixel at(int x, int y) const noexcept {
    if (x < 0 || y < 0 || x >= width || y >= height) return {};
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
};

/// Draws text of every script: joined, reordered and with marks in place where the script wants it,
/// each letter from a font that has it. Any thread.
/// @param text  UTF-8; what is none is replaced. Lines end in newlines.
/// @return kMedia when no font is installed.
Result<DrawnText> draw_text(const std::string& text, const TextStyle& style);

/// "no font of this machine has '김' (U+AE40)", for a warning; kFontsHint is what to do.
std::string missing_letters(const std::string& unknown);
inline constexpr const char* kFontsHint =
    "install fonts-noto-core, fonts-noto-cjk (Chinese, Japanese, Korean) or "
    "fonts-noto-color-emoji";

}  // namespace ts::compose
