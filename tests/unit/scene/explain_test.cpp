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
  EXPECT_NE(text.find("fade=in:st=0.966667:d=0.533333:alpha=1"), std::string::npos) << text;
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

TEST(Explain, ACountdownGoesOnAtAMoment) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}}, "scenes": {"one": {"layout": "full", "slots": ["a"]}},
          "overlays": {"n": {"visible": true, "countdown": {"for": "5s"}}}})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {.at = milliseconds{2200}});

  ASSERT_TRUE(text.ok());
  EXPECT_NE(text.value().find("max(0\\,2.800-t"), std::string::npos) << text.value();
}

TEST(Explain, ASourceOfSoundAloneIsACard) {
  const auto show = parse_show(
      R"({"sources": {"a": {"url": "a.wav"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]}}, "duration": "1s"})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text =
      explain(show.value(), {.has_picture = [](const Source&) { return false; }}).value();

  EXPECT_EQ(text.find(":v]"), std::string::npos) << text;
  EXPECT_NE(text.find("[0:a]"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("# not in this line: the names on the cards")) << text;
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
  // n ticks show 1/(n+1) to n/(n+1): all begins one tick before.
  EXPECT_EQ(text.value().find("xfade"), std::string::npos);
  EXPECT_NE(text.value().find("overlay=floor((clip((t*30/1-29)/16\\,0\\,1)*1280+0.5)/2)*2:0:"
                              "enable=lt(t\\,1.500)"),
            std::string::npos)
      << text.value();
  EXPECT_NE(
      text.value().find("fade=in:st=1.966667:d=0.516667:alpha=1,fade=out:st=2.483333:d=0.516667"),
      std::string::npos);
  EXPECT_NE(text.value().find("fade=in:st=3.966667:d=0.200:alpha=1,fade=out:st=4.966667:d=0.500"),
            std::string::npos);
}

TEST(Explain, ATakeOfWhatIsOnAirIsNone) {
  const std::string text = explained_red(
      R"("duration": "4s", "cues": [{"at": "1s", "take": "one", "transition": "ftb"}])");

  EXPECT_EQ(text.find("fade"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("ffmpeg")) << text;
}

TEST(Explain, TheTickOfACueIsNotMissedByAHair) {
  // At 30 fps ffmpeg reckons the tick 111 to be a hair before 3.7 s.
  const std::string members = R"("duration": "9s", "overlays": {"o": {"text": "x"}},)";
  const std::string hair = explained_red(members + R"("cues": [{"at": "3700ms", "show": "o"}])");
  EXPECT_NE(hair.find("gte(t\\,3.699)"), std::string::npos) << hair;
  const std::string plain = explained_red(members + R"("cues": [{"at": "3600ms", "show": "o"}])");
  EXPECT_NE(plain.find("gte(t\\,3.600)"), std::string::npos) << plain;
}

TEST(Explain, TheSoundHasTheCeilingAndTheBlackOfTheShow) {
  const auto show = parse_show(
      R"({"duration": "6s", "sound": {"ceiling_dbtp": -6},
          "sources": {"a": {"test": "bars", "tone_hz": 440}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]}},
          "cues": [{"at": "1s", "black": true, "duration": "200ms"}, {"at": "3s", "black": false}]})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});
  const auto dark = explain(show.value(), {.at = milliseconds{2000}});

  ASSERT_TRUE(text.ok() && dark.ok());
  EXPECT_NE(text.value().find("afade=out:st=1.000:d=0.200:enable=lt(t\\,3.000),"
                              "afade=in:st=3.000:d=0.500:enable=gte(t\\,3.000),"
                              "alimiter=limit=0.5012:level=0:"),
            std::string::npos)
      << text.value();
  EXPECT_NE(dark.value().find("volume=0,alimiter"), std::string::npos) << dark.value();
}

TEST(Explain, ADelayIsThereForPictureAndSound) {
  const auto show = parse_show(
      R"({"duration": "6s", "canvas": {"width": 640, "height": 360, "fps": 25},
          "sources": {"a": {"url": "a.mp4", "delay": "250ms"},
                      "b": {"url": "b.mp4", "delay": "250ms", "loop": true, "in": "1s", "out": "3s"},
                      "c": {"url": "c.png", "delay": "250ms"}},
          "scenes": {"one": {"layout": "grid", "slots": ["a", "b", "c"]}}})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text.value().starts_with("# not in this line: the cards of sources that are not"))
      << text.value();
  EXPECT_NE(text.value().find("setpts=PTS+0.248/TB,fps=25/1:round=up,setsar=1[s0]"),
            std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("loop=loop=-1:size=50,setpts=N+7[s1]"), std::string::npos);
  EXPECT_NE(text.value().find("PTS-0.002/TB,fps=25/1:round=up,setsar=1[s2]"), std::string::npos);
  EXPECT_NE(text.value().find("adelay=250:all=1,volume=0dB"), std::string::npos);
}

TEST(Explain, SaysThatItDoesNotCutATransitionShort) {
  const auto show = parse_show(
      R"({"duration": "6s", "sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]},
                     "two": {"layout": "full", "slots": ["b"]}},
          "cues": [{"at": "1s", "take": "two", "transition": "fade", "duration": "1s"},
                   {"at": "1500ms", "take": "one"}]})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text.value().starts_with("# not in this line: takes that cut a transition short"))
      << text.value();
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
  EXPECT_NE(text.value().find("hflip,settb=AVTB,setpts=PTS-0.002/TB,fps=25/1:round=up,setsar=1,"
                              "loop=loop=-1:size=50,setpts=N["),
            std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("scale=256:192:flags=bicubic+accurate_rnd+full_chroma_int,setsar=1,"
                              "lutyuv=y=mod(val+209\\,256):u=mod(val+26\\,256)"
                              ":v=mod(val+144\\,256),pad=iw+8:ih+8:4:4:black,"
                              "lutyuv=y=mod(val+47\\,256):u=mod(val+230\\,256)"
                              ":v=mod(val+112\\,256),format=yuva420p,"),
            std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("lutyuv=a=val*0.5"), std::string::npos);
  EXPECT_NE(text.value().find("overlay=168:40["), std::string::npos) << text.value();
  EXPECT_EQ(text.value().find("-stream_loop"), std::string::npos);
}

TEST(Explain, PicturesFromSomewhereMayBeInterlaced) {
  const auto show = parse_show(
      R"({"sources": {"a": {"url": "srt://cam.example.com:9000", "filter": "hflip"}},
          "scenes": {"one": {"layout": "grid", "slots": ["a"], "border": 2,
                             "border_color": "#00ff00"}}})",
      "show", "");

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_NE(text.value().find("[0:v]yadif=deint=interlaced,hflip,"), std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("setsar=1,format=yuv420p,lutyuv="), std::string::npos)
      << text.value();
}

TEST(Explain, BordersWithoutColorNeedNoTrick) {
  const auto show = parse_show(
      R"({"sources": {"a": {"color": "red"}},
          "scenes": {"one": {"layout": "grid", "slots": ["a"], "border": 2,
                             "border_color": "#ffffff"}}})",
      "show", "");

  const auto text = explain(show.value(), {});

  ASSERT_TRUE(text.ok());
  EXPECT_NE(text.value().find("setsar=1,pad=iw+4:ih+4:2:2:0xFFFFFF"), std::string::npos)
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
