// SPDX-License-Identifier: Apache-2.0
#include "compose/source.hpp"
#include "frame/frame_code.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

namespace ts::compose {
namespace {

/// One file source on a clock that stands still until told; its pictures carry their number.
class WarmSource : public testing::Test {
 protected:
  void open(const test::MediaRecipe& recipe, bool wanted, bool loop = false) {
    const std::filesystem::path file = folder_.path() / "camera.mp4";
    test::make_media(file, recipe);
    open(file, wanted, loop);
  }
  void open(const std::filesystem::path& file, bool wanted, bool loop = false) {
    scene::Source source{.name = "camera"};
    source.input = scene::MediaInput{.url = file.string(), .is_file = true, .loop = loop};
    auto started = SourceRunner::start(source,
                                       {.canvas = {.size = {320, 180}},
                                        .wanted = wanted,
                                        .now = [this] { return ProgramTime{now_.load()}; }},
                                       {});
    ASSERT_TRUE(started.ok()) << started.error().message;
    source_ = std::move(started).value();
  }

  /// Lets `frames` ticks pass as the program does.
  void play(int frames) {
    for (int i = 0; i < frames; ++i) {
      now_ = ++tick_ * 1'000'000'000 / 30;
      pick();
      source_->feed().wake();
    }
  }
  Feed::Pick pick() { return source_->feed().pick(ProgramTime{now_.load()}); }

  /// Waits until it is so; a minute is a failure.
  bool eventually(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      source_->feed().wake();
      std::this_thread::yield();
    }
    return true;
  }

  static std::optional<std::uint32_t> number(const Picture& picture) {
    if (!picture) return std::nullopt;
    return frame::read_frame_code(
        {picture->data[0], picture->linesize[0], picture->width, picture->height});
  }
  /// The picture on air is the one of this tick, or at most two older.
  bool up_to_date(std::int64_t expected) {
    const auto shown = number(pick().picture);
    return shown && std::int64_t{*shown} >= expected - 2 && std::int64_t{*shown} <= expected;
  }

  test::TempDir folder_;
  std::atomic<std::int64_t> now_{0};
  std::int64_t tick_ = 0;
  std::unique_ptr<SourceRunner> source_;
};

TEST_F(WarmSource, DecodesNothingWhileNobodyLooksAndIsLiveAllTheSame) {
  open({.frames = 180}, false);
  play(100);

  EXPECT_TRUE(eventually([&] { return pick().state == SourceState::kLive; }));
  EXPECT_FALSE(source_->ready());
  EXPECT_EQ(source_->feed().status().pictures, 0U);
}

TEST_F(WarmSource, ShowsThePictureOfTheMomentWhenItIsWanted) {
  open({.frames = 180, .video_options = "-preset veryfast -bf 2"}, false);
  play(110);

  source_->set_wanted(true);

  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(110); }));
  play(1);
  EXPECT_TRUE(eventually([&] { return up_to_date(111); }));
}

TEST_F(WarmSource, RestsAgainFromAKeyFrameOn) {
  open({.frames = 240, .gop = 30}, true);
  EXPECT_TRUE(eventually([&] { return up_to_date(0); }));

  source_->set_wanted(false);
  EXPECT_TRUE(eventually([&] {
    // At the end of its time pictures are taken all the same, or nothing would be read on.
    if (source_->ready() && tick_ < 100) play(1);
    (void)pick();
    return !source_->ready();
  }));
  play(120 - static_cast<int>(tick_));
  const std::uint64_t decoded = source_->feed().status().pictures;
  source_->set_wanted(true);

  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(120); }));
  EXPECT_LT(decoded, 80U);
}

TEST_F(WarmSource, AGlimpseIsItsLastKeyFrameAndWakesNobody) {
  open({.frames = 180, .gop = 30, .video_options = "-preset veryfast -bf 2"}, false);
  play(110);
  EXPECT_EQ(source_->glimpse(), nullptr);

  EXPECT_TRUE(eventually([&] {
    source_->ask_glimpse();
    return number(source_->glimpse()) == 90U;
  }));

  EXPECT_FALSE(source_->ready());
  EXPECT_EQ(source_->feed().status().pictures, 0U);
  // And decoding goes on from there as if nothing had been.
  source_->set_wanted(true);
  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(110); }));
}

TEST_F(WarmSource, InterlacedPicturesAreThereAtOnceToo) {
  open({.frames = 180,
        .gop = 30,
        .video_options = "-preset veryfast -bf 2 -flags +ildct+ilme -x264-params tff=1"},
       false);
  play(110);

  // The deinterlacer wants to see two pictures before it gives one; a glimpse is one alone.
  EXPECT_TRUE(eventually([&] {
    source_->ask_glimpse();
    return number(source_->glimpse()) == 90U;
  }));
  source_->set_wanted(true);
  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(110); }));
  // Nothing of before the rest comes out of it.
  source_->set_wanted(false);
  EXPECT_TRUE(eventually([&] {
    if (source_->ready() && tick_ < 140) play(1);
    (void)pick();
    return !source_->ready();
  }));
  play(160 - static_cast<int>(tick_));
  source_->set_wanted(true);
  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(160); }));
}

TEST_F(WarmSource, GoesThroughTheSeamOfALoop) {
  open({.frames = 60}, false, true);
  play(100);

  source_->set_wanted(true);

  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(40); }));
}

TEST_F(WarmSource, GoesOnWhereTheTimesOfAFileStartAnew) {
  const auto first = folder_.path() / "first.ts";
  const auto second = folder_.path() / "second.ts";
  const auto whole = folder_.path() / "whole.ts";
  test::make_media(first, {.frames = 90, .video_options = "-preset veryfast -bf 2"});
  test::make_media(second, {.frames = 90, .first_number = 90, .gop = 30});
  test::shell("cat '" + first.string() + "' '" + second.string() + "' > '" + whole.string() + "'");
  open(whole, true);

  EXPECT_TRUE(eventually([&] { return up_to_date(0); }));
  for (int tick = 1; tick <= 150; ++tick) {
    play(1);
    ASSERT_TRUE(eventually([&] { return up_to_date(tick); })) << tick;
  }
  // And with nobody looking.
  source_->set_wanted(false);
  play(25);
  source_->set_wanted(true);
  EXPECT_TRUE(eventually([&] { return source_->ready() && up_to_date(175); }));
}

TEST_F(WarmSource, EndsWithItsLastPicture) {
  open({.frames = 60, .audio = false}, false);
  play(90);

  EXPECT_TRUE(eventually([&] { return pick().state == SourceState::kEnded; }));
  EXPECT_EQ(source_->feed().status().pictures, 0U);
  source_->set_wanted(true);

  EXPECT_TRUE(eventually([&] { return number(pick().picture) == 59U; }));
  EXPECT_EQ(pick().state, SourceState::kEnded);
}

TEST_F(WarmSource, IsDecodedAllTheTimeWhenKeyFramesAreTooFarApart) {
  open({.frames = 240, .gop = 1000}, false);

  EXPECT_TRUE(eventually([&] {
    if (tick_ < 200) play(1);
    return tick_ == 200 && source_->ready() && up_to_date(200);
  }));
}

}  // namespace
}  // namespace ts::compose
