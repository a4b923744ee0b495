// SPDX-License-Identifier: Apache-2.0
#include "sandbox/stream_probe.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ts::sandbox {
namespace {

using Bytes = std::vector<std::uint8_t>;

// x264, 640x360, 30 fps, constrained baseline, level 3.0.
const Bytes kSps{0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x02, 0x80, 0xBF, 0xE5, 0xC0, 0x44, 0x00, 0x00,
                 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xF0, 0x3C, 0x58, 0xBA, 0x80};

Bytes video_header(const Bytes& sps) {
  Bytes out{0x17,
            0x00,
            0,
            0,
            0,
            1,
            sps[1],
            sps[2],
            sps[3],
            0xFF,
            0xE1,
            0x00,
            static_cast<std::uint8_t>(sps.size())};
  out.insert(out.end(), sps.begin(), sps.end());
  return out;
}
const Bytes kAudioHeader{0xAF, 0x00, 0x11, 0x90};  // AAC-LC, 48 kHz, stereo.
const Bytes kAudioFrame{0xAF, 0x01, 0x21, 0x00};

rtmp::TagView video(const Bytes& bytes, std::int64_t ms) {
  return {rtmp::TagType::kVideo, ms, bytes};
}
rtmp::TagView audio(const Bytes& bytes, std::int64_t ms) {
  return {rtmp::TagType::kAudio, ms, bytes};
}

TEST(H264Sps, TellsSizeAndRate) {
  const auto shape = read_h264_sps(kSps);

  ASSERT_TRUE(shape.has_value());
  EXPECT_EQ(shape->width, 640U);
  EXPECT_EQ(shape->height, 360U);
  EXPECT_DOUBLE_EQ(shape->frame_rate, 30.0);
}

TEST(H264Sps, IsNotReadFromLessThanAWholeOne) {
  for (std::size_t size = 0; size < 9; ++size) {
    EXPECT_FALSE(read_h264_sps(std::span(kSps).first(size)).has_value()) << size;
  }
  EXPECT_FALSE(read_h264_sps(Bytes(20, 0xFF)).has_value());
}

TEST(StreamProbe, TellsOnceBothTracksAreThere) {
  StreamProbe probe;
  const auto header = video_header(kSps);

  EXPECT_FALSE(probe.feed(video(header, 0)).has_value());
  const auto info = probe.feed(audio(kAudioHeader, 0));

  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->video_mime, "video/H264");
  EXPECT_EQ(info->width, 640U);
  EXPECT_EQ(info->audio_mime, "audio/aac");
  EXPECT_EQ(info->sample_rate, 48'000U);
  EXPECT_EQ(info->channels, 2U);
  EXPECT_EQ(info->codecs, "avc1.42c01e,mp4a.40.2");
  EXPECT_FALSE(probe.feed(audio(kAudioFrame, 20)).has_value());
}

TEST(StreamProbe, WaitsASecondForAnotherTrackAndTellsWhenItComesLate) {
  StreamProbe probe;
  EXPECT_FALSE(probe.feed(audio(kAudioHeader, 0)).has_value());
  EXPECT_FALSE(probe.feed(audio(kAudioFrame, 999)).has_value());

  const auto alone = probe.feed(audio(kAudioFrame, 1000));
  ASSERT_TRUE(alone.has_value());
  EXPECT_FALSE(alone->has_video);
  const auto header = video_header(kSps);
  const auto both = probe.feed(video(header, 5000));

  ASSERT_TRUE(both.has_value());
  EXPECT_TRUE(both->has_video && both->has_audio);
}

TEST(StreamProbe, TakesTheFrameRateFromTheMetadataWhenThePictureDoesNotSay) {
  StreamProbe probe;
  Bytes script{0x02, 0x00, 0x0A, 'o',  'n', 'M', 'e', 't', 'a',  'D',
               'a',  't',  'a',  0x08, 0,   0,   0,   1,   0x00, 0x09};
  for (const char c : std::string("framerate")) script.push_back(static_cast<std::uint8_t>(c));
  const Bytes twenty_five{0x00, 0x40, 0x39, 0, 0, 0, 0, 0, 0};
  script.insert(script.end(), twenty_five.begin(), twenty_five.end());

  EXPECT_FALSE(probe.feed({rtmp::TagType::kScript, 0, script}).has_value());
  probe.feed(audio(kAudioHeader, 0));
  const auto info = probe.feed(audio(kAudioFrame, 1000));

  ASSERT_TRUE(info.has_value());
  EXPECT_DOUBLE_EQ(info->frame_rate, 25.0);
}

}  // namespace
}  // namespace ts::sandbox
