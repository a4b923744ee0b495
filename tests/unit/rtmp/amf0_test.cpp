// SPDX-License-Identifier: Apache-2.0
#include "rtmp/amf0.hpp"

#include "support/rtmp_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::rtmp::amf0 {
namespace {

using test::as_bytes;

Result<std::vector<Value>> read(const std::string& bytes) { return decode(as_bytes(bytes)); }

TEST(Amf0, ReadsWhatItWrites) {
  Writer writer;
  writer.string("connect").number(1.5).boolean(true).null();
  writer.begin_object().key("a").string("x").key("b").begin_object().end_object().end_object();

  const auto values = read(writer.take());

  ASSERT_TRUE(values.ok());
  ASSERT_EQ(values.value().size(), 5U);
  EXPECT_EQ(values.value()[0].text_or_empty(), "connect");
  EXPECT_EQ(values.value()[1].number, 1.5);
  EXPECT_TRUE(values.value()[2].boolean);
  EXPECT_EQ(values.value()[3].kind, Kind::kNull);
  EXPECT_EQ(values.value()[4].find("a")->text, "x");
  EXPECT_EQ(values.value()[4].find("b")->kind, Kind::kObject);
  EXPECT_EQ(values.value()[4].find("c"), nullptr);
}

TEST(Amf0, ReadsEcmaArraysDatesAndLongStrings) {
  const std::string bytes(
      "\x08\xff\xff\xff\xff\x00\x01k\x05\x00\x00\x09"
      "\x0b\x42\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x0c\x00\x00\x00\x02hi"
      "\x0a\x00\x00\x00\x02\x05\x06",
      12 + 11 + 7 + 7);

  const auto values = read(bytes);

  ASSERT_TRUE(values.ok()) << values.error().message;
  ASSERT_EQ(values.value().size(), 4U);
  EXPECT_NE(values.value()[0].find("k"), nullptr);
  EXPECT_EQ(values.value()[1].kind, Kind::kDate);
  EXPECT_EQ(values.value()[2].text, "hi");
  EXPECT_EQ(values.value()[3].items.size(), 2U);
}

TEST(Amf0, RefusesEveryCut) {
  Writer writer;
  writer.begin_object().key("a").string("x").key("b").number(2).end_object();
  const auto whole = writer.take();

  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(read(whole.substr(0, size)).ok()) << size;
  }
}

TEST(Amf0, RefusesDepthBombs) {
  std::string bomb;
  for (int i = 0; i < 100'000; ++i) bomb += std::string("\x03\x00\x01k", 4);

  const auto values = read(bomb);

  ASSERT_FALSE(values.ok());
  EXPECT_EQ(values.error().message, "AMF0: nested too deeply");
}

TEST(Amf0, RefusesTooManyValues) {
  EXPECT_TRUE(read(std::string(4'096, '\x05')).ok());
  EXPECT_FALSE(read(std::string(4'097, '\x05')).ok());
}

TEST(Amf0, RefusesLengthsBeyondTheInput) {
  EXPECT_FALSE(read(std::string("\x0c\xff\xff\xff\xff"
                                "a",
                                6))
                   .ok());
  EXPECT_FALSE(read(std::string("\x02\xff\xff"
                                "a",
                                4))
                   .ok());
  EXPECT_FALSE(read(std::string("\x0a\xff\xff\xff\xff\x05", 6)).ok());
}

TEST(Amf0, RefusesMarkersThatPublishersDoNotUse) {
  for (const char marker : {'\x04', '\x07', '\x09', '\x0f', '\x10', '\x11', '\x7f'}) {
    EXPECT_FALSE(read(std::string(1, marker) + std::string(20, '\0')).ok()) << int(marker);
  }
}

}  // namespace
}  // namespace ts::rtmp::amf0
