// SPDX-License-Identifier: Apache-2.0
#include "compose/region.hpp"

#include <algorithm>

namespace ts::compose {

scene::Rect intersection(const scene::Rect& a, const scene::Rect& b) noexcept {
  const int x = std::max(a.x, b.x);
  const int y = std::max(a.y, b.y);
  const int right = std::min(a.x + a.width, b.x + b.width);
  const int bottom = std::min(a.y + a.height, b.y + b.height);
  if (right <= x || bottom <= y) return {};
  return {.x = x, .y = y, .width = right - x, .height = bottom - y};
}

std::vector<scene::Rect> subtract(const std::vector<scene::Rect>& area, const scene::Rect& hole) {
  std::vector<scene::Rect> out;
  for (const scene::Rect& rect : area) {
    const scene::Rect cut = intersection(rect, hole);
    if (cut.width == 0) {
      out.push_back(rect);
      continue;
    }
    const int cut_bottom = cut.y + cut.height;
    const int cut_right = cut.x + cut.width;
    const auto add = [&](int x, int y, int width, int height) {
      if (width > 0 && height > 0) out.push_back({x, y, width, height});
    };
    add(rect.x, rect.y, rect.width, cut.y - rect.y);
    add(rect.x, cut_bottom, rect.width, rect.y + rect.height - cut_bottom);
    add(rect.x, cut.y, cut.x - rect.x, cut.height);
    add(cut_right, cut.y, rect.x + rect.width - cut_right, cut.height);
  }
  return out;
}

}  // namespace ts::compose
