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
  EXPECT_NE(text.value().find("gte(t\\,2.000)*lt(t\\,3.000)"), std::string::npos) << text.value();
  EXPECT_TRUE(text.value().starts_with("# not in this line: ts's own setting of texts "))
      << text.value();
}

/// The command line of a show of one red source, with more members.
std::string explained_red(const std::string& members) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}}, "scenes": {"one": {"layout": "full", "slots": ["a"]}},)" +
          members + "}",
      "show", "");
  const auto text = show.ok() ? explain(show.value(), {}) : show.error();
  return text.ok() ? text.value() : text.error().message;
}

TEST(Explain, EndsWhenTheShowEnds) {
  const std::string endless = explained_red(R"("duration": null)");
  EXPECT_EQ(endless.find(" -t "), endless.find(" -t 10 for 10 s")) << endless;
  EXPECT_NE(endless.find("# the show has no end"), std::string::npos);
  const std::string stop = R"("cues": [{"at": "3s", "stop": true}])";
  EXPECT_NE(explained_red(stop).find("' -t 3.000 \\"), std::string::npos) << explained_red(stop);
  EXPECT_EQ(explained_red(stop).find('#'), std::string::npos) << explained_red(stop);
  EXPECT_NE(explained_red(stop + R"(, "duration": "2s")").find("' -t 2.000 \\"), std::string::npos);
  EXPECT_NE(explained_red(stop + R"(, "duration": "9s")").find("' -t 3.000 \\"), std::string::npos);
}

TEST(Explain, TextsHaveTheirOpacity) {
  const std::string text = explained_red(
      R"("duration": "1s", "overlays": {
          "t": {"text": "x", "visible": true, "opacity": 0.5},
          "c": {"countdown": "48s", "visible": true, "opacity": 0.25},
          "l": {"lower_third": {"title": "x"}, "visible": true, "opacity": 0.5}})");

  EXPECT_NE(text.find("fontsize=36:fontcolor=white:alpha=0.5:"), std::string::npos) << text;
  EXPECT_NE(text.find("fontsize=72:fontcolor=white:alpha=0.25:"), std::string::npos) << text;
  EXPECT_NE(text.find("color=0x10151C@0.41:"), std::string::npos) << text;
  EXPECT_NE(text.find("fontcolor=0xC8D0DA:alpha=0.5:"), std::string::npos) << text;
  const std::string plain =
      explained_red(R"("duration": "1s", "overlays": {"t": {"text": "x", "visible": true}})");
  EXPECT_EQ(plain.find("alpha="), std::string::npos) << plain;
}

TEST(Explain, ACountdownSaysWhatTheProgramSays) {
  const std::string minutes = explained_red(
      R"("duration": "1s", "overlays": {"c": {"countdown": "48500ms", "visible": true}})");
  EXPECT_NE(minutes.find("ceil(max(0\\,48.500-t-0.000001))"), std::string::npos) << minutes;
  EXPECT_EQ(minutes.find("*lt(ceil("), std::string::npos) << minutes;
  const std::string hours =
      explained_red(R"("duration": "1s", "overlays": {"c": {"countdown": "2h", "visible": true}})");
  EXPECT_NE(hours.find("enable=(gte(t\\,0.000))*lt(ceil(max(0\\,7200.000-t-0.000001))\\,3600)"),
            std::string::npos)
      << hours;
}

TEST(Explain, SaysWhatItLeavesOut) {
  const auto show = parse_show(
      R"({"duration": "9s", "sources": {"a": {"color": "red"}, "b": {"url": "rtmp://127.0.0.1/x"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"]}},
          "cues": [{"at": "1s", "take": "two"}, {"at": "3s", "mute": "b"}]})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text.value().starts_with(
      "# not in this line: cues that change sound or words; the exact place of pictures whose size "
      "is not known yet\nffmpeg"))
      << text.value();
}

TEST(Explain, WipesAndBlackAreThere) {
  const auto show = parse_show(
      R"({"duration": "6s", "sources": {"a": {"color": "red"}, "b": {"test": "bars"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"]}},
          "cues": [{"at": "1s", "take": "two", "transition": "wipe", "duration": "500ms"},
                   {"at": "2s", "take": "one", "transition": "ftb", "duration": "1s"},
                   {"at": "4s", "black": true, "duration": "200ms"}, {"at": "5s", "black": false}]})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text.value().starts_with("ffmpeg")) << text.value();
  EXPECT_NE(text.value().find("xfade=transition=wiperight:duration=0.500:offset=1.000"),
            std::string::npos);
  EXPECT_NE(text.value().find("fade=in:st=2.000:d=0.500:alpha=1,fade=out:st=2.500:d=0.500"),
            std::string::npos);
  EXPECT_NE(text.value().find("fade=in:st=4.000:d=0.200:alpha=1,fade=out:st=5.000"),
            std::string::npos);
}

TEST(Explain, APictureOfKnownSizeHasItsExactPlace) {
  const auto show = parse_show(
      R"({"canvas": {"width": 640, "height": 360, "fps": 25},
          "sources": {"a": {"url": "a.mp4", "loop": true, "in": "1s", "out": "3s"}},
          "scenes": {"one": {"items": [{"source": "a", "x": 100, "y": 40, "width": 400,
                                        "height": 200, "fit": "contain", "border": 4,
                                        "border_color": "#ff0000", "opacity": 0.5}]}}})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;
  ExplainOptions options;
  options.picture = [](const Source&) {
    return KnownPicture{.chain = "hflip", .size = {720, 576}, .pixel_aspect = {16, 15}};
  };

  const auto text = explain(show.value(), options);

  ASSERT_TRUE(text.ok());
  // 4:3 in 392 x 192 inside the border: 256 wide, in the middle; the border around the picture.
  EXPECT_NE(text.value().find("hflip,setpts=PTS-0.002/TB,fps=25/1:round=up,setsar=1,"
                              "loop=loop=-1:size=50,setpts=N["),
            std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("scale=256:192:flags=bicubic+accurate_rnd+full_chroma_int,setsar=1,"
                              "pad=iw+8:ih+8:4:4:"),
            std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("lutyuv=a=val*0.5"), std::string::npos);
  EXPECT_NE(text.value().find("overlay=168:40["), std::string::npos) << text.value();
  EXPECT_EQ(text.value().find("-stream_loop"), std::string::npos);
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
