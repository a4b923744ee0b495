// SPDX-License-Identifier: Apache-2.0
#pragma once

extern "C" {
#include <libavutil/frame.h>
}

#include <algorithm>
#include <cstdint>

namespace ts::test {

/// Structural similarity of one plane: 8 x 8 windows, every 4 pixels; 1 is the same.
inline double ssim_plane(const std::uint8_t* a, int a_stride, const std::uint8_t* b, int b_stride,
                         int width, int height) {
  constexpr double kC1 = 6.5025;
  constexpr double kC2 = 58.5225;
  const int size = std::min({8, width, height});
  double total = 0;
  int windows = 0;
  for (int y = 0; y + size <= height; y += 4) {
    for (int x = 0; x + size <= width; x += 4) {
      int sum_a = 0;
      int sum_b = 0;
      int squares_a = 0;
      int squares_b = 0;
      int products = 0;
      for (int v = y; v < y + size; ++v) {
        for (int u = x; u < x + size; ++u) {
          const int p = a[static_cast<std::ptrdiff_t>(v) * a_stride + u];
          const int q = b[static_cast<std::ptrdiff_t>(v) * b_stride + u];
          sum_a += p;
          sum_b += q;
          squares_a += p * p;
          squares_b += q * q;
          products += p * q;
        }
      }
      const double n = size * size;
      const double mean_a = sum_a / n;
      const double mean_b = sum_b / n;
      const double var_a = squares_a / n - mean_a * mean_a;
      const double var_b = squares_b / n - mean_b * mean_b;
      const double covariance = products / n - mean_a * mean_b;
      total += (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
               ((mean_a * mean_a + mean_b * mean_b + kC1) * (var_a + var_b + kC2));
      ++windows;
    }
  }
  return windows == 0 ? 1 : total / windows;
}

/// Of two yuv420p frames of one size; the planes weigh as many pixels as they have.
inline double ssim(const AVFrame& a, const AVFrame& b) {
  const auto plane = [&](int index, int shift) {
    return ssim_plane(a.data[index], a.linesize[index], b.data[index], b.linesize[index],
                      a.width >> shift, a.height >> shift);
  };
  return (4 * plane(0, 0) + plane(1, 1) + plane(2, 1)) / 6;
}

}  // namespace ts::test
