// SPDX-License-Identifier: Apache-2.0
#include "sandbox/playback_token.hpp"

#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/jwt.hpp"
#include "crypto/rsa.hpp"
#include "sandbox/audience.hpp"
#include "sandbox/rate_limit.hpp"
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

/// One key for all: making one takes a while.
const crypto::RsaPrivateKey& key() {
  static const auto made = crypto::RsaPrivateKey::generate().value();
  return made;
}

struct TokenFixture {
  test::FakeClock clock;
  Json restriction;
  PlaybackTokens tokens{
      {.signing_key = [](std::string_view id) -> std::optional<std::string> {
         if (id != "kid") return std::nullopt;
         return crypto::base64_encode(key().private_pem().value().reveal());
       },
       .restriction = [this](std::string_view id) { return id == "rule" ? restriction : Json(); }},
      clock};

  Json claims() {
    const auto now = std::chrono::duration_cast<seconds>(clock.now().time_since_epoch()).count();
    return {{"kid", "kid"}, {"sub", "PID"}, {"aud", "v"}, {"exp", now + 60}};
  }
  static std::string sign(const Json& claims, std::string_view header = R"({"alg":"RS256"})") {
    return crypto::jwt_rs256(header, dump_json(claims), key()).value();
  }
  bool opens(const std::string& token, const httpd::Request& request = {}) {
    return tokens.open(token, "v", "PID", request).ok();
  }
};

httpd::Request from(std::string referrer, std::string agent = "Player/1") {
  httpd::Request request;
  if (!referrer.empty()) request.headers.set("Referer", std::move(referrer));
  request.headers.set("User-Agent", std::move(agent));
  return request;
}

TEST(PlaybackTokens, OpenWhatTheyWereSignedForAndNothingElse) {
  TokenFixture fixture;
  EXPECT_TRUE(fixture.opens(TokenFixture::sign(fixture.claims())));
  EXPECT_FALSE(fixture.opens(""));
  EXPECT_FALSE(fixture.opens("a.b.c"));
  for (const auto& [claim, value] :
       {std::pair{"aud", "t"}, std::pair{"sub", "OTHER"}, std::pair{"kid", "none"}}) {
    auto claims = fixture.claims();
    claims[claim] = value;
    EXPECT_FALSE(fixture.opens(TokenFixture::sign(claims))) << claim;
  }
  auto forever = fixture.claims();
  forever.erase("exp");
  EXPECT_FALSE(fixture.opens(TokenFixture::sign(forever)));
  EXPECT_FALSE(fixture.opens(TokenFixture::sign(fixture.claims(), R"({"alg":"HS256"})")));
  auto broken = TokenFixture::sign(fixture.claims());
  broken[broken.size() - 10] = broken[broken.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(fixture.opens(broken));
}

TEST(PlaybackTokens, ExpireAndTakeTheKeyIdFromTheHeaderToo) {
  TokenFixture fixture;
  auto claims = fixture.claims();
  claims.erase("kid");
  const auto token = TokenFixture::sign(claims, R"({"alg":"RS256","kid":"kid"})");
  EXPECT_TRUE(fixture.opens(token));

  fixture.clock.advance(seconds{60});

  EXPECT_FALSE(fixture.opens(token));
}

TEST(PlaybackTokens, ObeyTheirRestriction) {
  TokenFixture fixture;
  fixture.restriction = {
      {"referrer", {{"allowed_domains", {"*.example.org"}}, {"allow_no_referrer", false}}},
      {"user_agent", {{"allow_no_user_agent", false}, {"allow_high_risk_user_agent", false}}}};
  auto claims = fixture.claims();
  claims["playback_restriction_id"] = "rule";
  const auto token = TokenFixture::sign(claims);

  EXPECT_TRUE(fixture.opens(token, from("https://www.example.org/page")));
  EXPECT_TRUE(fixture.opens(token, from("https://example.org/")));
  EXPECT_FALSE(fixture.opens(token, from("https://badexample.org/")));
  EXPECT_FALSE(fixture.opens(token, from("")));
  EXPECT_FALSE(fixture.opens(token, from("https://example.org/", "curl/8")));
  fixture.restriction["referrer"]["allow_no_referrer"] = true;
  EXPECT_TRUE(fixture.opens(token, from("")));
  claims["playback_restriction_id"] = "none";
  EXPECT_FALSE(fixture.opens(TokenFixture::sign(claims), from("https://example.org/")));
}

TEST(Audience, CountsViewsForGoodAndViewersForAWhile) {
  test::FakeClock clock;
  Audience audience(clock);
  audience.saw("PID", "a");
  audience.saw("PID", "b");
  clock.advance(seconds{10});
  audience.saw("PID", "a");
  EXPECT_EQ(audience.counts("PID").viewers, 2);

  clock.advance(seconds{10});

  EXPECT_EQ(audience.counts("PID").viewers, 1);
  EXPECT_EQ(audience.counts("PID").views, 2);
  EXPECT_EQ(audience.counts("other").views, 0);
}

TEST(DriftMeter, MeasuresHowLateMediaComes) {
  test::FakeClock clock;
  DriftMeter meter;
  EXPECT_FALSE(meter.drift().known);
  meter.feed(0, clock.steady_now(), clock.now());
  for (int second = 1; second <= 10; ++second) {
    clock.advance(milliseconds{1100});
    meter.feed(second * 1000, clock.steady_now(), clock.now());
  }

  // 100 ms later each second: 100, 200 … 1000, on average 550; the newest is 450 above that.
  EXPECT_DOUBLE_EQ(meter.drift().session_average_ms, 550);
  EXPECT_DOUBLE_EQ(meter.drift().deviation_ms, 450);
}

TEST(RateLimit, LetsABurstThroughAndThenSaysHowLongToWait) {
  test::FakeClock clock;
  RateLimit limit(0.5, 2, clock);
  EXPECT_FALSE(limit.take());
  EXPECT_FALSE(limit.take());
  EXPECT_EQ(limit.take(), seconds{2});

  clock.advance(seconds{2});

  EXPECT_FALSE(limit.take());
  EXPECT_EQ(limit.take(), seconds{2});
}

}  // namespace
}  // namespace ts::sandbox
