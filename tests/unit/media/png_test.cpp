// SPDX-License-Identifier: Apache-2.0
#include "media/png.hpp"

#include "core/file.hpp"
#include "media/av_handles.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace ts::media {
namespace {

AvFrame plain(AVPixelFormat format, std::uint8_t y, std::uint8_t u, std::uint8_t v) {
  auto frame = make_frame();
  frame->width = 64;
  frame->height = 36;
  frame->format = format;
  av_frame_get_buffer(frame.get(), 0);
  std::memset(frame->data[0], y, static_cast<std::size_t>(frame->linesize[0]) * 36);
  std::memset(frame->data[1], u, static_cast<std::size_t>(frame->linesize[1]) * 18);
  std::memset(frame->data[2], v, static_cast<std::size_t>(frame->linesize[2]) * 18);
  return frame;
}

/// Decodes with FFmpeg's own decoder, which the encoder shares nothing with.
AvFrame decode(const std::string& png) {
  const AvCodecContext decoder(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_PNG)));
  auto packet = make_packet();
  auto frame = make_frame();
  avcodec_open2(decoder.get(), nullptr, nullptr);
  av_new_packet(packet.get(), static_cast<int>(png.size()));
  std::memcpy(packet->data, png.data(), png.size());
  avcodec_send_packet(decoder.get(), packet.get());
  avcodec_receive_frame(decoder.get(), frame.get());
  return frame;
}

TEST(Png, KeepsSizeAndColorOfALimitedRangePicture) {
  const auto white = decode(encode_png(*plain(AV_PIX_FMT_YUV420P, 235, 128, 128)).value());
  const auto red = decode(encode_png(*plain(AV_PIX_FMT_YUV420P, 63, 102, 240)).value());

  ASSERT_EQ(white->width, 64);
  ASSERT_EQ(white->height, 36);
  EXPECT_NEAR(white->data[0][0], 255, 2);
  EXPECT_NEAR(red->data[0][0], 255, 4);
  EXPECT_NEAR(red->data[0][1], 0, 4);
  EXPECT_NEAR(red->data[0][2], 0, 4);
}

TEST(Png, RefusesAFrameWithoutAPicture) {
  const auto empty = make_frame();

  const auto png = encode_png(*empty);

  ASSERT_FALSE(png.ok());
  EXPECT_EQ(png.error().kind, ErrorKind::kMedia);
}

TEST(Png, AppearsWholeInAFile) {
  const test::TempDir folder;

  ASSERT_TRUE(write_png(*plain(AV_PIX_FMT_YUV420P, 16, 128, 128), folder.path() / "a.png").ok());

  EXPECT_TRUE(read_file(folder.path() / "a.png").value().starts_with("\x89PNG"));
  EXPECT_FALSE(write_png(*plain(AV_PIX_FMT_YUV420P, 16, 128, 128), "/nonexistent/a.png").ok());
}

}  // namespace
}  // namespace ts::media
