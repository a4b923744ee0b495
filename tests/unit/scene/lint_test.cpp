// SPDX-License-Identifier: Apache-2.0
#include "scene/lint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ts::scene {
namespace {

std::vector<Finding> lint_cues(const std::string& cues, const std::string& more = "") {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"]}},
          "overlays": {"name": {"lower_third": {"title": "x"}}}, "cues": [)" +
          cues + "]" + more + "}",
      "show", "");
  return show.ok() ? lint(show.value())
                   : std::vector<Finding>{{true, "", show.error().message, ""}};
}

bool has(const std::vector<Finding>& findings, const std::string& text) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.message.find(text) != std::string::npos;
  });
}

constexpr const char* kComplete =
    R"({"at": "1s", "take": "two", "transition": "fade", "duration": "1s"}, {"at": "3s", "show": "name"})";

TEST(Lint, AShowWithoutFaultsHasNoFindings) { EXPECT_TRUE(lint_cues(kComplete).empty()); }

TEST(Lint, ATakeInTheMiddleOfATransitionIsSerious) {
  const auto findings = lint_cues(std::string(kComplete) + R"(, {"at": "1500ms", "take": "one"})");

  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].serious);
  EXPECT_EQ(findings[0].where, "$.cues[2]");
  EXPECT_TRUE(has(findings, "in the middle of the transition"));
}

TEST(Lint, NamesWhatIsNeverUsed) {
  const auto findings = lint_cues(R"({"at": "1s", "gain": {"a": -3}})");

  EXPECT_TRUE(has(findings, "no cue takes this scene"));
  EXPECT_TRUE(has(findings, "no cue shows this overlay"));
}

TEST(Lint, AShowWithoutCuesIsOperatedByHand) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}}, "scenes": {"one": {"layout": "full", "slots": ["a"]},
          "two": {"layout": "full", "slots": ["a"]}}, "overlays": {"n": {"text": "x"}}})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  EXPECT_TRUE(lint(show.value()).empty());
}

TEST(Lint, NamesCuesAfterTheEndAndSoundLeftOff) {
  const auto findings =
      lint_cues(std::string(kComplete) + R"(, {"at": "9s", "mute": "a"})", R"(, "duration": "5s")");

  EXPECT_TRUE(has(findings, "the show has ended"));
  EXPECT_TRUE(has(findings, "never unmuted"));
}

TEST(Lint, NamesSourcesThatWaitAtTheSamePlace) {
  const auto listen = [](const std::string& a, const std::string& b) {
    const auto show = parse_show(
        R"({"sources": {"a": {"listen": ")" + a + R"("}, "b": {"listen": ")" + b + R"("}},
        "scenes": {"one": {"layout": "side-by-side", "slots": ["a", "b"]}}})",
        "show", "");
    EXPECT_TRUE(show.ok()) << a << " " << b;
    return show.ok() ? lint(show.value()) : std::vector<Finding>{};
  };

  const auto srt = listen("srt://0.0.0.0:9000", "srt://127.0.0.1:9000?latency=200000");
  ASSERT_EQ(srt.size(), 1U);
  EXPECT_TRUE(srt[0].serious);
  EXPECT_EQ(srt[0].where, "$.sources.b.listen");
  EXPECT_EQ(srt[0].message, "waits at port 9000, where 'a' does: only one of them can");
  EXPECT_TRUE(has(listen("rtmp://0.0.0.0/live/a", "rtmp://0.0.0.0:1935/live/a"),
                  "is called by the same address as 'a'"));
  EXPECT_TRUE(has(listen("rtmp://0.0.0.0:1935/live/a", "rtmp://127.0.0.1:1935/live/b"),
                  "only one of them can"));

  EXPECT_TRUE(listen("rtmp://0.0.0.0:1935/live/a", "rtmp://0.0.0.0:1935/live/b").empty());
  EXPECT_TRUE(listen("srt://127.0.0.1:9000", "srt://127.0.0.2:9000").empty());
  EXPECT_TRUE(listen("srt://0.0.0.0:9000", "srt://0.0.0.0:9001").empty());
  // One is UDP, the other one TCP.
  EXPECT_TRUE(listen("srt://0.0.0.0:1935", "rtmp://0.0.0.0:1935/live/a").empty());
}

TEST(Lint, NamesCuesAfterAStop) {
  const std::string stop = std::string(kComplete) + R"(, {"at": "5s", "stop": true})";
  EXPECT_TRUE(lint_cues(stop).empty());

  const auto findings =
      lint_cues(stop + R"(, {"at": "5s", "hide": "name"}, {"at": "9s", "take": "one"})");

  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].where, "$.cues[3]");
  EXPECT_EQ(findings[1].where, "$.cues[4]");
  EXPECT_EQ(findings[1].message, "at 9.0s it never runs: $.cues[2] stops the program at 5.0s");
  EXPECT_TRUE(findings[1].serious);
  // After the show's own end one finding is enough.
  EXPECT_EQ(lint_cues(stop + R"(, {"at": "9s", "take": "one"})", R"(, "duration": "7s")").size(),
            1U);
}

TEST(Lint, NamesASourceThatNobodyCanSee) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"s": {"items": [{"source": "a", "width": 100, "height": 100},
                                     {"source": "b"}]}}})",
      "show", "");

  EXPECT_TRUE(has(lint(show.value()), "'a' is completely behind 'b'"));
}

std::vector<Finding> lint_text(const std::string& text) {
  const auto show = parse_show(text, "show", "");
  return show.ok() ? lint(show.value())
                   : std::vector<Finding>{{true, "", show.error().message, ""}};
}

TEST(Lint, NamesWhatALayoutHasNoUseFor) {
  const auto findings = lint_text(
      R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}}, "program": "grid",
          "cues": [{"at": "1s", "take": "pip"}, {"at": "2s", "take": "free"}],
          "scenes": {
            "grid": {"layout": "grid", "slots": ["a", "b"], "margin": 20, "border": 2, "gap": 4,
                     "corner": "top-left", "scale": 0.5},
            "pip": {"layout": "pip", "slots": ["a", "b"], "border_color": "red", "gap": 4},
            "free": {"items": [{"source": "a"}], "margin": 20}}})");

  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].where, "$.scenes.grid");
  EXPECT_EQ(findings[0].message, "\"corner\", \"scale\" do nothing in the layout grid");
  EXPECT_FALSE(findings[0].serious);
  EXPECT_EQ(findings[1].message, "\"gap\", \"border_color\" do nothing in the layout pip");
  EXPECT_EQ(findings[2].message, "\"margin\" does nothing in the layout items");
}

TEST(Lint, NamesABorderThatHasNoRoom) {
  const auto findings = lint_text(
      R"({"canvas": {"width": 320, "height": 180},
          "sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"pip": {"layout": "pip", "slots": ["a", "b"], "border": 30}}})");

  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message, "a border of 30 has no room around 'b', 90 x 50");
}

TEST(Lint, SoundThatIsMutedForEverIsNamed) {
  const std::string show =
      R"({"sources": {"mic": {"url": "a.wav", "muted": true}, "music": {"url": "b.wav",
           "duck": {"under": "mic"}}, "quiet": {"url": "c.wav", "gain_db": -80}},
          "scenes": {"one": {"layout": "grid", "slots": ["mic", "music", "quiet"]}})";

  const auto findings = lint_text(show + "}");
  EXPECT_TRUE(has(findings, "is muted from the start and no cue unmutes it"));
  EXPECT_TRUE(has(findings, "'mic' is always muted: it never ducks"));
  EXPECT_TRUE(has(findings, "as good as muted"));
  const auto mended = lint_text(show + R"(, "cues": [{"at": "1s", "unmute": "mic"}]})");
  EXPECT_FALSE(has(mended, "muted from the start"));
  EXPECT_FALSE(has(mended, "never ducks"));
}

TEST(Lint, ItemsThatHideMostOfEachOtherAreNamed) {
  const auto findings = lint_text(
      R"({"sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"one": {"items": [
            {"source": "a", "x": 0, "y": 0, "width": 400, "height": 400},
            {"source": "b", "x": 100, "y": 0, "width": 400, "height": 400}]}}})");
  EXPECT_TRUE(has(findings, "'b' covers 75 % of 'a'"));
}

TEST(Lint, AnItemBeyondThePictureIsNamed) {
  const auto show = parse_show(
      R"({"canvas": {"width": 640, "height": 360}, "sources": {"a": {"color": "red"}},
          "scenes": {"s": {"items": [{"source": "a", "x": 600, "y": 0, "width": 80, "height": 60}]}}})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  EXPECT_TRUE(has(lint(show.value()), "'a' goes beyond the picture"));
}

TEST(Lint, AnOverlayThatGoesByItselfMayBeShownAgain) {
  const std::string cues =
      R"({"at": "1s", "take": "two"}, {"at": "2s", "show": "name"}, {"at": "9s", "show": "name"})";
  EXPECT_TRUE(has(lint_cues(cues), "is visible already"));
  const auto findings = lint_text(
      R"({"sources": {"a": {"color": "red"}}, "scenes": {"one": {"layout": "full", "slots": ["a"]}},
          "overlays": {"name": {"text": "x", "for": "5s"}},
          "cues": [{"at": "2s", "show": "name"}, {"at": "9s", "show": "name"}]})");
  EXPECT_FALSE(has(findings, "is visible already"));
}

TEST(Lint, ASlateFromTheNetworkIsSerious) {
  const auto findings = lint_text(
      R"({"sources": {"cam": {"url": "rtmp://h/a"}}, "duration": "10s",
          "scenes": {"one": {"layout": "full", "slots": ["cam"]}},
          "guards": {"black": "20s", "slate": "one"}})");
  EXPECT_TRUE(has(findings, "comes over the network"));
  EXPECT_TRUE(has(findings, "after 20s the show is over"));
}

}  // namespace
}  // namespace ts::scene
