// SPDX-License-Identifier: Apache-2.0
#include "scene/layout.hpp"

#include <algorithm>
#include <cmath>

namespace ts::scene {
namespace {

int even(double value) noexcept { return 2 * static_cast<int>(std::lround(value / 2)); }

/// Cuts `length` into `count` even parts with `gap` between them; part `index` as {start, size}.
struct Span {
  int start;
  int size;
};
Span part(int length, int count, int gap, int index) noexcept {
  const double size = static_cast<double>(length - gap * (count - 1)) / count;
  const int start = even(index * (size + gap));
  const int end = index == count - 1 ? length : even(index * (size + gap) + size);
  return {.start = start, .size = end - start};
}

Rect whole(const Canvas& canvas) noexcept {
  return {.x = 0, .y = 0, .width = canvas.size.width, .height = canvas.size.height};
}

Rect small_cell(const Canvas& canvas, const LayoutOptions& options) noexcept {
  const int width = std::max(2, even(canvas.size.width * options.scale));
  const int height =
      std::max(2, even(static_cast<double>(width) * canvas.size.height / canvas.size.width));
  const int margin_x = std::clamp(options.margin, 0, canvas.size.width - width) & ~1;
  const int margin_y = std::clamp(options.margin, 0, canvas.size.height - height) & ~1;
  const bool left = options.corner == Corner::kTopLeft || options.corner == Corner::kBottomLeft;
  const bool top = options.corner == Corner::kTopLeft || options.corner == Corner::kTopRight;
  return {.x = left ? margin_x : canvas.size.width - width - margin_x,
          .y = top ? margin_y : canvas.size.height - height - margin_y,
          .width = width,
          .height = height};
}

/// 1 to 9 cells: as square as it gets, a short last row is centered.
std::vector<Rect> grid_cells(const Canvas& canvas, int count, int gap) {
  const int columns = count <= 1 ? 1 : count <= 4 ? 2 : 3;
  const int rows = (count + columns - 1) / columns;
  std::vector<Rect> cells;
  for (int i = 0; i < count; ++i) {
    const int row = i / columns;
    const int in_row = row == rows - 1 ? count - row * columns : columns;
    const Span x = part(canvas.size.width, columns, gap, i % columns);
    // Fewer rows than columns: cells keep the canvas' aspect and the block is centered.
    const Span y = part(canvas.size.height, std::max(rows, columns), gap, row);
    const int used = std::max(rows, columns) == rows
                         ? 0
                         : (canvas.size.height - (y.size * rows + gap * (rows - 1))) / 2;
    Span column = x;
    if (in_row < columns) {
      column.size = part(canvas.size.width, columns, gap, 0).size;
      const int row_width = (column.size + gap) * in_row - gap;
      column.start =
          (((canvas.size.width - row_width) / 2) & ~1) + i % columns * ((column.size + gap) & ~1);
    }
    cells.push_back(
        {.x = column.start, .y = (y.start + used) & ~1, .width = column.size, .height = y.size});
  }
  return cells;
}

}  // namespace

SlotRange slots_of(LayoutKind kind) noexcept {
  switch (kind) {
    case LayoutKind::kFull:
      return {1, 1};
    case LayoutKind::kSideBySide:
    case LayoutKind::kPip:
    case LayoutKind::kScreen:
      return {2, 2};
    case LayoutKind::kGrid:
      return {1, 9};
    case LayoutKind::kItems:
      return {0, 0};
  }
  return {0, 0};
}

std::vector<Layer> arrange(const Canvas& canvas, const LayoutOptions& options) {
  std::vector<Layer> layers;
  const auto add = [&](std::size_t slot, const Rect& cell, Fit fit) -> Layer& {
    layers.push_back({.source = options.slots.at(slot), .cell = cell, .fit = fit});
    return layers.back();
  };
  switch (options.kind) {
    case LayoutKind::kFull:
      add(0, whole(canvas), options.fit);
      break;
    case LayoutKind::kSideBySide:
      for (int i = 0; i < 2; ++i) {
        const Span x = part(canvas.size.width, 2, options.gap, i);
        add(static_cast<std::size_t>(i),
            {.x = x.start, .y = 0, .width = x.size, .height = canvas.size.height}, options.fit);
      }
      break;
    case LayoutKind::kPip:
    case LayoutKind::kScreen: {
      const bool contain = options.kind == LayoutKind::kScreen && !options.fit_given;
      add(0, whole(canvas), contain ? Fit::kContain : options.fit);
      Layer& small = add(1, small_cell(canvas, options), Fit::kCover);
      small.border = options.border;
      small.border_rgb = options.border_rgb;
      break;
    }
    case LayoutKind::kGrid: {
      const auto cells = grid_cells(canvas, static_cast<int>(options.slots.size()), options.gap);
      for (std::size_t i = 0; i < cells.size(); ++i) add(i, cells[i], options.fit);
      break;
    }
    case LayoutKind::kItems:
      break;
  }
  return layers;
}

}  // namespace ts::scene
