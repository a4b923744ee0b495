// SPDX-License-Identifier: Apache-2.0
#include "frame/frame_code.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace ts::frame {
namespace {

constexpr std::uint8_t kBlack = 16;
constexpr std::uint8_t kWhite = 235;
constexpr int kMinWidth = 160;
constexpr int kMinContrast = 60;
constexpr std::size_t kCells = kFrameCodeCells;
using Cells = std::array<bool, kCells>;

std::uint8_t crc8(std::uint32_t number) noexcept {
  // Polynomial x^8 + x^2 + x + 1, start value 0xff so that all-black is not valid.
  std::uint32_t crc = 0xffU;
  for (int byte = 2; byte >= 0; --byte) {
    crc ^= (number >> (8U * static_cast<unsigned>(byte))) & 0xffU;
    for (int bit = 0; bit < 8; ++bit)
      crc = ((crc << 1U) ^ ((crc & 0x80U) != 0 ? 0x07U : 0U)) & 0xffU;
  }
  return static_cast<std::uint8_t>(crc);
}

Cells cells_of(std::uint32_t number) noexcept {
  Cells cells{true, false, true, true};
  const std::uint32_t crc = crc8(number);
  for (std::size_t i = 0; i < 24; ++i) cells[4 + i] = ((number >> (23U - i)) & 1U) != 0;
  for (std::size_t i = 0; i < 8; ++i) cells[28 + i] = ((crc >> (7U - i)) & 1U) != 0;
  cells[36] = false;
  cells[37] = true;
  return cells;
}

/// Left edge of cell `index`, in pixels of a picture of this width.
int edge(std::size_t index, int width) noexcept {
  const auto columns = static_cast<std::int64_t>(kFrameCodeColumns);
  return static_cast<int>((static_cast<std::int64_t>(index) * width + columns / 2) / columns);
}

/// Mean of the middle of cell `index`: compression and scaling blur the edges.
int mean_of(const LumaView& plane, std::size_t index) noexcept {
  const double size = static_cast<double>(plane.width) / kFrameCodeColumns;
  const double left = static_cast<double>(index) * size;
  const int x0 = static_cast<int>(left + size * 0.3);
  const int x1 = std::max(x0 + 1, static_cast<int>(left + size * 0.7));
  const int y0 = static_cast<int>(size * 0.25);
  const int y1 = std::max(y0 + 1, static_cast<int>(size * 0.7));
  int sum = 0;
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) sum += plane.data[y * plane.stride + x];
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

}  // namespace

FrameCodeArea frame_code_area(int picture_width) noexcept {
  return {.width = (edge(kCells, picture_width) + 1) & ~1,
          .height = (edge(1, picture_width) + 1) & ~1};
}

void draw_frame_code(const MutableLuma& plane, std::uint64_t number) noexcept {
  const FrameCodeArea area = frame_code_area(plane.width);
  if (plane.width < kMinWidth || plane.height < area.height) return;
  const Cells cells = cells_of(static_cast<std::uint32_t>(number % kFrameCodeModulus));
  std::fill_n(plane.data, area.width, kBlack);
  for (std::size_t i = 0; i < kCells; ++i) {
    const int x = edge(i, plane.width);
    std::fill_n(plane.data + x, edge(i + 1, plane.width) - x, cells[i] ? kWhite : kBlack);
  }
  for (int y = 1; y < area.height; ++y) {
    std::memcpy(plane.data + y * plane.stride, plane.data, static_cast<std::size_t>(area.width));
  }
}

std::optional<std::uint32_t> read_frame_code(const LumaView& plane) noexcept {
  if (plane.width < kMinWidth || plane.height < frame_code_area(plane.width).height) {
    return std::nullopt;
  }
  std::array<int, kCells> levels{};
  for (std::size_t i = 0; i < kCells; ++i) levels[i] = mean_of(plane, i);
  const int white = std::min({levels[0], levels[2], levels[3], levels[37]});
  const int black = std::max(levels[1], levels[36]);
  if (white - black < kMinContrast) return std::nullopt;
  const int threshold = (white + black) / 2;
  std::uint32_t number = 0;
  std::uint32_t crc = 0;
  for (std::size_t i = 4; i < 28; ++i) number = (number << 1U) | (levels[i] > threshold ? 1U : 0U);
  for (std::size_t i = 28; i < 36; ++i) crc = (crc << 1U) | (levels[i] > threshold ? 1U : 0U);
  if (crc != crc8(number)) return std::nullopt;
  return number;
}

}  // namespace ts::frame
