// SPDX-License-Identifier: Apache-2.0
#include "scene/layout.hpp"

#include <algorithm>
#include <cmath>

namespace ts::scene {
namespace {

constexpr int kSmallMargin = 24;

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
  const int margin = options.margin.value_or(kSmallMargin);
  const int margin_x = std::clamp(margin, 0, canvas.size.width - width) & ~1;
  const int margin_y = std::clamp(margin, 0, canvas.size.height - height) & ~1;
  const bool left = options.corner == Corner::kTopLeft || options.corner == Corner::kBottomLeft;
  const bool top = options.corner == Corner::kTopLeft || options.corner == Corner::kTopRight;
  return {.x = left ? margin_x : canvas.size.width - width - margin_x,
          .y = top ? margin_y : canvas.size.height - height - margin_y,
          .width = width,
          .height = height};
}

/// 1 to 9 cells: as square as it gets, a short last row is centered.
std::vector<Rect> grid_cells(const Size& area, int count, int gap) {
  const int columns = count <= 1 ? 1 : count <= 4 ? 2 : 3;
  const int rows = (count + columns - 1) / columns;
  std::vector<Rect> cells;
  for (int i = 0; i < count; ++i) {
    const int row = i / columns;
    const int in_row = row == rows - 1 ? count - row * columns : columns;
    const Span x = part(area.width, columns, gap, i % columns);
    // Fewer rows than columns: cells keep the area's aspect and the block is centered.
    const Span y = part(area.height, std::max(rows, columns), gap, row);
    const int used = std::max(rows, columns) == rows
                         ? 0
                         : (area.height - (y.size * rows + gap * (rows - 1))) / 2;
    Span column = x;
    if (in_row < columns) {
      column.size = part(area.width, columns, gap, 0).size;
      const int row_width = (column.size + gap) * in_row - gap;
      column.start =
          (((area.width - row_width) / 2) & ~1) + i % columns * ((column.size + gap) & ~1);
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
  // Of the layouts whose pictures are all alike.
  const int margin = options.margin.value_or(0) & ~1;
  const Size area{canvas.size.width - 2 * margin, canvas.size.height - 2 * margin};
  const auto add_cell = [&](std::size_t slot, const Rect& cell) {
    Layer& layer =
        add(slot, {cell.x + margin, cell.y + margin, cell.width, cell.height}, options.fit);
    layer.border = options.border;
    layer.border_rgb = options.border_rgb;
  };
  switch (options.kind) {
    case LayoutKind::kFull:
      add_cell(0, {.x = 0, .y = 0, .width = area.width, .height = area.height});
      break;
    case LayoutKind::kSideBySide:
      for (int i = 0; i < 2; ++i) {
        const Span x = part(area.width, 2, options.gap, i);
        add_cell(static_cast<std::size_t>(i),
                 {.x = x.start, .y = 0, .width = x.size, .height = area.height});
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
      const auto cells = grid_cells(area, static_cast<int>(options.slots.size()), options.gap);
      for (std::size_t i = 0; i < cells.size(); ++i) add_cell(i, cells[i]);
      break;
    }
    case LayoutKind::kItems:
      break;
  }
  return layers;
}

}  // namespace ts::scene
