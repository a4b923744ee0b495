// SPDX-License-Identifier: Apache-2.0
#include "core/json_scan.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ts {
namespace {

/// Whether the scanner takes the whole text as one value.
bool scans(std::string_view text) {
  JsonScanner in(text);
  in.skip();
  return in.finish();
}

TEST(JsonScanner, TakesWhatTheParserTakes) {
  for (const std::string text :
       {"{}", "[]", " [ ] ", "\"\"", "0", "-0", "1.5e-3", "1E+2", "true", "false", "null",
        R"({"a":{"b":[1,"x",null,{}]},"c":[]})", "\"\\u00fc\\ud83c\\udfa5\\n\\/\"",
        "{\n\t\"a\" : 1 ,\r\n \"b\" : 2 }", "[[[[[[[[]]]]]]]]"}) {
    EXPECT_TRUE(scans(text)) << text;
    EXPECT_TRUE(parse_json(text, "text").ok()) << text;
  }
}

TEST(JsonScanner, RefusesWhatTheParserRefuses) {
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "{",
                                          "}",
                                          "[",
                                          "{]",
                                          "[1,]",
                                          "[,1]",
                                          "[1 2]",
                                          "{\"a\"}",
                                          "{\"a\":}",
                                          "{\"a\":1,}",
                                          "{a:1}",
                                          "{1:2}",
                                          "\"",
                                          "\"\\\"",
                                          "\"\\x\"",
                                          "\"\\u12\"",
                                          "\"\\ud83c\"",
                                          "\"\\udfa5\"",
                                          "\"\n\"",
                                          "\"\xff\"",
                                          "01",
                                          "-",
                                          "1.",
                                          ".5",
                                          "1e",
                                          "1e+",
                                          "+1",
                                          "0x1",
                                          "1e999",
                                          "tru",
                                          "nul",
                                          "NaN",
                                          "Infinity",
                                          "{} {}",
                                          "[1]x",
                                          "// c\n1",
                                          "'a'",
                                          "\"\\ud83cx\"",
                                          std::string(65, '[') + std::string(65, ']')};
  for (const auto& text : texts) {
    EXPECT_FALSE(scans(text)) << text;
    EXPECT_FALSE(parse_json(text, "text").ok()) << text;
  }
}

TEST(JsonScanner, ReadsMembersAndItems) {
  JsonScanner in(
      R"({"name":"a\u00fc\"b","list":[1,2.5],"flag":true,"gone":null,"deep":{"x":[{}]}})");
  std::string name;
  std::vector<double> list;
  bool flag = false;
  bool gone = false;
  for (in.enter_object(); in.next_member();) {
    if (in.key() == "name") {
      in.read_string(name);
    } else if (in.key() == "list") {
      for (in.enter_array(); in.next_item();) in.read_number(list.emplace_back());
    } else if (in.key() == "flag") {
      in.read_bool(flag);
    } else if (in.key() == "gone") {
      gone = in.take_null();
    } else {
      in.skip();
    }
  }
  EXPECT_TRUE(in.finish());
  EXPECT_EQ(name, "a\u00fc\"b");
  EXPECT_EQ(list, (std::vector<double>{1, 2.5}));
  EXPECT_TRUE(flag);
  EXPECT_TRUE(gone);
}

TEST(JsonScanner, StaysFailedAfterTheFirstSurprise) {
  JsonScanner in(R"({"a":"text","b":true})");
  double number = 0;
  bool flag = false;
  ASSERT_TRUE(in.enter_object());
  ASSERT_TRUE(in.next_member());
  EXPECT_FALSE(in.read_number(number));
  EXPECT_FALSE(in.next_member());
  EXPECT_FALSE(in.read_bool(flag));
  EXPECT_FALSE(in.finish());
}

TEST(AppendJsonString, WritesWhatTheParserReadsBack) {
  std::string all;
  for (char c = 1; c < 127; ++c) all.push_back(c);
  all += "\u00fc\U0001F3A5\u2028";
  all.push_back('\0');
  std::string text;
  append_json_string(text, all);

  EXPECT_EQ(text, dump_json(Json(all)));
  EXPECT_EQ(parse_json(text, "text").value().get<std::string>(), all);
}

}  // namespace
}  // namespace ts
