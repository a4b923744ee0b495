// SPDX-License-Identifier: Apache-2.0
#include "compose/text_painter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace ts::compose {
namespace {

constexpr TextStyle kStyle{.size = 48, .bold = true, .max_width = 1200, .max_height = 400};

DrawnText drawn(const std::string& text, TextStyle style = kStyle) {
  auto out = draw_text(text, style);
  EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().message);
  return out.ok() ? std::move(out).value() : DrawnText{};
}

/// Mean difference of coverage between two drawings laid edge to edge, right or left.
double difference(const DrawnText& a, const DrawnText& b, bool right) {
  const int width = std::min(a.width, b.width);
  const int height = std::min(a.height, b.height);
  double sum = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int left = a.at(right ? a.width - width + x : x, y - b.top + a.top).a;
      sum += std::abs(left - b.at(right ? b.width - width + x : x, y).a);
    }
  }
  return sum / width / height;
}

TEST(DrawText, ArabicLettersAreJoined) {
  // The same letters, kept from joining by zero-width non-joiners.
  const DrawnText joined = drawn("سلام");
  const DrawnText apart = drawn("س\u200cل\u200cا\u200cم");

  EXPECT_EQ(joined.unknown, "");
  EXPECT_TRUE(joined.right_to_left);
  EXPECT_GT(joined.width, 0);
  EXPECT_LT(joined.width, apart.width - 10);
}

TEST(DrawText, HebrewRunsFromTheRight) {
  const DrawnText both = drawn("שם");
  const DrawnText first = drawn("ש");

  EXPECT_TRUE(both.right_to_left);
  EXPECT_LT(difference(both, first, true), 12);
  EXPECT_GT(difference(both, first, false), 30);
  // Latin in it does not turn the line around; Hebrew in Latin does not, either.
  EXPECT_TRUE(drawn("שלום Ana").right_to_left);
  EXPECT_FALSE(drawn("Ana שלום").right_to_left);
}

TEST(DrawText, LettersWithoutAFontAreNamedAndStillDrawn) {
  const DrawnText out = drawn("a\U0010FFFDb");

  EXPECT_EQ(out.unknown, "\U0010FFFD");
  EXPECT_GT(out.width, drawn("ab").width);
  EXPECT_EQ(missing_letters(out.unknown), "no font of this machine has U+10FFFD");
  EXPECT_EQ(missing_letters("\uAE40\uE0FF"),
            "no font of this machine has '\uAE40' (U+AE40), U+E0FF");
}

TEST(DrawText, TooLongALineEndsInDots) {
  TextStyle style = kStyle;
  style.max_width = 200;
  const DrawnText out = drawn("a title that is much too long for its place", style);

  EXPECT_LE(out.width, 200);
  EXPECT_GT(out.width, 120);
  EXPECT_LT(difference(out, drawn("a title", style), false), 60);
}

TEST(DrawText, DigitsStayInPlace) {
  TextStyle style = kStyle;
  style.at_origin = true;
  const DrawnText one = drawn("11:11", style);
  const DrawnText zero = drawn("00:00", style);

  // The colon is where it was: its columns are equal.
  EXPECT_NEAR(one.width, zero.width, 6);
  int equal = 0;
  for (int x = 0; x < std::min(one.width, zero.width); ++x) {
    bool same = true;
    bool any = false;
    for (int y = 0; y < 60; ++y) {
      const int a = one.at(x, y - one.top).a;
      same = same && std::abs(a - zero.at(x, y - zero.top).a) < 8;
      any = any || a > 128;
    }
    if (same && any) ++equal;
  }
  EXPECT_GE(equal, 5);
}

TEST(DrawText, MarksAboveCapitalsHaveRoom) {
  EXPECT_LT(drawn("Ế").top, -3);
  EXPECT_EQ(drawn("E").top, 0);
  EXPECT_EQ(drawn("x").top, 0);
}

TEST(DrawText, WhatIsNoTextIsDrawnAnyhow) {
  EXPECT_GT(drawn("a\xFF\xFE\x01 b\r\n c\t").width, 0);
  EXPECT_EQ(drawn("").width, 0);
  EXPECT_EQ(drawn("  ").width, 0);
  EXPECT_GT(drawn(std::string("a\0b", 3)).width, 0);
  // Two thousand lines are a picture of limited size.
  EXPECT_LE(drawn(std::string(2000, '\n') + "x").height, kStyle.max_height);
}

TEST(DrawText, LinesAreApart) {
  const DrawnText one = drawn("Ag");
  const DrawnText two = drawn("Ag\nAg");

  EXPECT_GT(two.height, one.height + 40);
  EXPECT_LT(two.height, one.height + 75);
}

}  // namespace
}  // namespace ts::compose
