// SPDX-License-Identifier: Apache-2.0
#include "scene/show.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace ts::scene {
namespace {

Result<Show> parse(const std::string& mic, const std::string& more) {
  return parse_show(R"({"sources": {"mic": )" + mic + R"(, "music": {"color": "blue"}},
                        "scenes": {"one": {"layout": "full", "slots": ["mic"]}})" +
                        (more.empty() ? "" : ", " + more) + "}",
                    "show", "/shows");
}
std::string trouble(const std::string& mic, const std::string& more = "") {
  const auto show = parse(mic, more);
  return show.ok() ? "" : show.error().message;
}
constexpr const char* kRed = R"({"color": "red"})";

TEST(ParseDuck, ReadsAllOfIt) {
  const auto show =
      parse(R"({"color": "red", "follow": true, "duck": {"under": ["music"], "by_db": 9,
      "threshold_db": -50, "attack": "20ms", "hold": "1s", "release": "2s"}})",
            "");
  ASSERT_TRUE(show.ok()) << show.error().message;
  const Source& mic = show.value().sources[0];
  EXPECT_TRUE(mic.follow);
  ASSERT_TRUE(mic.duck);
  EXPECT_EQ(mic.duck->under, std::vector<std::string>{"music"});
  EXPECT_EQ(mic.duck->by_db, 9);
  EXPECT_EQ(mic.duck->threshold_db, -50);
  EXPECT_EQ(mic.duck->attack, milliseconds{20});
  EXPECT_EQ(mic.duck->hold, seconds{1});
  EXPECT_EQ(mic.duck->release, seconds{2});
}

TEST(ParseDuck, RefusesWhatCannotBe) {
  EXPECT_NE(trouble(R"({"color": "red", "duck": {"under": "mic"}})").find("under itself"),
            std::string::npos);
  EXPECT_NE(trouble(R"({"color": "red", "duck": {"under": "musik"}})").find("unknown source"),
            std::string::npos);
  EXPECT_NE(trouble(R"({"color": "red", "duck": {}})"), "");
  EXPECT_NE(trouble(R"({"color": "red", "duck": {"under": "music", "by_db": -3}})"), "");
  EXPECT_NE(trouble(R"({"color": "red", "duck": {"under": []}})"), "");
}

TEST(ParseSound, TheCeilingHasLimits) {
  EXPECT_EQ(parse(kRed, R"("sound": {"ceiling_dbtp": -2})").value().ceiling_dbtp, -2);
  EXPECT_EQ(parse(kRed, "").value().ceiling_dbtp, -1);
  EXPECT_NE(trouble(kRed, R"("sound": {"ceiling_dbtp": 1})"), "");
}

TEST(ParseGuards, AreDurationsOrObjects) {
  const auto show = parse(kRed, R"("guards": {"black": "5s", "frozen": false,
      "silent": {"after": "10s", "below_db": -50}, "quiet": {"after": "30s"}, "slate": "one"})");
  ASSERT_TRUE(show.ok()) << show.error().message;
  const Guards& guards = show.value().guards;
  EXPECT_EQ(guards.black, seconds{5});
  EXPECT_FALSE(guards.frozen);
  EXPECT_EQ(guards.silent, seconds{10});
  EXPECT_EQ(guards.silent_db, -50);
  EXPECT_EQ(guards.quiet, seconds{30});
  EXPECT_FALSE(guards.clipped);
  EXPECT_EQ(guards.slate, "one");
}

TEST(ParseGuards, RefuseWhatCannotBe) {
  EXPECT_NE(trouble(kRed, R"("guards": {"black": true})").find("a guard needs a time"),
            std::string::npos);
  EXPECT_NE(trouble(kRed, R"("guards": {"slate": "one"})").find("nothing would ever show"),
            std::string::npos);
  EXPECT_NE(trouble(kRed, R"("guards": {"black": "1s", "slate": "onne"})").find("unknown scene"),
            std::string::npos);
  EXPECT_NE(trouble(kRed, R"("guards": {"blck": "1s"})").find("unknown key"), std::string::npos);
  EXPECT_NE(trouble(kRed, R"("guards": {"black": "0s"})"), "");
}

TEST(ParseClock, IsTrueAFormatOrAnObject) {
  const auto show = parse(kRed, R"("overlays": {"a": {"clock": true}, "b": {"clock": "%H:%M"},
      "c": {"clock": {"format": "%F", "zone": "utc"}, "size": 50, "for": "3s"}})");
  ASSERT_TRUE(show.ok()) << show.error().message;
  EXPECT_EQ(std::get<ClockOverlay>(show.value().overlays[0].content).format, "%H:%M:%S");
  EXPECT_EQ(std::get<ClockOverlay>(show.value().overlays[1].content).format, "%H:%M");
  const auto& last = std::get<ClockOverlay>(show.value().overlays[2].content);
  EXPECT_TRUE(last.utc);
  EXPECT_EQ(last.size, 50);
  EXPECT_EQ(show.value().overlays[2].length, seconds{3});
  EXPECT_NE(trouble(kRed, R"("overlays": {"a": {"clock": "%Q"}})").find("unknown conversion"),
            std::string::npos);
  EXPECT_NE(trouble(kRed, R"("overlays": {"a": {"clock": "100%"}})"), "");
}

TEST(ParseCountdown, GoesToAMomentOrLastsAWhile) {
  const auto show = parse(kRed, R"("overlays": {"a": {"countdown": "5m"},
      "b": {"countdown": "2026-11-20T19:00:00Z"},
      "c": {"countdown": {"for": "90s", "done": "Welcome"}}})");
  ASSERT_TRUE(show.ok()) << show.error().message;
  EXPECT_EQ(std::get<CountdownOverlay>(show.value().overlays[0].content).length,
            std::chrono::minutes{5});
  EXPECT_EQ(std::get<CountdownOverlay>(show.value().overlays[1].content).to,
            parse_rfc3339("2026-11-20T19:00:00Z").value());
  EXPECT_EQ(std::get<CountdownOverlay>(show.value().overlays[2].content).done, "Welcome");
  EXPECT_NE(trouble(kRed, R"("overlays": {"a": {"countdown": {}}})"), "");
  EXPECT_NE(trouble(kRed, R"("overlays": {"a": {"countdown": "0s"}})"), "");
  EXPECT_NE(trouble(kRed, R"("overlays": {"a": {"countdown": "2026-13-20T19:00:00Z"}})"), "");
}

TEST(ParseRenditions, WhatIsLeftOutFollowsFromTheMainEncode) {
  const auto show = parse(kRed, R"("encode": {"video_bitrate": "2400k", "gop": "1s"},
      "renditions": {"low": {"width": 640}, "tiny": {"height": 180, "video_bitrate": "200k",
      "audio_bitrate": "64k", "preset": "superfast"}},
      "outputs": [{"file": "low.mp4", "rendition": "low"},
                  {"hls": "out", "renditions": ["main", "tiny"]}, {"file": "x.mp4"}])");
  ASSERT_TRUE(show.ok()) << show.error().message;
  const auto& all = show.value().renditions;
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].size, (Size{640, 360}));
  EXPECT_EQ(all[0].encode.video_bitrate, 850'000);
  EXPECT_EQ(all[0].encode.audio_bitrate, 128'000);
  EXPECT_EQ(all[0].encode.gop, seconds{1});
  EXPECT_EQ(all[1].size, (Size{320, 180}));
  EXPECT_EQ(all[1].encode.preset, "superfast");
  EXPECT_EQ(show.value().outputs[0].renditions, std::vector<std::string>{"low"});
  EXPECT_EQ(show.value().outputs[1].renditions, (std::vector<std::string>{"main", "tiny"}));
  EXPECT_TRUE(show.value().outputs[2].renditions.empty());
}

TEST(ParseRenditions, RefusesWhatCannotBe) {
  const auto with = [](const std::string& rendition, const std::string& output = "") {
    return trouble(kRed, "\"renditions\": {" + rendition + "}" +
                             (output.empty() ? "" : ", \"outputs\": [" + output + "]"));
  };
  const std::string low = R"("low": {"width": 640})";
  EXPECT_EQ(with(low, R"({"file": "x.mp4", "rendition": "low"})"), "");
  EXPECT_NE(with(R"("low": {})").find("needs a size"), std::string::npos);
  EXPECT_NE(with(R"("low": {"width": 640, "height": 480})").find("squeeze"), std::string::npos);
  EXPECT_NE(with(R"("low": {"width": 1920})"), "");  // larger than the canvas
  EXPECT_NE(with(R"("low": {"width": 641})").find("even"), std::string::npos);
  EXPECT_NE(with(R"("low": {"width": 640, "gop": "1s"})"), "");
  EXPECT_NE(with(R"("main": {"width": 640})").find("cannot be"), std::string::npos);
  EXPECT_NE(with(R"("a/b": {"width": 640})").find("cannot be"), std::string::npos);
  EXPECT_NE(with(low, R"({"file": "x.mp4", "rendition": "lo"})").find("no rendition 'lo'"),
            std::string::npos);
  EXPECT_NE(with(low, R"({"file": "x.mp4", "renditions": ["main", "low"]})").find("only an HLS"),
            std::string::npos);
  EXPECT_NE(with(low, R"({"hls": "x", "renditions": ["low", "low"]})").find("twice"),
            std::string::npos);
  EXPECT_NE(with(low, R"({"hls": "x", "renditions": []})"), "");
  EXPECT_NE(with(low, R"({"hls": "x", "rendition": "low", "renditions": ["low"]})"), "");
  EXPECT_NE(with(low, R"({"mux": "x", "rendition": "low"})").find("main encode"),
            std::string::npos);
}

}  // namespace
}  // namespace ts::scene
