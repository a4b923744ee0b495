// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ts::cli::tui {

/// 0xRRGGBB, or the terminal's own.
using Color = std::uint32_t;
inline constexpr Color kDefault = 0xFF000000;

struct Style {
  Color front = kDefault;
  Color back = kDefault;
  bool bold = false;
  friend bool operator==(const Style&, const Style&) = default;
};

/// The right half of a letter that takes two columns.
inline constexpr char32_t kRightHalf = 0;

/// One place of the terminal.
struct Cell {
  char32_t letter = U' ';
  Style style{};
  std::array<char32_t, 2> marks{};  ///< Accents and vowel signs on the letter; 0 for none.
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// How many columns a terminal gives a letter: 2 for Chinese and most emoji, 0 for what is written
/// on the letter before it or not at all, -1 for what nobody knows.
int letter_width(char32_t letter) noexcept;

/// A terminal's worth of cells, drawn without a terminal. Drawing outside is cut off.
class Screen {
 public:
  Screen(int columns, int rows);
  [[nodiscard]] int columns() const noexcept { return columns_; }
  [[nodiscard]] int rows() const noexcept { return rows_; }
  [[nodiscard]] const Cell& at(int column, int row) const;
  /// A wide letter takes the column after it too; half of one that is written over is a space.
  void put(int column, int row, char32_t letter, const Style& style = {});
  /// Writes UTF-8, control characters as '?', cut off after `most` columns with an ellipsis.
  /// @return the column after the last one written.
  int text(int column, int row, std::string_view text, const Style& style = {}, int most = 1 << 20);
  void fill(int column, int row, int width, const Style& style);

 private:
  [[nodiscard]] Cell* find(int column, int row) noexcept;
  void write(int column, int row, const Cell& cell);
  void mark(int column, int row, char32_t mark) noexcept;

  int columns_;
  int rows_;
  std::vector<Cell> cells_;
};

/// What a terminal can show.
enum class Colors : std::uint8_t { kNone, k256, kTrue };

/// The escape sequences that turn what a terminal shows from `before` into `now`. With another size
/// or without `before` everything is drawn.
std::string difference(const Screen* before, const Screen& now, Colors colors);
/// The screen as lines of text, spaces at their ends left out, the picture in shades.
std::string plain_text(const Screen& screen);
/// The nearest of the 256 colors' cube and grays.
int nearest_256(Color color) noexcept;

}  // namespace ts::cli::tui
