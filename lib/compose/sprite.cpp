// SPDX-License-Identifier: Apache-2.0
#include "compose/sprite.hpp"

#include <algorithm>
#include <cstddef>

namespace ts::compose {
namespace {

const std::uint8_t* row_of(const AVFrame& frame, int plane, int y) noexcept {
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane];
}

}  // namespace

Sprite::Sprite(const AVFrame& picture) : size_(size_of(picture)) {
  for (int index = 0; index < 3; ++index) {
    const int shift = index == 0 ? 0 : 1;
    Plane& plane = planes_.at(static_cast<std::size_t>(index));
    plane.width = size_.width >> shift;
    plane.height = size_.height >> shift;
    for (int y = 0; y < plane.height; ++y) {
      const std::uint8_t* colors = row_of(picture, index, y);
      const std::uint8_t* alpha = row_of(picture, 3, y << shift);
      const std::uint8_t* next_alpha = row_of(picture, 3, (y << shift) + shift);
      Span span{.begin = plane.width, .end = 0};
      for (int x = 0; x < plane.width; ++x) {
        const int u = x << shift;
        const int a = shift == 0
                          ? alpha[u]
                          : (alpha[u] + alpha[u + 1] + next_alpha[u] + next_alpha[u + 1]) / 4;
        const int product = colors[x] * a + 128;
        plane.color.push_back(static_cast<std::uint8_t>((product + (product >> 8)) >> 8));
        plane.keep.push_back(static_cast<std::uint8_t>(255 - a));
        if (a == 0) continue;
        span.begin = std::min(span.begin, x);
        span.end = x + 1;
      }
      plane.rows.push_back(span);
    }
  }
}

void Sprite::draw(const Kernels& kernels, AVFrame& canvas, int x, int y, int factor_256) const {
  if (factor_256 <= 0) return;
  for (int index = 0; index < 3; ++index) {
    const int shift = index == 0 ? 0 : 1;
    const Plane& plane = planes_.at(static_cast<std::size_t>(index));
    const int left = x >> shift;
    const int top = y >> shift;
    const int canvas_width = canvas.width >> shift;
    const int canvas_height = canvas.height >> shift;
    const int last = std::min(plane.height, canvas_height - top);
    for (int row = std::max(0, -top); row < last; ++row) {
      const Span& span = plane.rows[static_cast<std::size_t>(row)];
      const int begin = std::max(span.begin, -left);
      const int count = std::min(span.end, canvas_width - left) - begin;
      if (count <= 0) continue;
      const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(row) * plane.width + begin;
      std::uint8_t* ground = canvas.data[index] +
                             static_cast<std::ptrdiff_t>(top + row) * canvas.linesize[index] +
                             left + begin;
      if (factor_256 >= 256) {
        kernels.over(ground, plane.color.data() + from, plane.keep.data() + from, count);
      } else {
        kernels.over_faded(ground, plane.color.data() + from, plane.keep.data() + from, count,
                           factor_256);
      }
    }
  }
}

}  // namespace ts::compose
