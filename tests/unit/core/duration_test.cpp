// SPDX-License-Identifier: Apache-2.0
#include "core/duration.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("500ms").value(), milliseconds(500));
  EXPECT_EQ(parse_duration("90s").value(), milliseconds(90'000));
  EXPECT_EQ(parse_duration("15m").value(), milliseconds(900'000));
  EXPECT_EQ(parse_duration("2h").value(), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("1.5h").value(), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("1h30m").value(), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration("1d").value(), milliseconds(86'400'000));
}

TEST(ParseDuration, RefusesANumberWithoutAUnit) {
  const auto duration = parse_duration("90");

  ASSERT_FALSE(duration.ok());
  EXPECT_EQ(duration.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(duration.error().hint, "write 90s, 90m or 90h");
}

TEST(ParseDuration, RefusesNegativeEmptyAndUnknownUnits) {
  for (const char* text :
       {"-5s", "", "5 s", "5x", "s", "nan", "1e999s", "99999999999h", ".5h", "1.h"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

TEST(FormatDuration, IsShort) {
  EXPECT_EQ(format_duration(milliseconds(850)), "850ms");
  EXPECT_EQ(format_duration(milliseconds(1500)), "1.5s");
  EXPECT_EQ(format_duration(milliseconds(65'000)), "1m05s");
  EXPECT_EQ(format_duration(milliseconds(3'660'000)), "1h01m");
}

}  // namespace
}  // namespace ts
