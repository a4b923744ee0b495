// SPDX-License-Identifier: Apache-2.0
#include "sandbox/composite.hpp"

#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

CompositeView room_of(std::size_t people, std::string layout) {
  CompositeView view{.layout = std::move(layout)};
  for (std::size_t i = 1; i <= people; ++i) {
    view.members.push_back({.publish = i, .video = true, .audio = true});
  }
  return view;
}

using Tiles = std::vector<CompositeTile>;

TEST(CompositeLayout, OfTwoInAGridIsSideBySide) {
  EXPECT_EQ(arrange_composite(room_of(2, "grid"), 1280, 720, 0),
            (Tiles{{.publish = 1, .x = 0, .y = 0, .width = 640, .height = 720},
                   {.publish = 2, .x = 640, .y = 0, .width = 640, .height = 720}}));
}

TEST(CompositeLayout, OfTwoInAPortraitGridIsOneAboveTheOther) {
  const auto tiles = arrange_composite(room_of(2, ""), 720, 1280, 0);

  EXPECT_EQ(tiles[1], (CompositeTile{.publish = 2, .x = 0, .y = 640, .width = 720, .height = 640}));
}

TEST(CompositeLayout, OfThreeInAGridLeavesAQuarterFree) {
  const auto tiles = arrange_composite(room_of(3, "grid"), 1280, 720, 0);

  EXPECT_EQ(tiles[2], (CompositeTile{.publish = 3, .x = 0, .y = 360, .width = 640, .height = 360}));
}

TEST(CompositeLayout, OfMoreThanFitLeavesTheLastOut) {
  EXPECT_EQ(arrange_composite(room_of(20, "grid"), 1280, 720, 0).size(), 15U);
}

TEST(CompositeLayout, ShowsTheSpeakerLargeAndTheOthersOnTheLeft) {
  EXPECT_EQ(arrange_composite(room_of(2, "speaker"), 1200, 720, 2),
            (Tiles{{.publish = 2, .x = 200, .y = 0, .width = 1000, .height = 720},
                   {.publish = 1, .x = 0, .y = 0, .width = 200, .height = 112}}));
}

TEST(CompositeLayout, ShowsASpeakerAloneWithoutAColumn) {
  const auto tiles = arrange_composite(room_of(1, "speaker"), 1280, 720, 0);

  EXPECT_EQ(tiles, (Tiles{{.publish = 1, .width = 1280, .height = 720}}));
}

TEST(CompositeLayout, OfASingleSpeakerShowsNobodyElse) {
  EXPECT_EQ(arrange_composite(room_of(3, "single-speaker-dark"), 1280, 720, 3),
            (Tiles{{.publish = 3, .width = 1280, .height = 720}}));
}

TEST(CompositeLayout, IsBrightBehindTheTilesWhenItIsLight) {
  const auto tiles = arrange_composite(room_of(1, "grid-light"), 1280, 720, 0);

  EXPECT_EQ(tiles[0], (CompositeTile{.publish = 0, .width = 1280, .height = 720}));
}

TEST(CompositeLayout, PutsASharedScreenFirstAndShowsItWhole) {
  auto view = room_of(2, "grid");
  view.members[1].screen = true;

  const auto tiles = arrange_composite(view, 1200, 720, 1);

  EXPECT_EQ(tiles[0].publish, 2U);
  EXPECT_TRUE(tiles[0].whole);
  EXPECT_EQ(tiles[1].width, 200);
}

TEST(CompositeLayout, OfNobodyWithAPictureIsEmpty) {
  CompositeView view{.members = {{.publish = 1, .audio = true}}};

  EXPECT_TRUE(arrange_composite(view, 1280, 720, 0).empty());
}

}  // namespace
}  // namespace ts::sandbox
