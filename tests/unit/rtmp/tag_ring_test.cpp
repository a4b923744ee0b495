// SPDX-License-Identifier: Apache-2.0
#include "rtmp/tag_ring.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ts::rtmp {
namespace {

TagView view(TagType type, std::string_view payload, std::int64_t timestamp = 0) {
  return {type, timestamp, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}};
}

using namespace std::string_view_literals;
constexpr auto kMetadata = "\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData\x05"sv;
constexpr auto kVideoHeader = "\x17\x00 avcC"sv;
constexpr auto kAudioHeader = "\xaf\x00 asc"sv;
constexpr auto kKey = "\x17\x01 key"sv;
constexpr auto kDelta = "\x27\x01 delta"sv;
constexpr auto kAudio = "\xaf\x01 audio"sv;

void push_headers(TagRing& ring) {
  ring.push(view(TagType::kScript, kMetadata));
  ring.push(view(TagType::kVideo, kVideoHeader));
  ring.push(view(TagType::kAudio, kAudioHeader));
}

/// First letters of what a reader has: m, V, A (headers), k, d, a.
std::string drain(TagRing::Reader& reader) {
  std::string out;
  while (const auto tag = reader.try_pop()) {
    const std::string_view payload(reinterpret_cast<const char*>(tag->payload.data()),
                                   tag->payload.size());
    if (tag->type == TagType::kScript) out += 'm';
    if (payload == kVideoHeader) out += 'V';
    if (payload == kAudioHeader) out += 'A';
    if (payload == kKey) out += 'k';
    if (payload == kDelta) out += 'd';
    if (payload == kAudio) out += 'a';
  }
  return out;
}

TEST(TagRing, GivesAnEarlyReaderAllFromTheFirstKeyFrame) {
  TagRing ring;
  const auto reader = ring.subscribe();
  push_headers(ring);
  ring.push(view(TagType::kAudio, kAudio));
  ring.push(view(TagType::kVideo, kDelta));
  ring.push(view(TagType::kVideo, kKey));
  ring.push(view(TagType::kAudio, kAudio));

  EXPECT_EQ(drain(*reader), "mVAka");
}

TEST(TagRing, LetsALateReaderBeginAtTheLastKeyFrame) {
  TagRing ring;
  push_headers(ring);
  for (const auto payload : {kKey, kDelta, kKey, kDelta, kDelta}) {
    ring.push(view(TagType::kVideo, payload));
    ring.push(view(TagType::kAudio, kAudio));
  }

  const auto reader = ring.subscribe();

  EXPECT_EQ(drain(*reader), "mVAkadada");
  EXPECT_EQ(reader->dropped(), 0U);
}

TEST(TagRing, NeedsNoKeyFramesForSoundAlone) {
  TagRing ring;
  ring.push(view(TagType::kAudio, kAudioHeader));
  ring.push(view(TagType::kAudio, kAudio));
  const auto reader = ring.subscribe();
  ring.push(view(TagType::kAudio, kAudio));

  EXPECT_EQ(drain(*reader), "Aaa");
}

TEST(TagRing, ForgetsAGroupThatIsTooLong) {
  TagRing ring({.cache_bytes = 30});
  push_headers(ring);
  ring.push(view(TagType::kVideo, kKey));
  for (int i = 0; i < 10; ++i) ring.push(view(TagType::kVideo, kDelta));

  const auto reader = ring.subscribe();
  EXPECT_EQ(drain(*reader), "");
  ring.push(view(TagType::kVideo, kKey));

  EXPECT_EQ(drain(*reader), "mVAk");
}

TEST(TagRing, DropsASlowReaderToTheNextKeyFrameAndCounts) {
  TagRing ring({.reader_bytes = 100});
  const auto slow = ring.subscribe();
  const auto fast = ring.subscribe();
  push_headers(ring);
  ring.push(view(TagType::kVideo, kKey));
  EXPECT_EQ(drain(*fast), "mVAk");
  for (int i = 0; i < 20; ++i) ring.push(view(TagType::kVideo, kDelta));
  ring.push(view(TagType::kVideo, kKey));
  ring.push(view(TagType::kVideo, kDelta));

  EXPECT_EQ(drain(*slow), "mVAkd");
  EXPECT_EQ(slow->dropped(), 24U);
}

TEST(TagRing, DrainsAfterCloseAndOutlivesTheRing) {
  auto ring = std::make_unique<TagRing>();
  const auto reader = ring->subscribe();
  push_headers(*ring);
  ring->push(view(TagType::kVideo, kKey));
  ring.reset();

  EXPECT_FALSE(reader->finished());
  EXPECT_EQ(drain(*reader), "mVAk");
  EXPECT_TRUE(reader->finished());
  EXPECT_EQ(reader->pop({}), nullptr);
}

TEST(TagRing, WakesAReaderThatWaits) {
  TagRing ring;
  const auto reader = ring.subscribe();
  std::size_t got = 0;
  std::jthread consumer([&](const std::stop_token& stop) {
    while (reader->pop(stop)) ++got;
  });
  push_headers(ring);
  for (int i = 0; i < 1000; ++i) ring.push(view(TagType::kVideo, kKey, i));
  ring.close();
  consumer.join();

  EXPECT_EQ(got, 1003U);
}

std::string read_all(int fd) {
  std::string out;
  char buffer[4096];
  for (auto got = ::read(fd, buffer, sizeof buffer); got > 0;
       got = ::read(fd, buffer, sizeof buffer)) {
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}

TEST(FlvPipe, WritesAStreamAndClosesAtItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd read_end(ends[0]);
  TagRing ring;
  const FlvPipe pipe(ring.subscribe(), UniqueFd(ends[1]));
  push_headers(ring);
  ring.push(view(TagType::kVideo, kKey, 40));
  ring.close();

  const auto bytes = read_all(read_end.get());

  EXPECT_EQ(bytes.substr(0, 13), "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"sv);
  EXPECT_EQ(bytes.find("@setDataFrame"), std::string::npos);
  EXPECT_TRUE(bytes.ends_with("\x17\x01 key\x00\x00\x00\x11"sv));
}

TEST(FlvPipe, EndsWhenTheReaderHasGone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  TagRing ring;
  const FlvPipe pipe(ring.subscribe(), UniqueFd(ends[1]));

  while (!pipe.finished()) std::this_thread::yield();

  EXPECT_EQ(pipe.bytes_written(), 0U);
}

TEST(FlvPipe, DoesNotWaitForAStuckReader) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd read_end(ends[0]);
  TagRing ring;
  const std::string large = std::string(kKey) + std::string(1U << 20U, 'x');
  {
    const FlvPipe pipe(ring.subscribe(), UniqueFd(ends[1]));
    ring.push(view(TagType::kVideo, large));
    while (pipe.bytes_written() < 60'000) std::this_thread::yield();
  }

  EXPECT_LT(read_all(read_end.get()).size(), large.size());
}

TEST(FlvWriter, WritesLongTimestamps) {
  std::string out;

  FlvWriter::append(out, view(TagType::kAudio, "a", 0x1'0203'0405LL));

  EXPECT_EQ(out,
            "\x08\x00\x00\x01\x03\x04\x05\x02\x00\x00\x00"
            "a\x00\x00\x00\x0c"sv);
}

TEST(KeyFrames, AreKnownInClassicAndEnhancedHeaders) {
  EXPECT_TRUE(is_key_frame(view(TagType::kVideo, "\x17\x01"sv)));
  EXPECT_FALSE(is_key_frame(view(TagType::kVideo, "\x27\x01"sv)));
  EXPECT_FALSE(is_key_frame(view(TagType::kVideo, "\x17\x00"sv))) << "configuration";
  EXPECT_FALSE(is_key_frame(view(TagType::kVideo, "\x17\x02"sv))) << "end of sequence";
  EXPECT_TRUE(is_key_frame(view(TagType::kVideo, "\x12"sv))) << "H.263 has no packet types";
  EXPECT_TRUE(is_key_frame(view(TagType::kVideo, "\x91hvc1"sv)));
  EXPECT_TRUE(is_sequence_header(view(TagType::kVideo, "\x90hvc1"sv)));
  EXPECT_FALSE(is_sequence_header(view(TagType::kVideo, "\x91hvc1"sv)));
  EXPECT_FALSE(is_key_frame(view(TagType::kAudio, "\x17\x01"sv)));
  EXPECT_FALSE(is_key_frame(view(TagType::kVideo, ""sv)));
}

}  // namespace
}  // namespace ts::rtmp
