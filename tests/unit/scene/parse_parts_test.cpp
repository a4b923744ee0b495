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

}  // namespace
}  // namespace ts::scene
