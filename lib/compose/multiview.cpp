// SPDX-License-Identifier: Apache-2.0
#include "compose/multiview.hpp"

#include "compose/kernels/plane_scaler.hpp"
#include "compose/text_painter.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace ts::compose {
namespace {

constexpr scene::Size kSize{1280, 720};
constexpr std::uint32_t kGround = 0x101418;
constexpr std::uint32_t kQuiet = 0x3A424C;
constexpr std::uint32_t kEmpty = 0x1A212B;
constexpr std::uint32_t kRed = 0xD02020;
constexpr std::uint32_t kGreen = 0x209040;
constexpr int kGap = 8;
constexpr int kFrame = 4;

int even_down(double value) { return static_cast<int>(value) & ~1; }

std::uint8_t* at(AVFrame& frame, int plane, int x, int y) {
  return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane] + x;
}

/// The picture inside the place, whole and in its own shape.
void draw_picture(AVFrame& canvas, const AVFrame& picture, const scene::Rect& place) {
  double aspect = static_cast<double>(picture.width) / picture.height;
  if (picture.sample_aspect_ratio.num > 0) aspect *= av_q2d(picture.sample_aspect_ratio);
  const double scale = std::min(place.width / aspect, static_cast<double>(place.height));
  const scene::Size size{std::max(2, even_down(std::round(scale * aspect))),
                         std::max(2, even_down(std::round(scale)))};
  const int x = place.x + ((place.width - size.width) / 2 & ~1);
  const int y = place.y + ((place.height - size.height) / 2 & ~1);
  for (int plane = 0; plane < 3; ++plane) {
    const int shift = plane == 0 ? 0 : 1;
    PlaneScaler scaler({picture.width >> shift, picture.height >> shift},
                       {size.width >> shift, size.height >> shift});
    scaler.run(best_kernels(), picture.data[plane], picture.linesize[plane],
               {0, 0, size.width >> shift, size.height >> shift},
               at(canvas, plane, x >> shift, y >> shift), canvas.linesize[plane]);
  }
}

/// White text on what is there; its capitals at y.
void draw_label(AVFrame& canvas, const std::string& text, int x, int y, int size, int width) {
  const auto drawn =
      draw_text(text, {.size = size, .bold = true, .max_width = width, .max_height = 2 * size});
  if (!drawn.ok()) return;
  const DrawnText& label = drawn.value();
  for (int v = 0; v < label.height; ++v) {
    const int row = y + label.top + v;
    if (row < 0 || row >= canvas.height) continue;
    for (int u = 0; u < label.width && x + u < canvas.width; ++u) {
      std::uint8_t* luma = at(canvas, 0, x + u, row);
      const int covered = label.at(u, v).a;
      *luma = static_cast<std::uint8_t>(*luma + (235 - *luma) * covered / 255);
      if (row % 2 != 0 || (x + u) % 2 != 0) continue;
      for (const int plane : {1, 2}) {
        std::uint8_t* chroma = at(canvas, plane, (x + u) / 2, row / 2);
        *chroma = static_cast<std::uint8_t>(*chroma + (128 - *chroma) * covered / 255);
      }
    }
  }
}

std::uint32_t color_of(Multiview::Tally tally) {
  if (tally == Multiview::Tally::kProgram) return kRed;
  return tally == Multiview::Tally::kPreview ? kGreen : kQuiet;
}

/// A frame in the tally's color, the picture in it and the name below.
void draw_tile(AVFrame& canvas, const Multiview::Tile& tile, const scene::Rect& place, int label) {
  fill_rect(canvas, place, color_of(tile.tally));
  const scene::Rect inside{place.x + kFrame, place.y + kFrame, place.width - 2 * kFrame,
                           place.height - label - 2 * kFrame};
  fill_rect(canvas, inside, kEmpty);
  if (tile.picture) draw_picture(canvas, *tile.picture, inside);
  const int size = label * 5 / 8;
  const std::string text = tile.trouble.empty() ? tile.name : tile.name + " · " + tile.trouble;
  draw_label(canvas, text, place.x + 2 * kFrame,
             place.y + place.height - label / 2 - kFrame / 2 - size * 3 / 8, size,
             place.width - 4 * kFrame);
}

}  // namespace

Picture draw_multiview(const Multiview& content) {
  media::AvFrame canvas = make_canvas(kSize);
  fill_rect(*canvas, {0, 0, kSize.width, kSize.height}, kGround);
  const int count = static_cast<int>(content.sources.size());
  const int columns = count <= 4 ? 4 : count <= 10 ? 5 : count <= 18 ? 6 : 8;
  const int rows = std::max(1, (count + columns - 1) / columns);
  // The sources' rows take what they need, the two large pictures the rest.
  const int cell_width = even_down((kSize.width - kGap * (columns + 1)) / columns);
  int label = 24;
  int cell_height = even_down(cell_width * 9.0 / 16) + label;
  const int most = (kSize.height / 2 - kGap) / rows - kGap;
  if (cell_height > most) {
    label = std::max(14, most / 6) & ~1;
    cell_height = most & ~1;
  }
  const int below = rows * (cell_height + kGap) + kGap;
  const scene::Rect left{kGap, kGap, even_down((kSize.width - 3 * kGap) / 2.0),
                         even_down(kSize.height - below - kGap)};
  scene::Rect right = left;
  right.x = kSize.width - kGap - right.width;
  draw_tile(*canvas, content.preview, left, 32);
  draw_tile(*canvas, content.program, right, 32);
  for (int i = 0; i < count; ++i) {
    const scene::Rect place{kGap + i % columns * (cell_width + kGap),
                            (kSize.height - below + kGap + i / columns * (cell_height + kGap)) & ~1,
                            cell_width, cell_height};
    draw_tile(*canvas, content.sources[static_cast<std::size_t>(i)], place, label);
  }
  return share(std::move(canvas));
}

}  // namespace ts::compose
