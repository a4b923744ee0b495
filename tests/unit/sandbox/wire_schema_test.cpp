// SPDX-License-Identifier: Apache-2.0
#include "sandbox/wire_schema.hpp"

#include "core/json.hpp"
#include "sandbox/livekit_schema.hpp"

#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

const WireSchema& small() {
  static const WireSchema schema(R"(
enum Color RED GREEN BLUE=7
message Leaf
  string name
message Tree
  string some_text
  bool is_tall
  int64 big_number
  uint32 count
  Color color
  bytes data
  map labels
  Leaf one_leaf
  repeated Leaf leaves
  optional bool maybe
  oneof:choice string left_side
  oneof:choice Leaf right_side
)");
  return schema;
}

TEST(WireSchema, ReadsBothSpellingsNumbersAndNames) {
  const auto plain = small().read(
      "Tree", Json::parse(R"({"someText":"a","is_tall":true,"bigNumber":"9007199254740993",
                              "count":"5","color":7,"data":"aGk=","oneLeaf":{"name":"l"},
                              "unknown":{"x":1}})"));

  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain.value(), Json::parse(R"({"some_text":"a","is_tall":true,
    "big_number":9007199254740993,"count":5,"color":"BLUE","data":"aGk=","one_leaf":{"name":"l"}})"));
}

TEST(WireSchema, TakesNullForAbsentAndSkipsUnknownEnumNames) {
  const auto plain =
      small().read("Tree", Json::parse(R"({"someText":null,"color":"MAUVE","count":3})"));

  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain.value(), Json::parse(R"({"count":3})"));
}

TEST(WireSchema, NamesThePathOfAWrongType) {
  const auto plain = small().read("Tree", Json::parse(R"({"leaves":[{"name":"x"},{"name":4}]})"));

  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(plain.error().message, "at $.leaves[1].name: expected a string");
}

TEST(WireSchema, RefusesAOneofThatIsSetTwice) {
  const auto plain =
      small().read("Tree", Json::parse(R"({"leftSide":"a","rightSide":{"name":"b"}})"));

  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.error().message, "at $.rightSide: expected one member of choice");
}

TEST(WireSchema, RefusesNumbersOutOfRange) {
  EXPECT_FALSE(small().read("Tree", Json::parse(R"({"count":-1})")).ok());
  EXPECT_FALSE(small().read("Tree", Json::parse(R"({"count":4294967296})")).ok());
  EXPECT_FALSE(small().read("Tree", Json::parse(R"({"bigNumber":"9223372036854775808"})")).ok());
  EXPECT_FALSE(small().read("Tree", Json::parse(R"({"count":1.5})")).ok());
  EXPECT_TRUE(small().read("Tree", Json::parse(R"({"count":2.0})")).ok());
}

TEST(WireSchema, AnswersWithEveryDefaultExceptOneofAndOptional) {
  EXPECT_EQ(small().answer("Tree", Json::object()), Json::parse(R"({"some_text":"","is_tall":false,
    "big_number":"0","count":0,"color":"RED","data":"","labels":{},"one_leaf":null,"leaves":[]})"));
}

TEST(WireSchema, WritesEventsInCamelCaseWithoutDefaults) {
  const Json plain{{"some_text", ""},  {"is_tall", true},
                   {"big_number", 12}, {"color", "RED"},
                   {"maybe", false},   {"leaves", {{{"name", "x"}}}},
                   {"left_side", ""},  {"one_leaf", Json::object()}};

  EXPECT_EQ(small().event("Tree", plain),
            Json::parse(R"({"isTall":true,"bigNumber":"12","oneLeaf":{},"leaves":[{"name":"x"}],
                            "maybe":false,"leftSide":""})"));
}

TEST(LiveKitSchema, KnowsWhatTheServicesAnswer) {
  const auto room = livekit_schema().answer("Room", Json{{"creation_time", 5}});

  EXPECT_EQ(room["creation_time"], "5");
  EXPECT_EQ(room["version"], nullptr);
  EXPECT_EQ(room["num_participants"], 0);
}

}  // namespace
}  // namespace ts::sandbox
