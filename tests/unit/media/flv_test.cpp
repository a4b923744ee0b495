// SPDX-License-Identifier: Apache-2.0
#include "media/flv.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ts::media {
namespace {

using rtmp::Tag;
using rtmp::TagType;

std::vector<std::uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::vector<std::uint8_t> stream_of(const std::vector<Tag>& tags) {
  std::string out;
  rtmp::FlvWriter::append_header(out);
  for (const auto& tag : tags) rtmp::FlvWriter::append(out, tag.view());
  return bytes_of(out);
}

const Tag kKeyFrame{
    .type = TagType::kVideo, .timestamp_ms = 0x01020304, .payload = {0x17, 1, 0, 0, 0, 0xAA}};

TEST(FlvParser, GivesTagsBackThatArriveByteByByte) {
  FlvParser parser;
  std::vector<Tag> seen;

  for (const auto byte : stream_of({kKeyFrame, kKeyFrame})) {
    parser.feed(std::span(&byte, 1));
    auto tag = parser.next();
    ASSERT_TRUE(tag.ok());
    if (tag.value()) seen.push_back(*tag.value());
  }

  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].timestamp_ms, 0x01020304);
  EXPECT_EQ(seen[1].payload, kKeyFrame.payload);
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
  const Tag configuration{.type = TagType::kVideo, .payload = {0x17, 0, 0, 0, 0, 1}};
  const Tag end_of_sequence{.type = TagType::kVideo, .payload = {0x17, 2, 0, 0, 0}};

  EXPECT_TRUE(rtmp::is_sequence_header(configuration.view()));
  EXPECT_FALSE(is_key_picture(configuration));
  EXPECT_TRUE(is_key_picture(kKeyFrame));
  EXPECT_FALSE(is_media(end_of_sequence));
}

TEST(FlvTag, MetadataAnnouncesTracks) {
  const Tag tag{.type = TagType::kScript, .payload = bytes_of("onMetaData audiocodecid")};

  EXPECT_TRUE(announced_tracks(tag).audio);
  EXPECT_FALSE(announced_tracks(tag).video);
}

}  // namespace
}  // namespace ts::media
