// SPDX-License-Identifier: Apache-2.0
#include "compose/mixer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ts::compose {
namespace {

TEST(Mixer, TicksHaveExactlyTheirSamples) {
  EXPECT_EQ(sample_of(30, 30, 1), 48'000);
  EXPECT_EQ(sample_of(1, 30000, 1001), 1601);
  EXPECT_EQ(sample_of(30'000, 30000, 1001), 48'048'000);
  // 24 hours, and a year.
  EXPECT_EQ(sample_of(24ULL * 3600 * 30, 30, 1), 24LL * 3600 * 48'000);
  EXPECT_EQ(sample_of(365ULL * 24 * 3600 * 60, 60, 1), 365LL * 24 * 3600 * 48'000);
}

TEST(Fader, MovesWithoutSteps) {
  Fader fader;
  const std::vector<float> ones(2 * 1000, 1.0F);
  std::vector<float> first(ones.size(), 0.0F);
  std::vector<float> second(ones.size(), 0.0F);

  fader.mix(ones, 1.0, first);
  fader.mix(ones, 0.0, second);

  EXPECT_EQ(first[0], 1.0F);
  float largest = 0;
  float before = 1.0F;
  for (std::size_t i = 0; i < second.size(); i += 2) {
    largest = std::max(largest, std::abs(second[i] - before));
    before = second[i];
  }
  EXPECT_LT(largest, 0.003F);
  EXPECT_EQ(second[2 * 480], 0.0F);
}

TEST(Fader, SumsAreNeverNormalised) {
  Fader a;
  Fader b;
  const std::vector<float> quarter(2, 0.25F);
  std::vector<float> sum(2, 0.0F);

  a.mix(quarter, 1.0, sum);
  b.mix(quarter, 1.0, sum);

  EXPECT_FLOAT_EQ(sum[0], 0.5F);
}

TEST(Tone, GoesOnWithoutASeamAcrossBlocks) {
  std::vector<float> whole(2 * 3200, 0.0F);
  std::vector<float> parts(2 * 3200, 0.0F);

  add_tone(997, 1'000'000'000, whole);
  add_tone(997, 1'000'000'000, std::span(parts).first(2 * 1600));
  add_tone(997, 1'000'001'600, std::span(parts).subspan(2 * 1600));

  EXPECT_EQ(whole, parts);
}

TEST(FromDb, IsTwentyDbPerFactorTen) {
  EXPECT_DOUBLE_EQ(from_db(0), 1);
  EXPECT_DOUBLE_EQ(from_db(20), 10);
  EXPECT_EQ(from_db(-120), 0);
}

}  // namespace
}  // namespace ts::compose
