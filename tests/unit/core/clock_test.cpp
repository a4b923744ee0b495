// SPDX-License-Identifier: Apache-2.0
#include "core/clock.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(Rfc3339, RoundTrips) {
  for (const char* text :
       {"2026-11-20T13:50:41Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.123Z"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(format_rfc3339(time.value()), text);
  }
}

TEST(Rfc3339, AppliesTheOffset) {
  EXPECT_EQ(format_rfc3339(parse_rfc3339("2026-01-01T01:30:00+02:00").value()),
            "2025-12-31T23:30:00Z");
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
  }
}

TEST(SystemClock, AWaitEndsWhenStopped) {
  SystemClock clock;
  std::stop_source stop;
  stop.request_stop();

  EXPECT_FALSE(clock.wait_for(std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace ts
