// SPDX-License-Identifier: Apache-2.0
#include "scene/explain.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::scene {
namespace {

std::string explained(const ExplainOptions& options) {
  const auto show = parse_show(R"({"duration": "4s",
    "sources": {"red": {"color": "red"}, "b": {"test": "moving", "tone_hz": 440}},
    "scenes": {"one": {"layout": "full", "slots": ["b"]},
               "two": {"layout": "pip", "slots": ["red", "b"]}},
    "overlays": {"name": {"lower_third": {"title": "Ana: 100% 'live'"}}},
    "cues": [{"at": "1s", "take": "two", "transition": "fade", "duration": "500ms"},
             {"at": "2s", "show": "name"}]})",
                               "show", "");
  const auto text = explain(show.value(), options);
  return text.ok() ? text.value() : text.error().message;
}

TEST(Explain, AWholeShowHasItsTakesFadesAndOverlays) {
  const std::string text = explained({});

  EXPECT_NE(text.find("ffmpeg \\\n"), std::string::npos);
  EXPECT_NE(text.find("fade=in:st=1.000:d=0.500:alpha=1"), std::string::npos) << text;
  EXPECT_NE(text.find("split=2"), std::string::npos);
  EXPECT_NE(text.find("gte(t\\,2.000)"), std::string::npos);
  EXPECT_NE(text.find("-t 4.000"), std::string::npos);
}

TEST(Explain, AnOverlayThatGoesByItselfGoes) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}}, "scenes": {"one": {"layout": "full", "slots": ["a"]}},
          "overlays": {"n": {"text": "x", "for": "1s", "fade": "0ms"}},
          "cues": [{"at": "2s", "show": "n"}]})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_NE(text.value().find("between(t\\,2.000\\,3.000)"), std::string::npos) << text.value();
  EXPECT_TRUE(text.value().starts_with("ffmpeg")) << text.value();
}

TEST(Explain, SaysWhatItLeavesOut) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}, "b": {"test": "bars"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"]}},
          "cues": [{"at": "1s", "take": "two", "transition": "wipe", "duration": "500ms"},
                   {"at": "2s", "black": true}, {"at": "3s", "mute": "b"}]})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(
      text.value().starts_with("# not in this line: cues that change sound or words; cues "
                               "that go to black; wipes (they are fades here)\nffmpeg"))
      << text.value();
}

TEST(Explain, OneMomentIsOneScene) {
  const std::string text = explained({.at = milliseconds{500}});

  EXPECT_EQ(text.find("fade=in"), std::string::npos);
  EXPECT_EQ(text.find("drawtext"), std::string::npos);
}

TEST(Explain, AnUnknownSceneIsNamed) {
  EXPECT_EQ(explained({.scene = "tow"}), "the show has no scene 'tow'");
}

TEST(Explain, RenditionsAreOutputsOfTheirOwn) {
  const auto show = parse_show(R"({"duration": "1s", "sources": {"b": {"color": "red"}},
      "scenes": {"one": {"layout": "full", "slots": ["b"]}},
      "renditions": {"low": {"width": 640, "video_bitrate": "700k"}}})",
                               "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {.output = "out/x.mp4"});

  ASSERT_TRUE(text.ok());
  EXPECT_NE(text.value().find("[video]split=2[v0][v1]"), std::string::npos) << text.value();
  EXPECT_NE(text.value().find("[v1]scale=640:360"), std::string::npos);
  EXPECT_NE(text.value().find("-map '[v0]' -map '[a0]'"), std::string::npos);
  EXPECT_NE(text.value().find("-b:v 700000"), std::string::npos);
  EXPECT_NE(text.value().find("out/x-low.mp4"), std::string::npos);
}

TEST(Explain, ShellWordsAreQuotedWhenTheyMustBe) {
  EXPECT_EQ(shell_quoted("a/b.mp4"), "a/b.mp4");
  EXPECT_EQ(shell_quoted("it's a file"), "'it'\\''s a file'");
  EXPECT_EQ(shell_quoted(""), "''");
}

}  // namespace
}  // namespace ts::scene
