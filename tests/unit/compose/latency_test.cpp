// SPDX-License-Identifier: Apache-2.0
#include "compose/latency.hpp"

#include <gtest/gtest.h>

namespace ts::compose {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(LatencyHistogram, IsAllZeroBeforeTheFirstTime) {
  const Latency latency = LatencyHistogram{}.summary();

  EXPECT_EQ(latency.count, 0U);
  EXPECT_EQ(latency.worst_ms, 0);
}

TEST(LatencyHistogram, TellsTheMiddleTheTailAndTheWorst) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.add(microseconds{100 * i});

  const Latency latency = histogram.summary();

  EXPECT_EQ(latency.count, 1000U);
  EXPECT_NEAR(latency.median_ms, 50, 0.3);
  EXPECT_NEAR(latency.p99_ms, 99, 0.3);
  EXPECT_EQ(latency.worst_ms, 100);
}

TEST(LatencyHistogram, KeepsTheWorstExactBeyondItsSteps) {
  LatencyHistogram histogram;
  histogram.add(milliseconds{3});
  histogram.add(milliseconds{90'000});
  histogram.add(milliseconds{-5});

  const Latency latency = histogram.summary();

  EXPECT_EQ(latency.worst_ms, 90'000);
  EXPECT_NEAR(latency.median_ms, 3, 0.3);
}

}  // namespace
}  // namespace ts::compose
