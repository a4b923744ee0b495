// SPDX-License-Identifier: Apache-2.0
#include "scene/geometry.hpp"

#include <algorithm>
#include <cmath>

namespace ts::scene {
namespace {

int even_down(int value) noexcept { return value & ~1; }
int even_near(double value) noexcept { return 2 * static_cast<int>(std::lround(value / 2)); }

}  // namespace

bool Rect::covers(const Rect& other) const noexcept {
  return x <= other.x && y <= other.y && x + width >= other.x + other.width &&
         y + height >= other.y + other.height;
}

bool Rect::intersects(const Rect& other) const noexcept {
  return x < other.x + other.width && other.x < x + width && y < other.y + other.height &&
         other.y < y + height;
}

Fitted fit_picture(Size picture, Ratio pixel_aspect, const Crop& crop, const Rect& cell, Fit fit) {
  const int left = std::min(even_near(crop.left * picture.width), even_down(picture.width) - 2);
  const int top = std::min(even_near(crop.top * picture.height), even_down(picture.height) - 2);
  const int right = even_near(crop.right * picture.width);
  const int bottom = even_near(crop.bottom * picture.height);
  Fitted out;
  out.source = {.x = left,
                .y = top,
                .width = std::max(2, even_down(picture.width - left - right)),
                .height = std::max(2, even_down(picture.height - top - bottom))};
  out.target = cell;
  if (fit == Fit::kStretch || cell.width <= 0 || cell.height <= 0) return out;

  const double shown = out.source.width * pixel_aspect.value();
  const double picture_aspect = shown / out.source.height;
  const double cell_aspect = static_cast<double>(cell.width) / cell.height;
  if (fit == Fit::kCover) {
    if (picture_aspect > cell_aspect) {
      const int width = std::clamp(even_near(out.source.width * cell_aspect / picture_aspect), 2,
                                   out.source.width);
      out.source.x += even_down((out.source.width - width) / 2);
      out.source.width = width;
    } else {
      const int height = std::clamp(even_near(out.source.height * picture_aspect / cell_aspect), 2,
                                    out.source.height);
      out.source.y += even_down((out.source.height - height) / 2);
      out.source.height = height;
    }
    return out;
  }
  if (picture_aspect > cell_aspect) {
    out.target.height = std::clamp(even_near(cell.width / picture_aspect), 2, cell.height);
    out.target.y += even_down((cell.height - out.target.height) / 2);
  } else {
    out.target.width = std::clamp(even_near(cell.height * picture_aspect), 2, cell.width);
    out.target.x += even_down((cell.width - out.target.width) / 2);
  }
  return out;
}

Rect even_around(const Rect& rect) noexcept {
  const int x = even_down(rect.x);
  const int y = even_down(rect.y);
  return {.x = x,
          .y = y,
          .width = even_down(rect.x + rect.width + 1) - x,
          .height = even_down(rect.y + rect.height + 1) - y};
}

Rect even_inside(const Rect& rect, Size bounds) noexcept {
  const Rect around = even_around(rect);
  const int x0 = std::clamp(around.x, 0, bounds.width);
  const int y0 = std::clamp(around.y, 0, bounds.height);
  const int x1 = even_down(std::clamp(around.x + around.width, 0, bounds.width));
  const int y1 = even_down(std::clamp(around.y + around.height, 0, bounds.height));
  if (x1 <= x0 || y1 <= y0) return {};
  return {.x = x0, .y = y0, .width = x1 - x0, .height = y1 - y0};
}

}  // namespace ts::scene
