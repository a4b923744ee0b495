// SPDX-License-Identifier: Apache-2.0
#include "config/dotenv.hpp"

#include <gtest/gtest.h>

namespace ts::config {
namespace {

TEST(Dotenv, ReadsQuotesCommentsAndExport) {
  const auto pairs = parse_dotenv(
      "# top\nA=1\nexport B = two words # note\nC='li$teral # kept'\nD=\"a\\nb\nc\"\nE=\nF=x#y\r\n",
      ".env");

  ASSERT_TRUE(pairs.ok()) << pairs.error().message;
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(pairs.value(), (std::vector<Pair>{{"A", "1"},
                                              {"B", "two words"},
                                              {"C", "li$teral # kept"},
                                              {"D", "a\nb\nc"},
                                              {"E", ""},
                                              {"F", "x#y"}}));
}

TEST(Dotenv, NamesTheLineAndNeverTheValue) {
  const auto pairs = parse_dotenv("A=1\nsecret-value-without-name\n", ".env");

  ASSERT_FALSE(pairs.ok());
  EXPECT_EQ(pairs.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(pairs.error().message, ".env line 2: there is no '='");
}

TEST(Dotenv, RefusesOpenQuotesAndBinary) {
  EXPECT_EQ(parse_dotenv("A=\"x\ny", ".env").error().message,
            ".env line 1: the quote is not closed");
  EXPECT_FALSE(parse_dotenv(std::string_view("A=\0", 3), ".env").ok());
  EXPECT_FALSE(parse_dotenv("1A=x", ".env").ok());
}

}  // namespace
}  // namespace ts::config
