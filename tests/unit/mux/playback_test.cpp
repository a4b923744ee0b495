// SPDX-License-Identifier: Apache-2.0
#include "mux/playback.hpp"

#include "core/json.hpp"
#include "support/fake_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::mux {
namespace {

using testing::HasSubstr;

TEST(PlaybackUrl, WritesEachKind) {
  EXPECT_EQ(playback_url({.playback_id = "P"}).value(), "https://stream.mux.com/P.m3u8");
  EXPECT_EQ(playback_url({.playback_id = "P",
                          .kind = PlaybackKind::kThumbnail,
                          .format = "webp",
                          .modifiers = {{"time", "1.5"}, {"fit_mode", "pad"}}})
                .value(),
            "https://image.mux.com/P/thumbnail.webp?time=1.5&fit_mode=pad");
  EXPECT_EQ(
      playback_url({.playback_id = "P", .kind = PlaybackKind::kStatic, .format = "audio"}).value(),
      "https://stream.mux.com/P/audio.m4a");
  EXPECT_EQ(playback_url({.playback_id = "P", .kind = PlaybackKind::kStoryboard}).value(),
            "https://image.mux.com/P/storyboard.vtt");
  EXPECT_EQ(playback_url({.playback_id = "P", .kind = PlaybackKind::kPlayer, .token = "t"}).value(),
            "https://player.mux.com/P?playback-token=t");
}

TEST(PlaybackUrl, ExplainsThatLatencyIsNoModifier) {
  const auto url = playback_url({.playback_id = "P", .modifiers = {{"latency", "reduced"}}});

  ASSERT_FALSE(url.ok());
  EXPECT_EQ(url.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(url.error().hint, HasSubstr("latency_mode"));
}

TEST(PlaybackUrl, SuggestsTheNearestModifier) {
  const auto url = playback_url({.playback_id = "P", .modifiers = {{"max_resoluton", "720p"}}});

  ASSERT_FALSE(url.ok());
  EXPECT_THAT(url.error().hint, HasSubstr("max_resolution"));
}

TEST(PlaybackUrl, RefusesModifiersBesideAToken) {
  const auto url = playback_url(
      {.playback_id = "P", .modifiers = {{"max_resolution", "720p"}}, .token = "a.b.c"});

  ASSERT_FALSE(url.ok());
  EXPECT_THAT(url.error().hint, HasSubstr("--param"));
}

TEST(PlaybackUrl, RefusesValuesMuxDoesNotTake) {
  const auto refused = [](PlaybackKind kind, Modifiers modifiers) {
    return !playback_url({.playback_id = "P", .kind = kind, .modifiers = std::move(modifiers)})
                .ok();
  };

  EXPECT_TRUE(refused(PlaybackKind::kHls, {{"max_resolution", "700p"}}));
  EXPECT_TRUE(refused(PlaybackKind::kHls, {{"rendition_order", "asc"}}));
  EXPECT_TRUE(
      refused(PlaybackKind::kHls, {{"min_resolution", "1080p"}, {"max_resolution", "720p"}}));
  EXPECT_TRUE(refused(PlaybackKind::kHls, {{"asset_start_time", "9"}, {"asset_end_time", "5"}}));
  EXPECT_TRUE(refused(PlaybackKind::kHls, {{"low_latency", "false"}, {"low_latency", "false"}}));
  EXPECT_TRUE(refused(PlaybackKind::kThumbnail, {{"rotate", "45"}}));
  EXPECT_TRUE(refused(PlaybackKind::kThumbnail, {{"width", "-1"}}));
  EXPECT_TRUE(refused(PlaybackKind::kAnimated, {{"fps", "31"}}));
  EXPECT_TRUE(refused(PlaybackKind::kAnimated, {{"start", "1"}, {"end", "12"}}));
  EXPECT_FALSE(refused(PlaybackKind::kAnimated, {{"start", "1"}, {"end", "11"}}));
  EXPECT_TRUE(refused(PlaybackKind::kPlayer, {{"time", "1"}}));
}

TEST(PlaybackUrl, RefusesIdsThatLeaveThePath) {
  for (const char* id : {"", "..", "a/b"}) EXPECT_FALSE(playback_url({.playback_id = id}).ok());
}

TEST(ParseLifetime, ReadsTheSdksForms) {
  EXPECT_EQ(parse_lifetime("90").value(), std::chrono::seconds{90});
  EXPECT_EQ(parse_lifetime(" 15 mins ").value(), std::chrono::minutes{15});
  EXPECT_EQ(parse_lifetime("2 weeks").value(), std::chrono::hours{24 * 14});
}

TEST(ParseLifetime, RefusesWhatWouldExpireAtOnceOrNever) {
  for (const char* text : {"", " ", "0", "-60", "1.5h", "2H", "0x10", "Infinity", "1 fortnight",
                           "99999999999999999999d", "999999999y"}) {
    EXPECT_FALSE(parse_lifetime(text).ok()) << text;
  }
}

TEST(SignToken, RefusesReservedParamsAndMissingKeys) {
  const test::FakeClock clock;
  const Json reserved{{"exp", "1"}};

  EXPECT_EQ(sign_token({.subject = "P", .params = &reserved},
                       {.id = "k", .private_key = Secret("x")}, clock)
                .error()
                .kind,
            ErrorKind::kUsage);
  EXPECT_EQ(sign_token({.subject = "P"}, {.private_key = Secret("x")}, clock).error().kind,
            ErrorKind::kConfig);
  EXPECT_EQ(
      sign_token({.subject = "P"}, {.id = "k", .private_key = Secret("x")}, clock).error().kind,
      ErrorKind::kConfig);
  EXPECT_EQ(sign_token({}, {.id = "k", .private_key = Secret("x")}, clock).error().kind,
            ErrorKind::kUsage);
}

TEST(CheckClaim, TakesOwnClaimsAndCatchesSlips) {
  EXPECT_TRUE(check_claim(TokenType::kVideo, "session_id", "x").ok());
  EXPECT_TRUE(check_claim(TokenType::kVideo, "playback_restriction_id", "x").ok());
  EXPECT_FALSE(check_claim(TokenType::kVideo, "max_resolutoin", "720p").ok());
  EXPECT_FALSE(check_claim(TokenType::kVideo, "max_resolution", "big").ok());
  EXPECT_FALSE(check_claim(TokenType::kVideo, "latency", "reduced").ok());
}

}  // namespace
}  // namespace ts::mux
