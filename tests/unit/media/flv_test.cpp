// SPDX-License-Identifier: Apache-2.0
#include "media/flv.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace ts::media {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::vector<std::uint8_t> stream_of(const std::vector<FlvTag>& tags) {
  const auto header = flv_file_header();
  std::vector<std::uint8_t> out(header.begin(), header.end());
  for (const auto& tag : tags) {
    const auto bytes = flv_tag_bytes(tag, tag.timestamp_ms);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

const FlvTag kKeyFrame{
    .type = FlvTagType::kVideo, .timestamp_ms = 0x01020304, .body = {0x17, 1, 0, 0, 0, 0xAA}};

TEST(FlvParser, GivesTagsBackThatArriveByteByByte) {
  FlvParser parser;
  std::vector<FlvTag> seen;

  for (const auto byte : stream_of({kKeyFrame, kKeyFrame})) {
    parser.feed(std::span(&byte, 1));
    auto tag = parser.next();
    ASSERT_TRUE(tag.ok());
    if (tag.value()) seen.push_back(*tag.value());
  }

  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].timestamp_ms, 0x01020304U);
  EXPECT_EQ(seen[1].body, kKeyFrame.body);
  EXPECT_FALSE(parser.mid_tag());
}

TEST(FlvParser, SaysThatAStreamIsCutInsideATag) {
  FlvParser parser;
  auto bytes = stream_of({kKeyFrame});
  bytes.pop_back();

  parser.feed(bytes);

  EXPECT_FALSE(parser.next().value().has_value());
  EXPECT_TRUE(parser.mid_tag());
}

TEST(FlvParser, RefusesOtherFormats) {
  FlvParser parser;
  parser.feed(bytes_of("#EXTM3U\n"));

  const auto tag = parser.next();

  ASSERT_FALSE(tag.ok());
  EXPECT_EQ(tag.error().kind, ErrorKind::kMedia);
}

TEST(FlvParser, RefusesAnEncryptedTag) {
  FlvParser parser;
  auto bytes = stream_of({kKeyFrame});
  bytes[13] |= 0x20U;
  parser.feed(bytes);

  EXPECT_FALSE(parser.next().ok());
}

TEST(FlvTag, TellsSequenceHeadersFromKeyFrames) {
  const FlvTag configuration{.type = FlvTagType::kVideo, .body = {0x17, 0, 0, 0, 0, 1}};
  const FlvTag end_of_sequence{.type = FlvTagType::kVideo, .body = {0x17, 2, 0, 0, 0}};

  EXPECT_TRUE(configuration.is_sequence_header());
  EXPECT_FALSE(configuration.is_key_frame());
  EXPECT_TRUE(kKeyFrame.is_key_frame());
  EXPECT_FALSE(end_of_sequence.is_media());
}

TEST(FlvTag, LosesSetDataFrame) {
  FlvTag tag{.type = FlvTagType::kScript,
             .body = bytes_of({"\x02\x00\x0D@setDataFrame\x02\x00\x0AonMetaData", 29})};

  strip_set_data_frame(tag);

  EXPECT_EQ(tag.body, bytes_of({"\x02\x00\x0AonMetaData", 13}));
}

TEST(FlvTag, MetadataAnnouncesTracks) {
  const FlvTag tag{.type = FlvTagType::kScript, .body = bytes_of("onMetaData audiocodecid")};

  EXPECT_TRUE(announced_tracks(tag).audio);
  EXPECT_FALSE(announced_tracks(tag).video);
}

}  // namespace
}  // namespace ts::media
