// SPDX-License-Identifier: Apache-2.0
#include "scene/geometry.hpp"

#include <gtest/gtest.h>

namespace ts::scene {
namespace {

constexpr Rect kCell{0, 0, 640, 360};

TEST(FitPicture, CoverCutsTheSidesOfAWiderPicture) {
  const Fitted fitted = fit_picture({1000, 360}, {1, 1}, {}, kCell, Fit::kCover);

  EXPECT_EQ(fitted.target, kCell);
  EXPECT_EQ(fitted.source, (Rect{180, 0, 640, 360}));
}

TEST(FitPicture, CoverCutsTopAndBottomOfATallerPicture) {
  const Fitted fitted = fit_picture({720, 1280}, {1, 1}, {}, kCell, Fit::kCover);

  EXPECT_EQ(fitted.source, (Rect{0, 436, 720, 406}));
}

TEST(FitPicture, ContainKeepsTheWholePictureInTheMiddle) {
  const Fitted fitted = fit_picture({720, 1280}, {1, 1}, {}, kCell, Fit::kContain);

  EXPECT_EQ(fitted.source, (Rect{0, 0, 720, 1280}));
  EXPECT_EQ(fitted.target, (Rect{218, 0, 202, 360}));
}

TEST(FitPicture, StretchUsesBothAsTheyAre) {
  const Fitted fitted = fit_picture({100, 700}, {1, 1}, {}, kCell, Fit::kStretch);

  EXPECT_EQ(fitted.source, (Rect{0, 0, 100, 700}));
  EXPECT_EQ(fitted.target, kCell);
}

TEST(FitPicture, PixelAspectCountsForTheShape) {
  // PAL wide: 720 x 576 shown as 16:9 needs no cutting in a 16:9 cell.
  const Fitted fitted = fit_picture({720, 576}, {64, 45}, {}, kCell, Fit::kCover);

  EXPECT_EQ(fitted.source, (Rect{0, 0, 720, 576}));
}

TEST(FitPicture, CropComesBeforeFitting) {
  const Fitted fitted =
      fit_picture({1280, 720}, {1, 1}, {.left = 0.25, .right = 0.25}, kCell, Fit::kStretch);

  EXPECT_EQ(fitted.source, (Rect{320, 0, 640, 720}));
}

TEST(FitPicture, EveryNumberIsEvenAndInsideForAnySize) {
  for (int width = 2; width < 400; width += 7) {
    for (int height = 2; height < 400; height += 11) {
      for (const Fit fit : {Fit::kCover, Fit::kContain, Fit::kStretch}) {
        const Fitted fitted =
            fit_picture({width, height}, {16, 15}, {.top = 0.1}, {10, 20, 300, 170}, fit);
        const Rect& s = fitted.source;
        const Rect& t = fitted.target;
        ASSERT_EQ((s.x | s.y | s.width | s.height | t.x | t.y | t.width | t.height) & 1, 0);
        ASSERT_GE(s.width, 2);
        ASSERT_GE(s.height, 2);
        ASSERT_TRUE((Rect{0, 0, width, height}).covers(s)) << width << 'x' << height;
        ASSERT_TRUE((Rect{10, 20, 300, 170}).covers(t)) << width << 'x' << height;
      }
    }
  }
}

TEST(EvenInside, CutsAtTheCanvas) {
  EXPECT_EQ(even_inside({-10, 5, 31, 30}, {100, 100}), (Rect{0, 4, 22, 32}));
  EXPECT_EQ(even_inside({200, 0, 10, 10}, {100, 100}), Rect{});
}

}  // namespace
}  // namespace ts::scene
