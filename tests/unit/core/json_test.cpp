// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(ParseJson, NamesLineAndColumn) {
  const auto json = parse_json("{\n  \"a\": x\n}", "show.json");

  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(json.error().message, "show.json is not valid JSON at line 2 column 8");
}

TEST(ParseJson, RefusesDeepLargeAndForeignText) {
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']'), "x").ok());
  EXPECT_FALSE(parse_json(std::string(2U << 20U, ' '), "x").ok());
  EXPECT_FALSE(parse_json("\"\xFF\"", "x").ok());
  EXPECT_FALSE(parse_json("", "x").ok());
  EXPECT_FALSE(parse_json("{\"a\":1", "x").ok());
}

TEST(JsonReader, ErrorsNameThePath) {
  const Json json = parse_json(R"({"egress":[{},{"started_at":5}]})", "x").value();
  const JsonReader root(json);

  const auto items = root.at("egress").value().items().value();
  const auto text = items[1].at("started_at").value().as_string();

  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().message, "at $.egress[1].started_at: expected a string, found a number");
  EXPECT_EQ(items[0].at("started_at").error().message,
            "at $.egress[0]: member 'started_at' is missing");
}

TEST(JsonReader, TakesNumbersAsStrings) {
  const Json json =
      parse_json(R"({"a":"1719000000","b":7,"c":"7x","d":1.5,"e":null})", "x").value();
  const JsonReader root(json);

  EXPECT_EQ(root.at("a").value().as_int().value(), 1719000000);
  EXPECT_EQ(root.int_or("b", 0).value(), 7);
  EXPECT_FALSE(root.int_or("c", 0).ok());
  EXPECT_FALSE(root.int_or("d", 0).ok());
  EXPECT_EQ(root.int_or("e", 9).value(), 9);
}

TEST(ParseJson, FindsANameGivenTwiceWhereAsked) {
  const std::string text = R"({"a":[{"b":1},{"b":1,"c":{"d":2,"d":3}}],"b":1})";

  EXPECT_TRUE(parse_json(text, "it").ok());
  EXPECT_TRUE(
      parse_json(R"({"a":{"x":1},"b":{"x":1}})", "it", ErrorKind::kUsage, kWrittenByPeople).ok());
  const auto refused = parse_json(text, "it", ErrorKind::kUsage, kWrittenByPeople);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "it has $.a.c.d twice");
}

TEST(ParseJson, ANulIsNoEndOfTheText) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse_json("{\"a\":1}\0junk"sv, "x").ok());
  EXPECT_FALSE(parse_json("{\"a\":1}\0"sv, "x").ok());
  EXPECT_TRUE(parse_json("{\"a\":\"\\u0000\"}"sv, "x").ok());
}

TEST(JsonReader, RefusesUnknownKeysWithASuggestion) {
  const Json json = parse_json(R"({"sorces":{}})", "x").value();

  const Status status = JsonReader(json, ErrorKind::kUsage).only({"sources", "scenes"});

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "at $: unknown key 'sorces'");
  EXPECT_EQ(status.error().hint, "did you mean 'sources'?");
}

}  // namespace
}  // namespace ts
