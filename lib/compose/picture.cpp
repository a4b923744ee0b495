// SPDX-License-Identifier: Apache-2.0
#include "compose/picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <new>

namespace ts::compose {
namespace {

std::uint8_t to_byte(double value) noexcept {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

void fill_plane(std::uint8_t* data, int stride, int width, int height,
                std::uint8_t value) noexcept {
  for (int y = 0; y < height; ++y) {
    std::memset(data + static_cast<std::ptrdiff_t>(y) * stride, value,
                static_cast<std::size_t>(width));
  }
}

}  // namespace

Yuv to_yuv(std::uint32_t rgb) noexcept {
  const double r = ((rgb >> 16U) & 0xFFU) / 255.0;
  const double g = ((rgb >> 8U) & 0xFFU) / 255.0;
  const double b = (rgb & 0xFFU) / 255.0;
  const double luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return {.y = to_byte(16 + 219 * luma),
          .u = to_byte(128 + 224 * (b - luma) / 1.8556),
          .v = to_byte(128 + 224 * (r - luma) / 1.5748)};
}

media::AvFrame make_canvas(scene::Size size, AVPixelFormat format) {
  media::AvFrame frame = media::make_frame();
  frame->format = format;
  frame->width = size.width;
  frame->height = size.height;
  frame->color_range = AVCOL_RANGE_MPEG;
  frame->colorspace = AVCOL_SPC_BT709;
  frame->color_primaries = AVCOL_PRI_BT709;
  frame->color_trc = AVCOL_TRC_BT709;
  frame->chroma_location = AVCHROMA_LOC_LEFT;
  frame->sample_aspect_ratio = {1, 1};
  if (av_frame_get_buffer(frame.get(), 64) < 0) throw std::bad_alloc();
  return frame;
}

media::AvFrame copy_pixels(const AVFrame& from) {
  media::AvFrame frame =
      make_canvas({from.width, from.height}, static_cast<AVPixelFormat>(from.format));
  av_frame_copy_props(frame.get(), &from);
  av_frame_copy(frame.get(), &from);
  return frame;
}

void fill_rect(AVFrame& frame, const scene::Rect& rect, std::uint32_t rgb) noexcept {
  const Yuv color = to_yuv(rgb);
  const auto offset = [&](int plane, int x, int y) {
    return frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane] + x;
  };
  fill_plane(offset(0, rect.x, rect.y), frame.linesize[0], rect.width, rect.height, color.y);
  fill_plane(offset(1, rect.x / 2, rect.y / 2), frame.linesize[1], rect.width / 2, rect.height / 2,
             color.u);
  fill_plane(offset(2, rect.x / 2, rect.y / 2), frame.linesize[2], rect.width / 2, rect.height / 2,
             color.v);
}

std::string shrink_to_rgb(const AVFrame& picture, scene::Size size) {
  const auto mean = [&](int plane, int shift, int x, int y) {
    const int width = std::max(1, picture.width >> shift);
    const int height = std::max(1, picture.height >> shift);
    const int x0 = x * width / size.width;
    const int x1 = std::max(x0 + 1, (x + 1) * width / size.width);
    const int y0 = y * height / size.height;
    const int y1 = std::max(y0 + 1, (y + 1) * height / size.height);
    int sum = 0;
    for (int v = y0; v < y1; ++v) {
      const std::uint8_t* row =
          picture.data[plane] + static_cast<std::ptrdiff_t>(v) * picture.linesize[plane];
      for (int u = x0; u < x1; ++u) sum += row[u];
    }
    return static_cast<double>(sum) / ((x1 - x0) * (y1 - y0));
  };
  std::string out;
  out.reserve(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double luma = (mean(0, 0, x, y) - 16) * 255 / 219;
      const double u = (mean(1, 1, x, y) - 128) * 255 / 224;
      const double v = (mean(2, 1, x, y) - 128) * 255 / 224;
      for (const double value :
           {luma + 1.5748 * v, luma - 0.1873 * u - 0.4681 * v, luma + 1.8556 * u}) {
        out.push_back(static_cast<char>(to_byte(value)));
      }
    }
  }
  return out;
}

}  // namespace ts::compose
