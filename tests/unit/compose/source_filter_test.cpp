// SPDX-License-Identifier: Apache-2.0
// Filters of sources that remember pictures.
#include "compose/source.hpp"
#include "media/png.hpp"
#include "support/media.hpp"
#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

using test::decode;
using test::Decoded;
using test::run_offline;
using test::TempDir;

/// A show of one source that fills the program.
std::string show_of(const std::string& source, const std::string& duration) {
  return R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": ")" + duration +
         R"(", "sources": {"a": )" + source +
         R"(}, "scenes": {"s": {"layout": "full", "slots": ["a"]}}})";
}

TEST(SourceFilter, APictureThatTheFilterHeldBackKeepsItsTime) {
  const TempDir folder;
  test::make_media(folder.path() / "a.mp4", {.frames = 40});
  for (const std::string filter : {"atadenoise", "yadif", "bwdif", "w3fdif"}) {
    const auto out = folder.path() / (filter + ".mkv");

    const auto run =
        run_offline(show_of(R"({"url": "a.mp4", "loop": true, "filter": ")" + filter + "\"}", "3s"),
                    folder.path(), out);

    ASSERT_TRUE(run.result.ok()) << run.result.error().message;
    const Decoded d = decode(out);
    ASSERT_EQ(d.frames.size(), 90U) << filter;
    // The last ones of each round, too.
    for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(d.code(i), i % 40) << filter << " at " << i;
  }
}

TEST(SourceFilter, InterlacedPicturesAreOnTimeFromTheFirstTickOn) {
  const TempDir folder;
  const auto out = folder.path() / "out.mkv";
  test::make_media(
      folder.path() / "i.mp4",
      {.frames = 40, .video_options = "-preset ultrafast -flags +ildct+ilme -x264-params tff=1"});

  const auto run =
      run_offline(show_of(R"({"url": "i.mp4", "loop": true})", "3s"), folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 90U);
  for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(d.code(i), i % 40) << i;
}

TEST(SourceFilter, WhatStandsStillIsShownToItAsOftenAsItWants) {
  const TempDir folder;
  media::AvFrame gray = make_canvas({320, 180});
  fill_rect(*gray, {0, 0, 320, 180}, 0x808080);
  ASSERT_TRUE(media::write_png(*gray, folder.path() / "gray.png").ok());
  for (const std::string input : {R"("url": "gray.png")", R"("color": "#808080")"}) {
    for (const std::string filter : {"atadenoise", "tmedian", "tmix=frames=5", "bwdif", "yadif"}) {
      const auto out = folder.path() / "out.mkv";

      const auto run = run_offline(show_of("{" + input + R"(, "filter": ")" + filter + "\"}", "1s"),
                                   folder.path(), out);

      ASSERT_TRUE(run.result.ok()) << filter << ": " << run.result.error().message;
      EXPECT_NEAR(decode(out).luma(0, 0, 0, 320, 180), to_yuv(0x808080).y, 1) << input << filter;
    }
  }
}

/// How much two pictures differ, per pixel.
double difference(const AVFrame& a, const AVFrame& b) {
  double sum = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) {
      sum += std::abs(a.data[0][y * a.linesize[0] + x] - b.data[0][y * b.linesize[0] + x]);
    }
  }
  return sum / a.width / a.height;
}

TEST(SourceFilter, APatternKeepsItsSpeed) {
  const TempDir folder;
  const auto pictures = [&](const std::string& members) {
    const auto out = folder.path() / "out.mkv";
    const auto run =
        run_offline(show_of(R"({"test": "moving")" + members + "}", "2s"), folder.path(), out);
    EXPECT_TRUE(run.result.ok());
    return decode(out);
  };

  const Decoded plain = pictures("");
  const Decoded filtered = pictures(R"(, "filter": "w3fdif")");

  ASSERT_EQ(plain.frames.size(), 60U);
  ASSERT_EQ(filtered.frames.size(), 60U);
  const double same = difference(*filtered.frames[50], *plain.frames[50]);
  EXPECT_LT(same, difference(*filtered.frames[50], *plain.frames[25]) / 2);
  EXPECT_LT(same, difference(*filtered.frames[50], *plain.frames[49]));
}

/// A picture at a time in milliseconds.
media::AvFrame picture_at(std::int64_t time, int width = 320, bool interlaced = false) {
  media::AvFrame frame = make_canvas({width, 180});
  fill_rect(*frame, {0, 0, width, 180}, 0x404040);
  frame->pts = time;
  frame->time_base = {1, 1000};
  frame->interlaced_frame = interlaced ? 1 : 0;
  return frame;
}

/// The times of what comes out, in milliseconds.
std::vector<std::int64_t> times(PictureConverter& converter) {
  std::vector<std::int64_t> out;
  while (const auto frame = converter.pull()) {
    out.push_back(av_rescale_q(frame->pts, frame->time_base, {1, 1000}));
  }
  return out;
}

using Times = std::vector<std::int64_t>;

TEST(PictureConverter, EveryPictureOfTheFilterComesOutWithItsOwnTime) {
  PictureConverter converter("bwdif", 0);

  ASSERT_TRUE(converter.push(picture_at(1000)).ok());
  EXPECT_EQ(times(converter), Times{});
  ASSERT_TRUE(converter.push(picture_at(1040)).ok());
  EXPECT_EQ(times(converter), (Times{1000, 1020}));
  ASSERT_TRUE(converter.finish().ok());
  EXPECT_EQ(times(converter), (Times{1040, 1060}));
  // And then it is as new.
  ASSERT_TRUE(converter.push(picture_at(0)).ok());
  ASSERT_TRUE(converter.push(picture_at(40)).ok());
  EXPECT_EQ(times(converter), (Times{0, 20}));
}

TEST(PictureConverter, NothingLiesBetweenTheSidesOfAStep) {
  PictureConverter converter("bwdif", 0);

  for (const std::int64_t time : {90'000, 90'040, 0, 40, 8000}) {
    ASSERT_TRUE(converter.push(picture_at(time)).ok());
  }

  EXPECT_EQ(times(converter), (Times{90'000, 90'020, 90'040, 90'060, 0, 20, 40, 60}));
}

TEST(PictureConverter, WhatItHeldComesBeforePicturesOfAnotherKind) {
  PictureConverter converter("", 0);

  ASSERT_TRUE(converter.push(picture_at(0, 320, true)).ok());
  ASSERT_TRUE(converter.push(picture_at(40)).ok());
  EXPECT_NE(converter.chain().find("yadif"), std::string::npos);
  EXPECT_EQ(times(converter), (Times{0}));
  ASSERT_TRUE(converter.push(picture_at(80, 640)).ok());
  EXPECT_EQ(times(converter), (Times{40, 80}));
}

TEST(PictureConverter, APictureWithoutATimeFollowsTheOneBefore) {
  PictureConverter converter("yadif", 0);

  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{40}, AV_NOPTS_VALUE}) {
    ASSERT_TRUE(converter.push(picture_at(time)).ok());
  }
  ASSERT_TRUE(converter.finish().ok());

  EXPECT_EQ(times(converter), (Times{0, 40, 80}));
}

TEST(PictureConverter, TheFirstPictureOfAnInterlacedFileTellsItsChain) {
  PictureConverter converter("", 0);

  const auto still = converter.still(*picture_at(0, 320, true));

  ASSERT_TRUE(still.ok() && still.value());
  EXPECT_TRUE(converter.chain().starts_with("yadif=deint=interlaced,")) << converter.chain();
}

}  // namespace
}  // namespace ts::compose
