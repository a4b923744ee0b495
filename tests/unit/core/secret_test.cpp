// SPDX-License-Identifier: Apache-2.0
#include "core/secret.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>

namespace ts {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!Streamable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::equality_comparable<Secret>);
static_assert(!std::is_constructible_v<Json, Secret>);

TEST(Secret, MovesAndLeavesNothingBehind) {
  Secret first("hunter2");
  const Secret second = std::move(first);

  EXPECT_EQ(second.reveal(), "hunter2");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST(RedactIdentifier, ShowsEndsByLength) {
  EXPECT_EQ(redact_identifier("abcdefxyz"), "{abc...xyz}");
  EXPECT_EQ(redact_identifier("abcdef"), "{ab...ef}");
  EXPECT_EQ(redact_identifier("abc"), "{a...c}");
  EXPECT_EQ(redact_identifier("ab"), "{...}");
}

}  // namespace
}  // namespace ts
