// SPDX-License-Identifier: Apache-2.0
#include "frame/frame_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ts::frame {
namespace {

struct Picture {
  Picture(int w, int h, std::uint8_t fill = 90)
      : width(w),
        height(h),
        pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h), fill) {}
  MutableLuma writable() { return {pixels.data(), width, width, height}; }
  [[nodiscard]] LumaView view() const { return {pixels.data(), width, width, height}; }
  [[nodiscard]] std::uint8_t at(int x, int y) const {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  int width;
  int height;
  std::vector<std::uint8_t> pixels;
};

/// Area averaging, as a viewer's smaller rendition would be made.
Picture scaled(const Picture& from, int width, int height) {
  Picture to(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int x0 = x * from.width / width;
      const int x1 = std::max(x0 + 1, (x + 1) * from.width / width);
      const int y0 = y * from.height / height;
      const int y1 = std::max(y0 + 1, (y + 1) * from.height / height);
      int sum = 0;
      for (int v = y0; v < y1; ++v) {
        for (int u = x0; u < x1; ++u) sum += from.at(u, v);
      }
      to.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                static_cast<std::size_t>(x)] =
          static_cast<std::uint8_t>(sum / ((x1 - x0) * (y1 - y0)));
    }
  }
  return to;
}

TEST(FrameCode, ReadsWhatWasDrawnAtEveryUsualWidth) {
  for (const int width : {320, 426, 640, 854, 960, 1280, 1920, 3840}) {
    Picture picture(width, width * 9 / 16);

    draw_frame_code(picture.writable(), 0xABCDEF);

    EXPECT_EQ(read_frame_code(picture.view()), 0xABCDEFU) << width;
  }
}

TEST(FrameCode, ReadsEveryBitAlone) {
  Picture picture(1280, 720);
  for (std::uint32_t bit = 0; bit < 24; ++bit) {
    draw_frame_code(picture.writable(), std::uint64_t{1} << bit);

    EXPECT_EQ(read_frame_code(picture.view()), 1U << bit);
  }
}

TEST(FrameCode, WrapsAtItsModulus) {
  Picture picture(1280, 720);

  draw_frame_code(picture.writable(), std::uint64_t{kFrameCodeModulus} * 3 + 7);

  EXPECT_EQ(read_frame_code(picture.view()), 7U);
}

TEST(FrameCode, SurvivesScalingToAQuarterOfTheWidth) {
  Picture picture(1280, 720);
  draw_frame_code(picture.writable(), 123456);

  EXPECT_EQ(read_frame_code(scaled(picture, 854, 480).view()), 123456U);
  EXPECT_EQ(read_frame_code(scaled(picture, 640, 360).view()), 123456U);
  EXPECT_EQ(read_frame_code(scaled(picture, 426, 240).view()), 123456U);
  EXPECT_EQ(read_frame_code(scaled(picture, 320, 180).view()), 123456U);
}

TEST(FrameCode, SurvivesNoiseAndLowContrast) {
  Picture picture(1280, 720);
  draw_frame_code(picture.writable(), 54321);
  std::uint32_t random = 1;
  for (auto& pixel : picture.pixels) {
    random = random * 1664525U + 1013904223U;
    pixel = static_cast<std::uint8_t>(60 + pixel / 2 + static_cast<int>(random >> 27U));
  }

  EXPECT_EQ(read_frame_code(picture.view()), 54321U);
}

TEST(FrameCode, IsNotSeenInPicturesWithoutOne) {
  EXPECT_EQ(read_frame_code(Picture(1280, 720, 16).view()), std::nullopt);
  EXPECT_EQ(read_frame_code(Picture(1280, 720, 235).view()), std::nullopt);
  Picture bars(1280, 720);
  for (std::size_t i = 0; i < bars.pixels.size(); ++i) {
    bars.pixels[i] = (i % 1280) / 160 % 2 != 0 ? 235 : 16;
  }
  EXPECT_EQ(read_frame_code(bars.view()), std::nullopt);
}

TEST(FrameCode, OneFlippedCellIsRefused) {
  Picture picture(1280, 720);
  draw_frame_code(picture.writable(), 4242);
  for (int y = 0; y < 16; ++y) {
    for (int x = 160; x < 176; ++x) {
      auto& pixel = picture.pixels[static_cast<std::size_t>(y * 1280 + x)];
      pixel = static_cast<std::uint8_t>(251 - pixel);
    }
  }

  EXPECT_EQ(read_frame_code(picture.view()), std::nullopt);
}

TEST(FrameCode, LeavesTheRestOfThePictureAlone) {
  Picture picture(1280, 720, 90);

  draw_frame_code(picture.writable(), 99);

  const FrameCodeArea area = frame_code_area(1280);
  EXPECT_EQ(area.width, 608);
  EXPECT_EQ(area.height, 16);
  EXPECT_EQ(picture.at(608, 0), 90);
  EXPECT_EQ(picture.at(0, 16), 90);
}

TEST(FrameCode, ATinyPictureIsLeftAloneAndReadsAsNothing) {
  Picture tiny(64, 36, 90);

  draw_frame_code(tiny.writable(), 5);

  EXPECT_EQ(tiny.at(0, 0), 90);
  EXPECT_EQ(read_frame_code(tiny.view()), std::nullopt);
}

}  // namespace
}  // namespace ts::frame
