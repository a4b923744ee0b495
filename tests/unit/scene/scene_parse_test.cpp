// SPDX-License-Identifier: Apache-2.0
#include "scene/scene_parse.hpp"

#include <gtest/gtest.h>

namespace ts::scene {
namespace {

Show show_of_two() {
  Show show;
  show.canvas.size = {640, 360};
  show.sources = {{.name = "a"}, {.name = "b"}};
  return show;
}

TEST(ParseScene, ArrangesTheSourcesOfTheShowOnItsCanvas) {
  const auto scene = parse_scene("late", R"({"layout": "full", "slots": ["b"]})", show_of_two());

  ASSERT_TRUE(scene.ok()) << scene.error().message;
  EXPECT_EQ(scene.value().name, "late");
  ASSERT_EQ(scene.value().layers.size(), 1U);
  EXPECT_EQ(scene.value().layers[0].source, "b");
  EXPECT_EQ(scene.value().layers[0].cell, (Rect{0, 0, 640, 360}));
}

TEST(ParseScene, KnowsNoOtherSources) {
  const auto scene = parse_scene("late", R"({"layout": "full", "slots": ["c"]})", show_of_two());

  ASSERT_FALSE(scene.ok());
  EXPECT_EQ(scene.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace ts::scene
