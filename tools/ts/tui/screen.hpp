// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// One place of the terminal.
struct Cell {
  char32_t letter = U' ';
  Style style{};
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// A terminal's worth of cells, drawn without a terminal. Drawing outside is cut off.
class Screen {
 public:
  Screen(int columns, int rows);
  [[nodiscard]] int columns() const noexcept { return columns_; }
  [[nodiscard]] int rows() const noexcept { return rows_; }
  [[nodiscard]] const Cell& at(int column, int row) const;
  void put(int column, int row, char32_t letter, const Style& style = {});
  /// Writes UTF-8, control characters as '?', cut off after `most` columns with an ellipsis.
  /// @return the column after the last one written.
  int text(int column, int row, std::string_view text, const Style& style = {}, int most = 1 << 20);
  void fill(int column, int row, int width, const Style& style);

 private:
  int columns_;
  int rows_;
  std::vector<Cell> cells_;
};

/// What a terminal can show.
enum class Colors : std::uint8_t { kNone, k256, kTrue };

/// The escape sequences that turn what a terminal shows from `before` into `now`. With another size
/// or without `before` everything is drawn.
std::string difference(const Screen* before, const Screen& now, Colors colors);
/// The screen as lines of text, spaces at their ends left out.
std::string plain_text(const Screen& screen);
/// The nearest of the 256 colors' cube and grays.
int nearest_256(Color color) noexcept;

}  // namespace ts::cli::tui
