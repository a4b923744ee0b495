// SPDX-License-Identifier: Apache-2.0
#include "tui/screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

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

}  // namespace

Screen::Screen(int columns, int rows)
    : columns_(std::clamp(columns, 1, 1000)),
      rows_(std::clamp(rows, 1, 500)),
      cells_(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_)) {}

const Cell& Screen::at(int column, int row) const {
  if (column < 0 || row < 0 || column >= columns_ || row >= rows_) return kNothing;
  return cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
                static_cast<std::size_t>(column)];
}

void Screen::put(int column, int row, char32_t letter, const Style& style) {
  if (column < 0 || row < 0 || column >= columns_ || row >= rows_) return;
  cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
         static_cast<std::size_t>(column)] = {letter, style};
}

int Screen::text(int column, int row, std::string_view text, const Style& style, int most) {
  std::size_t at = 0;
  int left = most;
  while (at < text.size() && left > 0) {
    const char32_t letter = decode(text, at);
    const bool cut = left == 1 && at < text.size();
    put(column++, row, cut ? U'…' : letter, style);
    --left;
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
      if (cursor != column) out += fmt::format("\x1b[{};{}H", row + 1, column + 1);
      if (!styled || style != cell.style) {
        out += style_code(cell.style, colors);
        style = cell.style;
        styled = true;
      }
      append(out, cell.letter);
      cursor = column + 1;
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
      append(line, screen.at(column, row).letter);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace ts::cli::tui
