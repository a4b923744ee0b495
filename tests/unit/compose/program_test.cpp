// SPDX-License-Identifier: Apache-2.0
#include "compose/program.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::compose {
namespace {

Program program(const std::string& cues, bool hold = false) {
  const auto show = scene::parse_show(
      R"({"canvas": {"fps": 25}, "sources": {"a": {"color": "red", "gain_db": -3}, "b": {"color": "blue"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"], "gains": {"a": -6}}},
          "overlays": {"name": {"lower_third": {"title": "x"}, "fade": "200ms"}}, "cues": [)" +
          cues + "]}",
      "show", "");
  Program out(show.value());
  if (hold) out.hold();
  return out;
}

TEST(Program, ACueHoldsFromTheFirstTickAtOrAfterItsTime) {
  Program p = program(R"({"at": "1001ms", "take": "two"})");

  p.advance(25);
  EXPECT_EQ(p.state(25).scene, "one");
  p.advance(26);
  EXPECT_EQ(p.state(26).scene, "two");
}

TEST(Program, AShowThatGoesOnLeavesOutTheCuesBefore) {
  Program p = program(R"({"at": "1s", "take": "two"}, {"at": "10s", "take": "one"})", true);
  ASSERT_TRUE(p.apply(scene::TakeAction{"two", {}}, 3).ok());

  const scene::GoAction go{std::chrono::seconds{8}, std::chrono::seconds{8}};
  ASSERT_TRUE(p.apply(go, 3).ok());

  EXPECT_EQ(p.begin(), 3 - 200);
  ASSERT_NE(p.next_cue().cue, nullptr);
  EXPECT_EQ(p.next_cue().tick, 53U);
  p.advance(52);
  EXPECT_EQ(p.state(52).scene, "two");
  p.advance(53);
  EXPECT_EQ(p.state(53).scene, "one");
}

TEST(Program, AShowThatGoesOnDoesWhatItMissed) {
  Program p = program(R"({"at": "1s", "take": "two"}, {"at": "2s", "show": "name"},
                         {"at": "10s", "stop": true})",
                      true);
  const scene::GoAction go{std::chrono::seconds{11}, std::chrono::milliseconds{1500}};

  ASSERT_TRUE(p.apply(go, 0).ok());
  p.advance(0);

  EXPECT_EQ(p.state(0).scene, "one") << "done before, and perhaps undone by hand";
  EXPECT_EQ(p.state(5).overlays.size(), 1U);
  EXPECT_TRUE(p.state(0).stop);
}

TEST(Program, AFadeOfTenTicksMovesEvenlyAndEnds) {
  Program p = program(R"({"at": "1s", "take": "two", "transition": "fade", "duration": "400ms"})");

  p.advance(25);
  EXPECT_EQ(p.state(25).outgoing, "one");
  EXPECT_NEAR(p.state(25).progress, 1.0 / 11, 1e-9);
  EXPECT_NEAR(p.state(34).progress, 10.0 / 11, 1e-9);
  p.advance(35);
  EXPECT_TRUE(p.state(35).outgoing.empty());
}

TEST(Program, GainsOfScenesGlideWithTheFade) {
  Program p = program(R"({"at": "1s", "take": "two", "transition": "fade", "duration": "400ms"})");

  p.advance(24);
  EXPECT_EQ(p.gain_db("a") + p.gliding_db("a", 24), -3);
  p.advance(25);
  EXPECT_NEAR(p.gain_db("a") + p.gliding_db("a", 25), -3 - 6 * 1.0 / 11, 1e-9);
  EXPECT_NEAR(p.gain_db("a") + p.gliding_db("a", 34), -3 - 6 * 10.0 / 11, 1e-9);
  EXPECT_EQ(p.gliding_db("b", 30), 0);
  p.advance(35);
  EXPECT_EQ(p.gain_db("a") + p.gliding_db("a", 35), -9);
}

TEST(Program, AnOverlayFadesInAndTurnsBackHalfWay) {
  Program p = program("");

  ASSERT_TRUE(p.apply(scene::OverlayAction{"name", true}, 10).ok());
  ASSERT_EQ(p.state(10).overlays.size(), 1U);
  EXPECT_NEAR(p.state(10).overlays[0].opacity, 0.2, 1e-9);
  EXPECT_NEAR(p.state(14).overlays[0].opacity, 1.0, 1e-9);
  ASSERT_TRUE(p.apply(scene::OverlayAction{"name", false}, 12).ok());
  EXPECT_NEAR(p.state(12).overlays[0].opacity, 0.4, 1e-9);
  EXPECT_TRUE(p.state(14).overlays.empty());
}

TEST(Program, TakeWithoutASceneTakesThePreviewAndSwaps) {
  Program p = program("");

  const Status empty = p.apply(scene::TakeAction{}, 0);
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(p.apply(scene::PreviewAction{"two"}, 1).ok());
  ASSERT_TRUE(p.apply(scene::TakeAction{}, 2).ok());
  EXPECT_EQ(p.scene(), "two");
  EXPECT_EQ(p.preview(), "one");
}

TEST(Program, UnknownNamesAreNotFoundWithASuggestion) {
  Program p = program("");

  const Status status = p.apply(scene::TakeAction{.scene = "tow"}, 0);

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(status.error().hint, "did you mean 'two'?");
}

TEST(Program, GainsAreTheSourcesPlusTheScenes) {
  Program p = program(R"({"at": "0s", "take": "two"})");

  EXPECT_EQ(p.gain_db("a"), -3);
  p.advance(0);
  EXPECT_EQ(p.gain_db("a"), -9);
}

TEST(Program, SoloSilencesTheOthers) {
  Program p = program("");

  ASSERT_TRUE(p.apply(scene::SoloAction{"a", true}, 0).ok());
  EXPECT_FALSE(p.muted("a"));
  EXPECT_TRUE(p.muted("b"));
  EXPECT_TRUE(p.left_out("b"));
  ASSERT_TRUE(p.apply(scene::MuteAction{"b", true}, 0).ok());
  EXPECT_FALSE(p.left_out("b")) << "muted itself";
  ASSERT_TRUE(p.apply(scene::MuteAction{"b", false}, 0).ok());
  ASSERT_TRUE(p.apply(scene::SoloAction{"a", false}, 0).ok());
  EXPECT_FALSE(p.muted("b"));
}

TEST(Program, OnHoldTheCuesWaitForGo) {
  Program p = program(R"({"at": "1s", "take": "two"})", true);

  for (std::uint64_t tick = 0; tick < 100; ++tick) p.advance(tick);
  EXPECT_EQ(p.scene(), "one");
  ASSERT_TRUE(p.apply(scene::GoAction{}, 100).ok());
  p.advance(124);
  EXPECT_EQ(p.scene(), "one");
  p.advance(125);
  EXPECT_EQ(p.scene(), "two");
}

TEST(Program, TellsTheCueThatComesNext) {
  Program p = program(
      R"({"at": "1s", "take": "two", "transition": "fade", "show": "name"}, {"at": "2s", "black": true})",
      true);
  EXPECT_EQ(p.next_cue().cue, nullptr);  // on hold nothing comes by itself

  ASSERT_TRUE(p.apply(scene::GoAction{}, 10).ok());
  ASSERT_NE(p.next_cue().cue, nullptr);
  EXPECT_EQ(p.next_cue().tick, 35U);
  EXPECT_EQ(scene::describe(*p.next_cue().cue), "fade to two, show name");

  p.advance(35);
  ASSERT_NE(p.next_cue().cue, nullptr);
  EXPECT_EQ(scene::describe(*p.next_cue().cue), "to black");
  p.advance(60);
  EXPECT_EQ(p.next_cue().cue, nullptr);
}

TEST(Program, OnlyACountdownTakesAnotherMoment) {
  Program p = program("");

  const Status refused = p.apply(scene::CountdownAction{.overlay = "name"}, 0);

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "overlay 'name' is a lower third, not a countdown");
}

TEST(Program, ALowerThirdTakesATitleNotAText) {
  Program p = program("");

  const Status refused = p.apply(
      scene::OverlayTextAction{.overlay = "name", .title = "Ana", .subtitle = {}, .is_text = true},
      0);

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "overlay 'name' is a lower third: it has a title, not a text");
  EXPECT_TRUE(p.apply(scene::OverlayTextAction{.overlay = "name", .title = "Ana"}, 0).ok());
}

TEST(Program, EventsCarryTheTickTheyHoldFor) {
  Program p = program(R"({"at": "2s", "take": "two"})");
  (void)p.take_events();

  p.advance(50);

  const auto events = p.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tick, 50U);
  EXPECT_EQ(events[0].name, "two");
}

}  // namespace
}  // namespace ts::compose
