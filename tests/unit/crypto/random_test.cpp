// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace ts::crypto {
namespace {

TEST(RandomBytes, DifferEachTime) {
  EXPECT_EQ(random_bytes(0).size(), 0U);
  EXPECT_EQ(random_bytes(33).size(), 33U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(RandomText, UsesEveryCharacterAboutEquallyOften) {
  const std::string text = random_text(30000, "abc");

  std::array<int, 3> counts{};
  for (const char c : text) ++counts.at(static_cast<std::size_t>(c - 'a'));
  // 10,000 expected, standard deviation 82: seven of them never happen.
  for (const int count : counts) EXPECT_NEAR(count, 10000, 600);
}

TEST(RandomUuid, HasVersionAndVariant) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto uuid = random_uuid();
    EXPECT_THAT(uuid, testing::MatchesRegex(
                          "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace ts::crypto
