// SPDX-License-Identifier: Apache-2.0
#include "net/backoff.hpp"

#include <gtest/gtest.h>

namespace ts::net {
namespace {

TEST(Backoff, DoublesWithinItsShareUpToTheCap) {
  Backoff backoff({}, 7);
  const int expected[] = {500, 1000, 2000, 4000, 8000, 8000};

  for (const int most : expected) {
    const auto wait = backoff.next().count();
    EXPECT_LE(wait, most);
    EXPECT_GE(wait, most * 3 / 4);
  }
}

TEST(RetryAfter, ReadsMillisecondsSecondsAndDates) {
  const WallTime now = parse_rfc3339("1994-11-06T08:49:30Z").value();

  EXPECT_EQ(parse_retry_after("250", "9", now), milliseconds(250));
  EXPECT_EQ(parse_retry_after("", "1.5", now), milliseconds(1500));
  EXPECT_EQ(parse_retry_after("", "Sun, 06 Nov 1994 08:49:37 GMT", now), milliseconds(7000));
}

TEST(RetryAfter, IgnoresJunkAndThePast) {
  const WallTime now = parse_rfc3339("2026-01-01T00:00:00Z").value();

  for (const char* text : {"", "soon", "-1", "nan", "inf", "Sun, 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_retry_after("", text, now), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ts::net
