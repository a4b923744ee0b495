// SPDX-License-Identifier: Apache-2.0
#include "compose/continuation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace ts::compose {
namespace {

scene::Show show() {
  return scene::parse_show(
             R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
                 "scenes": {"one": {"layout": "full", "slots": ["a"]},
                            "two": {"layout": "full", "slots": ["b"]}},
                 "overlays": {"name": {"lower_third": {"title": "x"}, "visible": true},
                              "note": {"text": "y"},
                              "left": {"countdown": {"for": "5m"}}}})",
             "show", "")
      .value();
}

TEST(Continuation, AShowBeginsAsTheOtherProgramWas) {
  scene::Show begun = show();

  const Continuation out = continue_with(
      begun, R"({"command":"black","duration_ms":0})"
             "\n"
             R"({"command":"cut","scene":"two"})"
             "\n"
             R"({"command":"go","at_ms":5000})"
             "\n"
             R"({"command":"overlay_set","overlay":"name","title":"Ana","subtitle":"B"})"
             "\n"
             R"({"command":"overlay_set","overlay":"left","to":"2026-11-20T14:03:00Z"})"
             "\n"
             R"({"command":"overlay_hide","overlay":"name"})"
             "\n"
             R"({"command":"overlay_show","overlay":"note","for_ms":8000})"
             "\n"
             R"({"command":"audio","source":"a","gain_db":-3.5,"mute":true,"delay_ms":40})"
             "\n");

  EXPECT_TRUE(out.warnings.empty());
  EXPECT_EQ(begun.program, "two");
  EXPECT_FALSE(begun.find_overlay("name")->visible);
  EXPECT_EQ(std::get<scene::LowerThird>(begun.find_overlay("name")->content).title, "Ana");
  EXPECT_TRUE(std::get<scene::CountdownOverlay>(begun.find_overlay("left")->content).to);
  EXPECT_TRUE(begun.find_overlay("note")->visible);
  EXPECT_EQ(begun.find_source("a")->gain_db, -3.5);
  EXPECT_TRUE(begun.find_source("a")->muted);
  // What a show cannot say: black, the clock, an overlay for a while, a delay of sound alone.
  ASSERT_EQ(out.actions.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<scene::BlackAction>(out.actions[0]));
  EXPECT_TRUE(std::holds_alternative<scene::GoAction>(out.actions[1]));
  EXPECT_TRUE(std::holds_alternative<scene::OverlayAction>(out.actions[2]));
  EXPECT_TRUE(std::holds_alternative<scene::DelayAction>(out.actions[3]));
}

TEST(Continuation, WhatIsNotThereAnyMoreIsToldAndTheRestHolds) {
  scene::Show begun = show();

  const Continuation out =
      continue_with(begun, R"({"command":"cut","scene":"added"})"
                           "\nno JSON\n\n"
                           R"({"command":"status"})"
                           "\n"
                           R"({"command":"audio","source":"guest","mute":true})"
                           "\n"
                           R"({"command":"audio","source":"b","mute":true})");

  EXPECT_EQ(begun.program, "one");
  EXPECT_TRUE(begun.find_source("b")->muted);
  ASSERT_EQ(out.warnings.size(), 3U);
  EXPECT_EQ(out.warnings[0], "the show has no scene 'added'");
  EXPECT_EQ(out.warnings[2], "the show has no source 'guest'");
  EXPECT_TRUE(out.actions.empty());
}

}  // namespace
}  // namespace ts::compose
