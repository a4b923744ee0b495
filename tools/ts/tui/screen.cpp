// SPDX-License-Identifier: Apache-2.0
#include "tui/screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdlib>
#include <cwchar>

namespace ts::cli::tui {
namespace {

constexpr Cell kNothing{};

/// The next code point; broken bytes and control characters are '?'.
char32_t decode(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at++);
  if (first < 0x20 || first == 0x7F) return U'?';
  if (first < 0x80) return first;
  const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  if (more == 0) return U'?';
  char32_t out = first & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    if ((byte(at) & 0xC0U) != 0x80U) return U'?';
    out = (out << 6U) | (byte(at++) & 0x3FU);
  }
  return out < 0xA0 ? U'?' : out;
}

void append(std::string& out, char32_t letter) {
  const auto put = [&](unsigned value) { out += static_cast<char>(value); };
  if (letter < 0x80) {
    put(letter);
  } else if (letter < 0x800) {
    put(0xC0U | (letter >> 6U));
    put(0x80U | (letter & 0x3FU));
  } else if (letter < 0x10000) {
    put(0xE0U | (letter >> 12U));
    put(0x80U | ((letter >> 6U) & 0x3FU));
    put(0x80U | (letter & 0x3FU));
  } else {
    put(0xF0U | (letter >> 18U));
    put(0x80U | ((letter >> 12U) & 0x3FU));
    put(0x80U | ((letter >> 6U) & 0x3FU));
    put(0x80U | (letter & 0x3FU));
  }
}

std::string color_code(int plane, Color color, Colors colors) {
  if (color == kDefault || colors == Colors::kNone) return {};
  if (colors == Colors::k256) return fmt::format(";{}8;5;{}", plane, nearest_256(color));
  return fmt::format(";{}8;2;{};{};{}", plane, (color >> 16U) & 0xFFU, (color >> 8U) & 0xFFU,
                     color & 0xFFU);
}

std::string style_code(const Style& style, Colors colors) {
  return fmt::format("\x1b[0{}{}{}m", style.bold ? ";1" : "", color_code(3, style.front, colors),
                     color_code(4, style.back, colors));
}

/// What orders letters or changes how they look, and has no looks of its own: terminals differ in
/// what they make of it.
bool is_unseen(char32_t letter) noexcept {
  return (letter >= 0x200B && letter <= 0x200F) || (letter >= 0x2028 && letter <= 0x202E) ||
         (letter >= 0x2060 && letter <= 0x206F) || (letter >= 0xFE00 && letter <= 0xFE0F) ||
         letter == 0xFEFF || letter >= 0xE0000;
}

/// Whether anything in the text takes a column.
bool has_width(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (letter_width(decode(text, at)) != 0) return true;
  }
  return false;
}

/// What a terminal without colors shows in a cell: the picture's as bright as its two pixels are.
char32_t shade(const Cell& cell) noexcept {
  if (cell.letter != U'▀' || cell.style.front == kDefault || cell.style.back == kDefault) {
    return cell.letter;
  }
  static constexpr std::array<char32_t, 5> kShades{U' ', U'░', U'▒', U'▓', U'█'};
  const auto light = [](Color color) {
    return 299 * ((color >> 16U) & 0xFFU) + 587 * ((color >> 8U) & 0xFFU) + 114 * (color & 0xFFU);
  };
  const Color both = (light(cell.style.front) + light(cell.style.back)) / 2;
  return kShades[both * kShades.size() / (255 * 1000 + 1)];
}

void append_cell(std::string& out, const Cell& cell, char32_t letter) {
  append(out, letter);
  for (const char32_t mark : cell.marks) {
    if (mark != 0) append(out, mark);
  }
}

bool looks_alike(const Style& a, const Style& b, Colors colors) noexcept {
  return colors == Colors::kNone ? a.bold == b.bold : a == b;
}

/// Whether terminals may disagree about where the cursor is behind this.
bool is_risky(const Cell& cell) noexcept {
  return cell.marks[0] != 0 || cell.letter > 0xFFFF || letter_width(cell.letter) != 1;
}

}  // namespace

int letter_width(char32_t letter) noexcept {
  if (letter < 0x300) return 1;
  // The C library's table, whatever the user's own locale is.
  static const locale_t kUnicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (kUnicode == nullptr) return 1;
  const locale_t before = ::uselocale(kUnicode);
  const int width = ::wcwidth(static_cast<wchar_t>(letter));
  (void)::uselocale(before);
  return width;
}

Screen::Screen(int columns, int rows)
    : columns_(std::clamp(columns, 1, 1000)),
      rows_(std::clamp(rows, 1, 500)),
      cells_(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_)) {}

const Cell& Screen::at(int column, int row) const {
  if (column < 0 || row < 0 || column >= columns_ || row >= rows_) return kNothing;
  return cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
                static_cast<std::size_t>(column)];
}

Cell* Screen::find(int column, int row) noexcept {
  if (column < 0 || row < 0 || column >= columns_ || row >= rows_) return nullptr;
  return &cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
                 static_cast<std::size_t>(column)];
}

void Screen::write(int column, int row, const Cell& cell) {
  Cell* const place = find(column, row);
  if (place == nullptr) return;
  Cell* const left = place->letter == kRightHalf ? find(column - 1, row) : nullptr;
  if (left != nullptr) *left = {U' ', left->style};
  Cell* const right = find(column + 1, row);
  if (right != nullptr && right->letter == kRightHalf) *right = {U' ', right->style};
  *place = cell;
}

void Screen::put(int column, int row, char32_t letter, const Style& style) {
  if (letter_width(letter) != 2) return write(column, row, {letter, style});
  // Half a letter cannot be shown.
  if (find(column, row) == nullptr || find(column + 1, row) == nullptr) {
    return write(column, row, {U' ', style});
  }
  write(column, row, {letter, style});
  write(column + 1, row, {U' ', style});
  find(column + 1, row)->letter = kRightHalf;
}

void Screen::mark(int column, int row, char32_t mark) noexcept {
  Cell* place = find(column, row);
  if (place != nullptr && place->letter == kRightHalf) place = find(column - 1, row);
  if (place == nullptr) return;
  for (char32_t& kept : place->marks) {
    if (kept == 0) {
      kept = mark;
      return;
    }
  }
}

int Screen::text(int column, int row, std::string_view text, const Style& style, int most) {
  const int start = column;
  int left = most;
  std::size_t at = 0;
  while (at < text.size()) {
    const char32_t letter = decode(text, at);
    const int width = letter_width(letter);
    if (width == 0) {
      if (column > start && !is_unseen(letter)) mark(column - 1, row, letter);
      continue;
    }
    const int taken = std::max(width, 1);
    if (left < taken || (left == taken && has_width(text.substr(at)))) {
      if (left > 0) put(column++, row, U'…', style);
      break;
    }
    put(column, row, width < 0 ? U'?' : letter, style);
    column += taken;
    left -= taken;
  }
  return column;
}

void Screen::fill(int column, int row, int width, const Style& style) {
  for (int i = 0; i < width; ++i) put(column + i, row, U' ', style);
}

int nearest_256(Color color) noexcept {
  static constexpr std::array<int, 6> kSteps{0, 95, 135, 175, 215, 255};
  const std::array<int, 3> wanted{static_cast<int>((color >> 16U) & 0xFFU),
                                  static_cast<int>((color >> 8U) & 0xFFU),
                                  static_cast<int>(color & 0xFFU)};
  int cube = 16;
  int cube_error = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < kSteps.size(); ++k) {
      if (std::abs(kSteps[k] - wanted[i]) < std::abs(kSteps[best] - wanted[i])) best = k;
    }
    cube += static_cast<int>(best) * std::array{36, 6, 1}[i];
    const int off = kSteps[best] - wanted[i];
    cube_error += off * off;
  }
  const int level = std::clamp(((wanted[0] + wanted[1] + wanted[2]) / 3 - 3) / 10, 0, 23);
  int gray_error = 0;
  for (const int part : wanted) gray_error += (8 + 10 * level - part) * (8 + 10 * level - part);
  return gray_error < cube_error ? 232 + level : cube;
}

std::string difference(const Screen* before, const Screen& now, Colors colors) {
  std::string out;
  const bool whole =
      before == nullptr || before->columns() != now.columns() || before->rows() != now.rows();
  if (whole) out += "\x1b[0m\x1b[2J";
  Style style{};
  bool styled = false;
  for (int row = 0; row < now.rows(); ++row) {
    int cursor = -1;
    for (int column = 0; column < now.columns(); ++column) {
      const Cell& cell = now.at(column, row);
      if (!whole && before->at(column, row) == cell) continue;
      if (whole && cell == kNothing) continue;
      if (cell.letter == kRightHalf) continue;  // came with its left half
      if (cursor != column) out += fmt::format("\x1b[{};{}H", row + 1, column + 1);
      if (!styled || !looks_alike(style, cell.style, colors)) {
        out += style_code(cell.style, colors);
        style = cell.style;
        styled = true;
      }
      append_cell(out, cell, colors == Colors::kNone ? shade(cell) : cell.letter);
      cursor = is_risky(cell) ? -1 : column + 1;
    }
  }
  if (styled) out += "\x1b[0m";
  return out;
}

std::string plain_text(const Screen& screen) {
  std::string out;
  for (int row = 0; row < screen.rows(); ++row) {
    std::string line;
    for (int column = 0; column < screen.columns(); ++column) {
      const Cell& cell = screen.at(column, row);
      if (cell.letter != kRightHalf) append_cell(line, cell, shade(cell));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace ts::cli::tui
