// SPDX-License-Identifier: Apache-2.0
#include "scene/layout.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::scene {
namespace {

const Canvas kCanvas{};

std::vector<std::string> names(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back("s" + std::to_string(i));
  return out;
}

TEST(Layout, FullIsTheWholeCanvas) {
  const auto layers = arrange(kCanvas, {.kind = LayoutKind::kFull, .slots = names(1)});

  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].cell, (Rect{0, 0, 1280, 720}));
}

TEST(Layout, SideBySideSharesTheWidthAndLeavesTheGap) {
  const auto layers =
      arrange(kCanvas, {.kind = LayoutKind::kSideBySide, .slots = names(2), .gap = 8});

  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].cell, (Rect{0, 0, 636, 720}));
  EXPECT_EQ(layers[1].cell, (Rect{644, 0, 636, 720}));
}

TEST(Layout, TheMarginIsAroundAllCellsAndTheBorderInEach) {
  const auto of = [](LayoutKind kind, int count) {
    return arrange(kCanvas, {.kind = kind,
                             .slots = names(count),
                             .margin = 41,
                             .gap = 8,
                             .border = 4,
                             .border_rgb = 0x102030});
  };

  const auto full = of(LayoutKind::kFull, 1);
  const auto sides = of(LayoutKind::kSideBySide, 2);
  const auto grid = of(LayoutKind::kGrid, 4);

  EXPECT_EQ(full[0].cell, (Rect{40, 40, 1200, 640}));
  EXPECT_EQ(sides[0].cell, (Rect{40, 40, 596, 640}));
  EXPECT_EQ(sides[1].cell, (Rect{644, 40, 596, 640}));
  EXPECT_EQ(grid[3].cell, (Rect{644, 364, 596, 316}));
  for (const auto& layers : {full, sides, grid}) {
    for (const Layer& layer : layers) {
      EXPECT_EQ(layer.border, 4);
      EXPECT_EQ(layer.border_rgb, 0x102030U);
    }
  }
}

TEST(Layout, PipPutsTheSmallPictureIntoItsCorner) {
  const auto right = arrange(kCanvas, {.kind = LayoutKind::kPip, .slots = names(2)});
  const auto left =
      arrange(kCanvas, {.kind = LayoutKind::kPip, .slots = names(2), .corner = Corner::kTopLeft});

  EXPECT_EQ(right[1].cell, (Rect{898, 494, 358, 202}));
  EXPECT_EQ(left[1].cell, (Rect{24, 24, 358, 202}));
}

TEST(Layout, ScreenShowsTheWholeScreen) {
  const auto layers = arrange(kCanvas, {.kind = LayoutKind::kScreen, .slots = names(2)});

  EXPECT_EQ(layers[0].fit, Fit::kContain);
  EXPECT_EQ(layers[1].fit, Fit::kCover);
}

TEST(Layout, GridsOfOneToNineFillTheCanvasWithoutOverlap) {
  for (int count = 1; count <= 9; ++count) {
    const auto layers = arrange(kCanvas, {.kind = LayoutKind::kGrid, .slots = names(count)});

    ASSERT_EQ(layers.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Rect& cell = layers[i].cell;
      EXPECT_EQ((cell.x | cell.y | cell.width | cell.height) & 1, 0) << count;
      EXPECT_TRUE((Rect{0, 0, 1280, 720}).covers(cell)) << count;
      for (std::size_t k = i + 1; k < layers.size(); ++k) {
        EXPECT_FALSE(cell.intersects(layers[k].cell)) << count << ": " << i << ' ' << k;
      }
    }
  }
  const auto four = arrange(kCanvas, {.kind = LayoutKind::kGrid, .slots = names(4)});
  EXPECT_EQ(four[3].cell, (Rect{640, 360, 640, 360}));
  const auto three = arrange(kCanvas, {.kind = LayoutKind::kGrid, .slots = names(3)});
  EXPECT_EQ(three[2].cell, (Rect{320, 360, 640, 360}));
}

}  // namespace
}  // namespace ts::scene
