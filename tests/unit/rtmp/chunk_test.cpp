// SPDX-License-Identifier: Apache-2.0
#include "rtmp/chunk.hpp"

#include "support/rtmp_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ts::rtmp {
namespace {

using test::as_bytes;

struct Read {
  Status status = ok_status();
  std::vector<Message> messages;
};

Read read(const std::string& bytes, std::size_t piece = 1U << 20U, ChunkLimits limits = {}) {
  Read out;
  ChunkReader reader(limits);
  for (std::size_t at = 0; at < bytes.size() && out.status.ok(); at += piece) {
    out.status = reader.feed(as_bytes(std::string_view(bytes).substr(at, piece)), [&](Message&& m) {
      out.messages.push_back(std::move(m));
      return ok_status();
    });
  }
  return out;
}

std::string text(const Message& message) {
  return {message.payload.begin(), message.payload.end()};
}

/// Format 0 header on chunk stream 4: timestamp, length, type 9, stream 1.
std::string header0(std::uint32_t time, std::uint32_t length) {
  std::string out = "\x04";
  for (const int shift : {16, 8, 0}) out += static_cast<char>(time >> shift & 0xffU);
  for (const int shift : {16, 8, 0}) out += static_cast<char>(length >> shift & 0xffU);
  return out + std::string("\x09\x01\x00\x00\x00", 5);
}

TEST(ChunkReader, ReadsWhatTheWriterWritesForEverySplit) {
  std::string bytes;
  ChunkWriter writer;
  writer.append(bytes, 4, MessageType::kVideo, 1, std::string(300, 'a'), 40);
  writer.append(bytes, 63, MessageType::kAudio, 1, "short", 0x1000000);
  writer.set_chunk_size(bytes, 1000);
  writer.append(bytes, 4, MessageType::kVideo, 1, std::string(700, 'b'), 80);
  writer.append(bytes, 4, MessageType::kVideo, 1, "", 81);

  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto out = read(bytes, piece);
    ASSERT_TRUE(out.status.ok()) << piece << out.status.error().message;
    ASSERT_EQ(out.messages.size(), 4U) << piece;
    EXPECT_EQ(text(out.messages[0]), std::string(300, 'a'));
    EXPECT_EQ(out.messages[1].timestamp, 0x1000000U);
    EXPECT_EQ(text(out.messages[2]), std::string(700, 'b'));
    EXPECT_EQ(out.messages[3].timestamp, 81U);
  }
}

TEST(ChunkReader, ReadsAllHeaderFormats) {
  std::string bytes = header0(100, 2) + "aa";
  bytes += std::string("\x44\x00\x00\x0a\x00\x00\x03\x08", 8) + "bbb";  // +10, other type
  bytes += std::string("\x84\x00\x00\x05", 4) + "ccc";                  // +5
  bytes += std::string("\xc4", 1) + "ddd";                              // +5 again

  const auto out = read(bytes);

  ASSERT_TRUE(out.status.ok());
  ASSERT_EQ(out.messages.size(), 4U);
  EXPECT_EQ(out.messages[1].timestamp, 110U);
  EXPECT_EQ(out.messages[1].type, MessageType::kAudio);
  EXPECT_EQ(out.messages[1].stream_id, 1U);
  EXPECT_EQ(out.messages[2].timestamp, 115U);
  EXPECT_EQ(out.messages[3].timestamp, 120U);
  EXPECT_EQ(text(out.messages[3]), "ddd");
}

TEST(ChunkReader, RepeatsTheTimestampAsDeltaAfterFormat0) {
  const auto out = read(header0(40, 1) + "a" + "\xc4" + "b");

  ASSERT_EQ(out.messages.size(), 2U);
  EXPECT_EQ(out.messages[1].timestamp, 80U);
}

TEST(ChunkReader, ReadsLongChunkStreamIds) {
  std::string bytes = std::string("\x00\x05", 2) + header0(1, 1).substr(1) + "a";
  bytes += std::string("\x01\x05\x01", 3) + header0(2, 1).substr(1) + "b";

  const auto out = read(bytes, 1);

  ASSERT_TRUE(out.status.ok());
  ASSERT_EQ(out.messages.size(), 2U);
  EXPECT_EQ(text(out.messages[1]), "b");
}

TEST(ChunkReader, ReadsExtendedTimestampsOnFormat3RepeatedOrNot) {
  const std::string extended("\x01\x00\x00\x00", 4);
  const auto begin = header0(0xffffff, 200) + extended + std::string(128, 'a');

  for (const bool repeated : {true, false}) {
    const auto bytes = begin + "\xc4" + (repeated ? extended : "") + std::string(72, 'b');
    for (std::size_t piece = 1; piece < 210; ++piece) {
      const auto out = read(bytes, piece);
      ASSERT_TRUE(out.status.ok());
      ASSERT_EQ(out.messages.size(), 1U) << piece;
      EXPECT_EQ(out.messages[0].timestamp, 0x1000000U);
      EXPECT_EQ(text(out.messages[0]), std::string(128, 'a') + std::string(72, 'b'));
    }
  }
}

TEST(ChunkReader, InterleavesChunkStreams) {
  const std::string video = header0(0, 200);
  auto audio = header0(0, 3);
  audio[0] = '\x05';

  const auto out =
      read(video + std::string(128, 'v') + audio + "abc" + "\xc4" + std::string(72, 'w'), 7);

  ASSERT_EQ(out.messages.size(), 2U);
  EXPECT_EQ(text(out.messages[0]), "abc");
  EXPECT_EQ(text(out.messages[1]), std::string(128, 'v') + std::string(72, 'w'));
}

TEST(ChunkReader, DropsAnAbortedMessage) {
  std::string abort;
  ChunkWriter().append(abort, 2, MessageType::kAbort, 0, std::string("\0\0\0\x04", 4));

  const auto out = read(header0(0, 200) + std::string(128, 'v') + abort + header0(7, 1) + "x");

  ASSERT_TRUE(out.status.ok());
  ASSERT_EQ(out.messages.size(), 1U);
  EXPECT_EQ(text(out.messages[0]), "x");
}

TEST(ChunkReader, RefusesHostileInput) {
  const auto refused = [](const std::string& bytes) { return !read(bytes, 1).status.ok(); };
  const auto set_chunk_size = [](const std::string& value) {
    std::string out;
    ChunkWriter().append(out, 2, MessageType::kSetChunkSize, 0, value);
    return out;
  };

  EXPECT_TRUE(refused("\xc4"));
  EXPECT_TRUE(refused(std::string("\x84\x00\x00\x05", 4)));
  EXPECT_TRUE(refused(header0(0, 0xffffff)));
  EXPECT_TRUE(refused(header0(0, 200) + std::string(128, 'a') + header0(0, 200)));
  EXPECT_TRUE(refused(set_chunk_size(std::string(4, '\0'))));
  EXPECT_TRUE(refused(set_chunk_size("\xff\xff\xff\xff")));
  EXPECT_TRUE(refused(set_chunk_size("\x01")));
}

TEST(ChunkReader, BoundsChunkStreamsAndUnfinishedMessages) {
  std::string many;
  for (char id = 3; id < 36; ++id) {
    auto header = header0(0, 1);
    header[0] = id;
    many += header + "a";
  }
  std::string unfinished;
  for (char id = 3; id < 28; ++id) {
    auto header = header0(0, 1000);
    header[0] = id;
    unfinished += header + std::string(128, 'a');
  }

  EXPECT_FALSE(read(many).status.ok());
  EXPECT_TRUE(read(unfinished).status.ok());
  EXPECT_FALSE(read(unfinished, 1000, {.max_message_bytes = 1000}).status.ok());
}

TEST(ChunkReader, PassesOnTheErrorOfItsReader) {
  ChunkReader reader;

  const auto status = reader.feed(as_bytes(header0(0, 1) + "a"), [](Message&&) -> Status {
    return Error{.kind = ErrorKind::kAuth, .message = "no"};
  });

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kAuth);
}

}  // namespace
}  // namespace ts::rtmp
