// SPDX-License-Identifier: Apache-2.0
#include "scene/show.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

namespace ts::scene {
namespace {

/// A small valid show with one member replaced or added.
std::string show_with(const std::string& members) {
  auto show = parse_json(
      R"({"sources": {"wide": {"url": "media/wide.mp4", "loop": true}, "bars": {"test": "bars"}},
          "scenes": {"one": {"layout": "full", "slots": ["wide"]},
                     "two": {"layout": "pip", "slots": ["wide", "bars"]}}})",
      "the small show");
  auto more = parse_json("{" + members + "}", "the members");
  show.value().update(more.value());
  return dump_json(show.value());
}

Result<Show> parse(const std::string& text) { return parse_show(text, "show.json", "/shows"); }

struct Refusal {
  std::string members;
  std::string message;
  std::string hint;
  friend void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.message; }
};

class ShowRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ShowRefusal, SaysWhereAndWhatToDo) {
  const auto show = parse(show_with(GetParam().members));

  ASSERT_FALSE(show.ok());
  EXPECT_EQ(show.error().kind, ErrorKind::kUsage);
  EXPECT_NE(show.error().message.find(GetParam().message), std::string::npos)
      << show.error().message;
  EXPECT_NE(show.error().hint.find(GetParam().hint), std::string::npos) << show.error().hint;
}

TEST(ParseShow, ANameGivenTwiceIsRefused) {
  const auto show =
      parse_show(R"({"sources": {"a": {"test": "bars"}, "a": {"color": "red"}}, "scenes": {}})",
                 "show.json", "");

  ASSERT_FALSE(show.ok());
  EXPECT_EQ(show.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(show.error().message, "show.json has $.sources.a twice");
}

TEST(ParseShow, SourcesMayListenOrBeDevices) {
  const auto show = parse_show(
      R"({"sources": {"a": {"listen": "rtmp://0.0.0.0:1935/live/key"}, "b": {"listen": "srt://0.0.0.0:9000?mode=listener&latency=1"},
                      "c": {"device": "v4l2:/dev/video0", "size": "1280x720", "fps": 30}},
          "scenes": {"s": {"layout": "grid", "slots": ["a", "b", "c"]}},
          "outputs": [{"srt_url_file": "u"}]})",
      "show", "/shows");

  ASSERT_TRUE(show.ok()) << show.error().message;
  const auto& a = std::get<MediaInput>(show.value().find_source("a")->input);
  const auto& c = std::get<MediaInput>(show.value().find_source("c")->input);
  EXPECT_EQ(a.access, Access::kListen);
  EXPECT_EQ(std::get<MediaInput>(show.value().find_source("b")->input).access, Access::kListen);
  EXPECT_FALSE(a.is_file);
  EXPECT_EQ(c.access, Access::kDevice);
  EXPECT_EQ(c.device, "v4l2");
  EXPECT_EQ(c.url, "/dev/video0");
  EXPECT_EQ(c.size, "1280x720");
  EXPECT_EQ(c.rate, 30);
  EXPECT_EQ(std::get<SrtUrlFileOutput>(show.value().outputs.at(0).target).path, "/shows/u");
}

INSTANTIATE_TEST_SUITE_P(
    All, ShowRefusal,
    testing::Values(
        Refusal{R"("colour": 1)", "at $: unknown key 'colour'", ""},
        Refusal{R"("scenes": {"a": {"layout": "ful", "slots": ["wide"]}})",
                "at $.scenes.a.layout: unknown word 'ful'", "did you mean 'full'?"},
        Refusal{R"("scenes": {"a": {"layout": "full", "slots": ["wid"]}})",
                "at $.scenes.a.slots[0]: unknown source 'wid'", "did you mean 'wide'?"},
        Refusal{R"("scenes": {"a": {"layout": "pip", "slots": ["wide"]}})", "takes 2 slots", ""},
        Refusal{R"("scenes": {"a": {"items": [{"source": "wide", "x": 4000}]}})",
                "at $.scenes.a.items[0]: the item lies outside", ""},
        Refusal{R"("program": "three")", "at $.program: unknown scene 'three'", ""},
        Refusal{R"("canvas": {"width": 1281})", "at $.canvas.width: expected an even number", ""},
        Refusal{R"("canvas": {"fps": 0})", "at $.canvas.fps", ""},
        Refusal{R"("cues": [{"at": 5, "take": "two"}])", "at $.cues[0].at: expected a duration",
                ""},
        Refusal{R"("cues": [{"at": "5s"}])", "a cue that does nothing", "take, preview"},
        Refusal{R"("cues": [{"at": "5s", "take": "two", "transition": "fadee"}])",
                "unknown transition 'fadee'", "did you mean 'fade'?"},
        Refusal{R"("cues": [{"at": "5s", "take": "two", "transition": "cut", "duration": "1s"}])",
                "a cut has no duration", ""},
        Refusal{R"("cues": [{"at": "5s", "show": "name"}])", "unknown overlay 'name'",
                "the show has no overlay"},
        Refusal{R"("sources": {"a": {"url": "x", "test": "bars"}})", "one thing only",
                "exactly one"},
        Refusal{R"("sources": {"a": {"url": "file:///etc/passwd"}})",
                "protocol 'file' is not allowed", "write the path"},
        Refusal{R"("sources": {"a": {"listen": "rtmp://0.0.0.0:1935"}})",
                "at $.sources.a.listen: expected an address", "rtmp://0.0.0.0:1935/live/KEY"},
        Refusal{R"("sources": {"a": {"listen": "http://0.0.0.0:80/x"}})", "to listen on", ""},
        Refusal{R"("sources": {"a": {"listen": "rtmp://0.0.0.0:1935/live/"}})", "to listen on",
                "/live/KEY"},
        Refusal{R"("sources": {"a": {"listen": "rtmp:///live/key"}})", "to listen on", ""},
        Refusal{R"("sources": {"a": {"listen": "srt://0.0.0.0:9000?latency=1&mode=caller"}})",
                "at $.sources.a.listen: an address to listen on takes no mode but listener",
                "leave"},
        Refusal{R"("sources": {"a": {"listen": "rtmp://0.0.0.0:99999/live/key"}})",
                "at $.sources.a.listen: the port of this address is not 1 to 65535", ""},
        Refusal{R"("sources": {"a": {"url": "rtmp://cam.example:99999/live/cam"}})",
                "at $.sources.a.url: the port of this address is not 1 to 65535", ""},
        Refusal{R"("sources": {"a": {"device": "/dev/video0"}})", "expected a capture device",
                "v4l2:/dev/video0"},
        Refusal{R"("sources": {"a": {"device": "lavfi:testsrc"}})", "expected a capture device",
                ""},
        Refusal{R"("sources": {"a": {"device": "v4l2:/dev/video0", "size": "wide"}})",
                "at $.sources.a.size: expected a size", ""},
        Refusal{R"("sources": {"a": {"test": "bars", "fps": 30}})", "only a source with a device",
                ""},
        Refusal{R"("outputs": [{"srt_url_file": "srt://h:9"}])", "an address", "is a secret"},
        Refusal{R"("sources": {"a": {"url": "concat://a|b"}})", "'concat' is not allowed", ""},
        Refusal{R"("outputs": [{"rtmp_url_file": "rtmp://h/app/key"}])", "an address",
                "is a secret"},
        Refusal{R"("outputs": [{"file": "x.avi"}])", "unknown kind of file", ".mp4"},
        Refusal{R"("outputs": [{"file": "a.mp4", "hls": "b"}])", "one target only", ""},
        Refusal{R"("encode": {"video_bitrate": "2500"})", "at $.encode.video_bitrate", ""},
        Refusal{R"("encode": {"preset": "veryfst"})", "unknown word", "veryfast"},
        Refusal{R"("overlays": {"x": {"text": "a", "image": "b.png"}})", "one thing only", ""},
        Refusal{R"("schema": "ts.show/2")", "unknown schema", "ts.show/1"}));

TEST(Show, DefaultsAreWhatTheContractSays) {
  const auto parsed = parse(show_with(""));

  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Show& show = parsed.value();
  EXPECT_EQ(show.canvas, Canvas{});
  EXPECT_EQ(show.program, "one");
  EXPECT_EQ(show.encode.video_bitrate, 2'500'000);
  EXPECT_EQ(show.encode.gop, seconds{2});
  const auto& media = std::get<MediaInput>(show.sources[0].input);
  EXPECT_EQ(media.url, "/shows/media/wide.mp4");
  EXPECT_TRUE(media.loop);
}

TEST(Show, CuesAreSortedAndTheirActionsRead) {
  const auto parsed = parse(show_with(
      R"("overlays": {"name": {"lower_third": {"title": "Ana"}}},
         "cues": [{"at": "6s", "show": ["name"], "mute": "wide"},
                  {"at": "5s", "take": "two", "transition": "fade", "duration": "250ms"},
                  {"at": "7s", "gain": {"wide": -6}, "hide": "name"}])"));

  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const auto& cues = parsed.value().cues;
  ASSERT_EQ(cues.size(), 3U);
  EXPECT_EQ(cues[0].at, seconds{5});
  const auto& take = std::get<TakeAction>(cues[0].actions[0]);
  EXPECT_EQ(take.transition, (Transition{TransitionKind::kFade, milliseconds{250}}));
  EXPECT_EQ(cues[1].actions.size(), 2U);
  EXPECT_EQ(cues[1].where, "$.cues[0]");
  EXPECT_EQ(std::get<GainAction>(cues[2].actions[1]).gain_db, -6);
}

TEST(Show, FrameRatesAreExactFractions) {
  const auto rate = [](const std::string& fps) {
    const auto parsed = parse(show_with(R"("canvas": {"fps": )" + fps + "}"));
    return parsed.ok() ? parsed.value().canvas.rate : Ratio{0, 1};
  };

  EXPECT_EQ(rate("25"), (Ratio{25, 1}));
  EXPECT_EQ(rate("29.97"), (Ratio{30000, 1001}));
  EXPECT_EQ(rate("59.94"), (Ratio{60000, 1001}));
  EXPECT_EQ(rate(R"("30000/1001")"), (Ratio{30000, 1001}));
  EXPECT_EQ(rate("12.5"), (Ratio{25, 2}));
}

TEST(Show, ItemsAreOrderedByZ) {
  const auto parsed = parse(R"({"sources": {"a": {"color": "red"}, "b": {"color": "#00ff00"}},
    "scenes": {"s": {"items": [{"source": "a", "z": 2, "width": 101, "height": 51},
                               {"source": "b", "z": 1, "opacity": 0.5}]}}})");

  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const auto& layers = parsed.value().scenes[0].layers;
  EXPECT_EQ(layers[0].source, "b");
  EXPECT_EQ(layers[1].cell, (Rect{0, 0, 102, 52}));
}

TEST(Show, ItemsMayReachBeyondTheCanvas) {
  const auto cell_of = [](const std::string& place) -> std::optional<Rect> {
    const auto parsed = parse(R"({"canvas": {"width": 640, "height": 360},
      "sources": {"a": {"color": "red"}}, "scenes": {"s": {"items": [{"source": "a", )" +
                              place + "}]}}}");
    if (!parsed.ok()) return std::nullopt;
    return parsed.value().scenes[0].layers[0].cell;
  };
  EXPECT_EQ(cell_of(R"("x": -101, "y": 5, "width": 200, "height": 1000)"),
            (Rect{-102, 4, 202, 1002}));
  EXPECT_EQ(cell_of(R"("x": 638, "width": 640)"), (Rect{638, 0, 640, 360}));
  EXPECT_EQ(cell_of(R"("x": 640)"), std::nullopt);
  EXPECT_EQ(cell_of(R"("x": -640)"), std::nullopt);
  EXPECT_EQ(cell_of(R"("y": -360)"), std::nullopt);
}

TEST(Show, AMarginHasToLeaveRoom) {
  const std::string show =
      R"({"canvas": {"width": 320, "height": 180}, "sources": {"a": {"color": "red"}},
          "scenes": {"s": {"layout": "grid", "slots": ["a", "a", "a"], )";
  EXPECT_TRUE(parse(show + R"("margin": 40, "gap": 10}}})").ok());

  for (const char* much : {R"("margin": 90)", R"("gap": 200)"}) {
    const auto refused = parse(show + much + "}}}");
    ASSERT_FALSE(refused.ok()) << much;
    EXPECT_EQ(refused.error().message,
              "show.json: at $.scenes.s: the margin and the gap leave no room for the pictures");
    EXPECT_EQ(refused.error().hint, "make them smaller: the canvas has 320 x 180 pixels");
  }
}

TEST(Show, OutputsGetUniqueNames) {
  const auto parsed = parse(show_with(
      R"("outputs": [{"file": "a.mp4"}, {"file": "b.mkv"}, {"mux": "id"}, {"hls": "out"}])"));

  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed.value().outputs[0].name, "file");
  EXPECT_EQ(parsed.value().outputs[1].name, "file-2");
  EXPECT_EQ(std::get<FileOutput>(parsed.value().outputs[0].target).path, "/shows/a.mp4");
}

TEST(ParseOutput, ARenditionComesAfterAnAt) {
  const auto file = parse_output("file:low.mp4@low");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(std::get<FileOutput>(file.value().target).path, "low.mp4");
  EXPECT_EQ(file.value().renditions, std::vector<std::string>{"low"});
  EXPECT_EQ(file.value().name, "file:low.mp4");
  const auto hls = parse_output("hls:out@main,low");
  EXPECT_EQ(std::get<HlsOutput>(hls.value().target).folder, "out");
  EXPECT_EQ(hls.value().renditions, (std::vector<std::string>{"main", "low"}));
  // An @ in a file's own name, or in an address, is none.
  EXPECT_EQ(std::get<FileOutput>(parse_output("file:a@b.mp4").value().target).path, "a@b.mp4");
  EXPECT_TRUE(parse_output("file:me@home/x.mp4").value().renditions.empty());
  EXPECT_EQ(std::get<WhipOutput>(parse_output("whip:https://u@h").value().target).url,
            "https://u@h");
}

TEST(ParseOutput, ReadsTheCommandLineForms) {
  EXPECT_EQ(std::get<FileOutput>(parse_output("file:a:b.mp4").value().target).path, "a:b.mp4");
  EXPECT_EQ(std::get<HlsOutput>(parse_output("hls:out").value().target).folder, "out");
  EXPECT_TRUE(std::holds_alternative<RoomOutput>(parse_output("room").value().target));
  EXPECT_FALSE(parse_output("file:").ok());
  const auto secret = parse_output("rtmp://host/app/key");
  EXPECT_NE(secret.error().hint.find("rtmp-url-file"), std::string::npos);
  EXPECT_EQ(secret.error().message.find("key"), std::string::npos);
}

TEST(ParseOutput, AFileSaysByItsEndWhatItIs) {
  for (const char* text : {"file:x.mp4", "file:x.MKV", "file:a.b/x.mov@low", "file:@x.ts"}) {
    EXPECT_TRUE(parse_output(text).ok()) << text;
  }
  for (const char* text : {"file:x.noext", "file:x", "file:a.mp4/x", "file:x.mp3@low"}) {
    const auto refused = parse_output(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(refused.error().hint, "end the name in .mp4, .mkv, .mov, .ts or .flv");
  }
  EXPECT_EQ(parse_output("file:/there/x.noext").error().message, "unknown kind of file 'x.noext'");
}

TEST(ParseOutput, AnEmptyPlaceSaysWhatToGive) {
  EXPECT_EQ(parse_output("file:").error().message, "output 'file:' names no file");
  EXPECT_EQ(parse_output("file:").error().hint, "write file:program.mp4");
  EXPECT_EQ(parse_output("file:@low").error().message, "output 'file:' names no file");
  EXPECT_EQ(parse_output("hls:").error().hint, "write hls:out");
}

}  // namespace
}  // namespace ts::scene
