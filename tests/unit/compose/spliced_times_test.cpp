// SPDX-License-Identifier: Apache-2.0
#include "compose/spliced_times.hpp"

#include <gtest/gtest.h>

namespace ts::compose {
namespace {

constexpr ProgramTime kFrame = milliseconds{40};

/// A track that goes on by a frame each time.
class Track {
 public:
  Track(SplicedTimes& times, bool video, ProgramTime from)
      : times_(times), video_(video), at_(from) {}
  /// @return where the last of `count` packets was put.
  ProgramTime go(int count) {
    ProgramTime put{};
    for (int i = 0; i < count; ++i, at_ += kFrame) {
      put = at_ + times_.shift(video_, {.decode = at_, .show = at_, .length = kFrame});
    }
    return put;
  }
  void jump(ProgramTime to) { at_ = to; }

 private:
  SplicedTimes& times_;
  bool video_;
  ProgramTime at_;
};

TEST(SplicedTimes, WhatIsWholeStaysAsItIs) {
  SplicedTimes times;
  times.reset(true);
  Track video(times, true, {});
  Track audio(times, false, milliseconds{-20});

  EXPECT_EQ(video.go(100), 99 * kFrame);
  EXPECT_EQ(audio.go(100), milliseconds{-20} + 99 * kFrame);
}

TEST(SplicedTimes, APartThatStartsAnewFollowsTheEnd) {
  SplicedTimes times;
  times.reset(false);
  Track video(times, true, {});
  video.go(100);

  video.jump({});

  EXPECT_EQ(video.go(1), 100 * kFrame);
  EXPECT_EQ(video.go(10), 110 * kFrame);
}

TEST(SplicedTimes, BothTracksGoOverTheSeamTogetherWhicheverComesFirst) {
  for (const bool video_first : {false, true}) {
    SplicedTimes times;
    times.reset(true);
    Track video(times, true, {});
    Track audio(times, false, {});
    video.go(100);
    audio.go(98);
    Track& first = video_first ? video : audio;
    Track& second = video_first ? audio : video;

    first.jump({});
    EXPECT_EQ(first.go(1), 100 * kFrame);
    // What is left of the part before stays where it belongs.
    EXPECT_EQ(second.go(2), (video_first ? 99 : 101) * kFrame);
    second.jump({});

    EXPECT_EQ(second.go(1), 100 * kFrame) << "pictures and sound of the new part are together";
  }
}

TEST(SplicedTimes, PicturesOutOfOrderBeginAtTheirFirst) {
  SplicedTimes times;
  times.reset(false);
  Track video(times, true, {});
  video.go(100);

  // Decoded two frames before it is shown, as B-frames ask.
  const ProgramTime shift =
      times.shift(true, {.decode = -2 * kFrame, .show = {}, .length = kFrame});

  EXPECT_EQ(shift, 100 * kFrame);
}

TEST(SplicedTimes, AJumpAheadIsASeamOnlyWhereTheFormatJumps) {
  for (const bool jumps : {false, true}) {
    SplicedTimes times;
    times.reset(jumps);
    Track video(times, true, {});
    video.go(100);

    video.jump(std::chrono::hours{26});

    EXPECT_EQ(video.go(1), jumps ? 100 * kFrame : ProgramTime{std::chrono::hours{26}});
  }
}

TEST(SplicedTimes, ATrackThatWasOnlySilentKeepsItsTime) {
  SplicedTimes times;
  times.reset(true);
  Track video(times, true, {});
  Track audio(times, false, {});
  video.go(10);
  audio.go(1500);

  video.jump(seconds{60});

  EXPECT_EQ(video.go(1), seconds{60});
}

TEST(SplicedTimes, ManyPartsAndARewind) {
  SplicedTimes times;
  times.reset(false);
  Track video(times, true, seconds{5});
  video.go(50);
  for (int part = 1; part <= 20; ++part) {
    video.jump(seconds{1});
    ASSERT_EQ(video.go(1), seconds{5} + 50 * part * kFrame);
    video.go(49);
  }

  times.reset(false);
  video.jump(seconds{5});

  EXPECT_EQ(video.go(1), seconds{5});
}

}  // namespace
}  // namespace ts::compose
