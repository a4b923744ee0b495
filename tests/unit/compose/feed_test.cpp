// SPDX-License-Identifier: Apache-2.0
#include "compose/feed.hpp"

#include "compose/timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <stop_token>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

constexpr ProgramTime kFrame = milliseconds{40};

Picture picture() { return share(make_canvas({16, 16})); }

TEST(Feed, PicksTheNewestPictureThatIsDue) {
  Feed feed({.pictures = 4});
  const Picture first = picture();
  const Picture second = picture();
  feed.push_picture(first, 0 * kFrame);
  feed.push_picture(second, 1 * kFrame);

  EXPECT_EQ(feed.pick(0 * kFrame).picture, first);
  EXPECT_EQ(feed.pick(1 * kFrame - milliseconds{1}).picture, second) << "2 ms tolerance";
}

TEST(Feed, HoldsAPictureHalfASecondThenAsksForTheSlate) {
  Feed feed({.drop_oldest = true});
  feed.push_picture(picture(), ProgramTime{});

  EXPECT_NE(feed.pick(milliseconds{480}).picture, nullptr);
  EXPECT_EQ(feed.pick(milliseconds{480}).state, SourceState::kStale);
  EXPECT_EQ(feed.pick(milliseconds{520}).picture, nullptr);
  EXPECT_EQ(feed.pick(milliseconds{520}).state, SourceState::kLost);
}

TEST(Feed, ASlowSourceIsNotStaleBetweenItsFrames) {
  Feed feed({});
  feed.push_picture(picture(), seconds{0});
  feed.push_picture(picture(), seconds{1});
  (void)feed.pick(seconds{1});

  EXPECT_EQ(feed.pick(milliseconds{1900}).state, SourceState::kLive);
}

TEST(Feed, AFileThatEndedKeepsItsLastPicture) {
  Feed feed({.patient = true});
  feed.push_picture(picture(), ProgramTime{});
  feed.set_ended();

  EXPECT_NE(feed.pick(seconds{100}).picture, nullptr);
  EXPECT_EQ(feed.pick(seconds{100}).state, SourceState::kEnded);
}

TEST(Feed, AFullMailboxOfAFileRefusesAndThatOfANetworkLosesTheOldest) {
  Feed file({.pictures = 1});
  Feed network({.pictures = 1, .drop_oldest = true});

  EXPECT_TRUE(file.push_picture(picture(), 0 * kFrame));
  EXPECT_FALSE(file.push_picture(picture(), 1 * kFrame));
  EXPECT_TRUE(network.push_picture(picture(), 0 * kFrame));
  EXPECT_TRUE(network.push_picture(picture(), 1 * kFrame));
  EXPECT_EQ(network.status().dropped, 1U);
}

TEST(Feed, AFileOfManyPicturesASecondKeepsUpWithItsTime) {
  Feed feed({.pictures = 3, .span = kFrame, .patient = true});
  const ProgramTime step = milliseconds{8};  // five pictures a tick, more than three
  ProgramTime due{};
  Feed::Pick last;
  for (int tick = 0; tick < 50; ++tick) {
    while (feed.picture_room()) {
      ASSERT_TRUE(feed.push_picture(picture(), due, due));
      due += step;
    }
    last = feed.pick(kFrame * tick);
  }

  EXPECT_EQ(last.state, SourceState::kLive);
  EXPECT_GT(due, kFrame * 49);
  EXPECT_LE(due, kFrame * 51);
  EXPECT_EQ(feed.status().dropped, 0U);
}

TEST(Feed, OffLineATickWaitsForItsPictureHoweverManyComeBefore) {
  Feed feed({.pictures = 3, .span = kFrame, .patient = true});
  feed.set_has(true, false);
  std::jthread producer([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested();) {
      const std::uint64_t taken = feed.taken();
      if (feed.push_picture(picture(), milliseconds{1} * i)) {
        ++i;
      } else {
        feed.wait_taken(taken, std::chrono::minutes{1}, stop);
      }
    }
  });

  for (const int second : {1, 2, 5}) {
    ASSERT_TRUE(feed.wait_ready(std::chrono::seconds{second}, 0, std::chrono::minutes{1}, {}));
    const auto before = feed.status().pictures;
    EXPECT_GE(before, static_cast<std::uint64_t>(second) * 1000);
    EXPECT_EQ(feed.pick(std::chrono::seconds{second}).state, SourceState::kLive);
  }
}

TEST(Feed, WhatComesAgainIsInNoTroubleAnyMore) {
  const std::vector<float> sound(96, 0.5F);
  Feed pictures({});
  Feed sounds({});
  Feed still({});
  sounds.set_has(false, true);
  for (Feed* feed : {&pictures, &sounds, &still}) feed->set_lost("no answer");

  pictures.push_picture(picture(), ProgramTime{});
  sounds.push_samples(sound, 0);
  still.set_still(picture());

  for (const Feed* feed : {&pictures, &sounds, &still}) EXPECT_EQ(feed->status().reason, "");
  // Music with its cover: the picture stays whatever happens to the sound.
  still.set_lost("no answer");
  still.push_samples(sound, 0);
  EXPECT_EQ(still.status().reason, "");
}

TEST(Feed, TellsHowLongPicturesWaitedForTheirTick) {
  Feed feed({});
  feed.push_picture(picture(), milliseconds{100}, milliseconds{30});
  feed.push_picture(picture(), milliseconds{200}, milliseconds{150});
  (void)feed.pick(milliseconds{100});
  (void)feed.pick(milliseconds{140});  // the same picture again
  (void)feed.pick(milliseconds{210});

  const Latency latency = feed.latency();

  EXPECT_EQ(latency.count, 2U);
  EXPECT_EQ(latency.worst_ms, 70);
}

TEST(Feed, WantsSoundInPortionsInsteadOfEveryTick) {
  Feed feed({});
  constexpr std::int64_t kTick = kRate / 30;
  std::vector<float> out(2 * kTick);
  std::int64_t pushed = 0;
  const auto fill = [&] {
    while (feed.sample_room()) {
      feed.push_samples(std::vector<float>(2 * 1024, 0.5F), pushed);
      pushed += 1024;
    }
  };
  fill();
  EXPECT_GT(pushed, kRate) << "a tick may be as long as a second";
  int refills = 0;
  for (std::int64_t tick = 0; tick < 30; ++tick) {
    feed.read_samples(tick * kTick, out);
    refills += feed.sample_room() ? 1 : 0;
    fill();
  }

  EXPECT_GE(refills, 5);
  EXPECT_LE(refills, 9);
  EXPECT_EQ(feed.status().gaps, 0U);
}

TEST(Feed, SoundLandsOnItsSampleAndAGapIsSilence) {
  Feed feed({});
  const std::vector<float> ones(2 * 100, 1.0F);
  feed.push_samples(ones, 0);
  feed.push_samples(ones, 1100);
  std::vector<float> out(2 * 1200, 0.0F);

  feed.read_samples(0, out);

  EXPECT_EQ(out[0], 1.0F);
  EXPECT_EQ(out[2 * 50], 1.0F);
  EXPECT_EQ(out[2 * 600], 0.0F);
  EXPECT_EQ(out[2 * 1150], 1.0F);
}

TEST(Feed, SoundBeforeALongHoleIsHeardToItsEnd) {
  Feed::Limits limits;
  limits.samples = 10'000;
  Feed feed(limits);
  const std::vector<float> ones(2 * 500, 1.0F);
  constexpr std::int64_t kFar = std::int64_t{3600} * kRate;
  ASSERT_TRUE(feed.push_samples(ones, 0));
  EXPECT_FALSE(feed.push_samples(ones, kFar)) << "an hour of silence is not kept";
  EXPECT_EQ(feed.next_sample(), 10'000);
  EXPECT_FALSE(feed.sample_room());
  std::vector<float> out(2 * 10'000, 0.0F);

  feed.read_samples(0, out);

  EXPECT_EQ(out[2 * 499], 1.0F);
  EXPECT_EQ(out[2 * 500], 0.0F);
  EXPECT_TRUE(feed.sample_room());
  feed.read_samples(kFar - 10'000, out);
  EXPECT_TRUE(feed.push_samples(ones, kFar)) << "now it is near";
  std::fill(out.begin(), out.end(), 0.0F);
  feed.read_samples(kFar, out);
  EXPECT_EQ(out[2 * 499], 1.0F);
}

TEST(Feed, WhatIsLiveKeepsItsSoundForTheLongestDelay) {
  Feed::Limits limits;
  limits.drop_oldest = true;
  Feed feed(limits);
  std::vector<float> block(2 * kRate, 0.5F);
  std::vector<float> out(2 * kRate);
  for (std::int64_t second = 0; second < 10; ++second) {
    ASSERT_TRUE(feed.push_samples(block, second * kRate));
  }
  for (std::int64_t second = 0; second < 10; ++second) {
    std::fill(out.begin(), out.end(), 0.0F);
    feed.read_samples(second * kRate, out);
    EXPECT_EQ(out[2 * 24'000], 0.5F) << second;
    ASSERT_TRUE(feed.push_samples(block, (second + 10) * kRate));
  }
}

TEST(Feed, DelayedSoundIsAskedForAtItsTime) {
  Feed feed({});
  std::vector<float> out(2 * 1600, 0.0F);
  constexpr std::int64_t kDelay = 5 * kRate;
  ASSERT_TRUE(feed.push_samples(std::vector<float>(2 * kRate, 0.5F), 0));
  for (std::int64_t tick = 0; tick < 30; ++tick) feed.read_samples(tick * 1600, out, kDelay);
  // Read in the times of its source, or its clock would seem to run dry.
  EXPECT_TRUE(feed.sample_room());
  ASSERT_TRUE(feed.push_samples(std::vector<float>(2 * kRate, 0.25F), kRate));
  ASSERT_TRUE(feed.push_samples(std::vector<float>(2 * kRate, 0.25F), 2 * kRate));
  EXPECT_FALSE(feed.sample_room());
  feed.read_samples(kDelay, out, kDelay);
  EXPECT_EQ(out[2 * 1000], 0.5F);
}

TEST(Feed, LivePicturesWaitForTheirTimeHoweverManyTheyAre) {
  Feed::Limits limits;
  limits.pictures = 64;
  limits.span = seconds{10};
  limits.drop_oldest = true;
  Feed feed(limits);
  for (int i = 0; i < 1200; ++i) {
    ASSERT_TRUE(feed.push_picture(picture(), seconds{5} + milliseconds{i * 1000 / 120}));
  }
  EXPECT_EQ(feed.status().dropped, 0U);
  EXPECT_EQ(feed.pick(seconds{5}).state, SourceState::kLive);
  for (int i = 0; i < 1200; ++i) {
    ASSERT_TRUE(feed.push_picture(picture(), seconds{15} + milliseconds{i * 1000 / 120}));
  }
  EXPECT_GT(feed.status().dropped, 1000U) << "nobody takes them";
}

TEST(Feed, SoundThatBreaksOffFadesInsteadOfClicking) {
  Feed feed({});
  const std::vector<float> ones(2 * 100, 1.0F);
  feed.push_samples(ones, 0);
  std::vector<float> out(2 * 800, 0.0F);

  feed.read_samples(0, out);

  float largest = 0;
  for (std::size_t i = 2; i < out.size(); i += 2) {
    largest = std::max(largest, std::abs(out[i] - out[i - 2]));
  }
  EXPECT_LT(largest, 0.01F);
  EXPECT_EQ(feed.status().gaps, 1U);
}

TEST(Feed, SoundThatIsMovedDoesNotClick) {
  // 500 Hz: from one sample to the next it bends by 0.4 % of its size at most, a cut by far more.
  std::vector<float> tone(2 * std::size_t{kRate});
  for (std::size_t i = 0; i < tone.size(); ++i) {
    tone[i] = std::sin(2 * std::numbers::pi_v<float> * 500 * static_cast<float>(i / 2) / kRate);
  }
  for (const int moved : {1776, 9600, -1776, -9600}) {
    Feed feed({});
    feed.push_samples(tone, 0);
    std::vector<float> out(2 * 9600);
    const int before = moved > 0 ? 0 : -moved;
    const int after = moved > 0 ? moved : 0;
    const auto half = std::span(out).first(9600);
    feed.read_samples(10'000, half, before);
    feed.read_samples_moved(14'800, std::span(out).last(9600), before, after);

    float bend = 0;
    for (std::size_t i = 4; i < out.size(); i += 2) {
      bend = std::max(bend, std::abs(out[i] - 2 * out[i - 2] + out[i - 4]));
    }
    EXPECT_LT(bend, 0.012F) << moved;
    // In the end it is where it belongs.
    const auto last = static_cast<std::size_t>(14'800 - after + 4799);
    if (moved < 4800) {
      EXPECT_FLOAT_EQ(out[out.size() - 2], tone[2 * last]) << moved;
    }
  }
}

TEST(Timeline, APushedSourceFollowsItsLeastDelayedFrame) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{100});

  const auto first = timeline.place(seconds{50}, milliseconds{1000});
  const auto jittered = timeline.place(seconds{50} + kFrame, milliseconds{1080});

  EXPECT_EQ(first.due, milliseconds{1100});
  EXPECT_LE(jittered.due - first.due, kFrame + milliseconds{1});
}

TEST(Timeline, AJumpInTheSourcesTimeSetsTheClockAnew) {
  Timeline timeline(Timeline::Kind::kPushed, {}, {});
  (void)timeline.place(seconds{50}, seconds{1});

  const auto after = timeline.place(seconds{4000}, seconds{2});

  EXPECT_TRUE(after.jumped);
  EXPECT_EQ(after.due, ProgramTime{seconds{2}});
}

/// A playlist whose encoder starts again with its clock at 0 after 4 s, read with sound `ahead` of
/// its pictures. @return the due times of pictures and sound, in the order of their media.
struct Seam {
  std::vector<ProgramTime> pictures{};
  std::vector<ProgramTime> sound{};
  int jumps = 0;
};
Seam play_a_seam(ProgramTime ahead) {
  Timeline timeline(Timeline::Kind::kPulled, {}, milliseconds{50});
  Seam out;
  const auto place = [&](std::vector<ProgramTime>& into, int number, ProgramTime now, bool video) {
    const auto placed = timeline.place(kFrame * (number < 100 ? number + 250 : number - 100),
                                       std::max(now, ProgramTime{}), video);
    if (placed.jumped) ++out.jumps;
    into.push_back(placed.due);
  };
  const auto by = static_cast<int>(ahead / kFrame);
  for (int number = -by; number < 250; ++number) {
    const ProgramTime now = kFrame * number;
    if (number + by < 250) place(out.sound, number + by, now, false);
    if (number >= 0) place(out.pictures, number, now, true);
  }
  return out;
}

TEST(Timeline, PicturesAndSoundPassTheSeamOfAPlaylistEachInTheirTime) {
  for (const ProgramTime ahead :
       {ProgramTime{}, ProgramTime{seconds{1}}, ProgramTime{seconds{3}}}) {
    const Seam seam = play_a_seam(ahead);
    EXPECT_LE(seam.jumps, 2) << ahead.count();
    for (const auto* lane : {&seam.pictures, &seam.sound}) {
      ASSERT_EQ(lane->size(), 250U);
      for (std::size_t i = 1; i < lane->size(); ++i) {
        const ProgramTime step = (*lane)[i] - (*lane)[i - 1];
        // The beginning may settle; from then on one follows on the other.
        if (i > 90) {
          EXPECT_EQ(step, kFrame) << ahead.count() << ", " << i;
        }
      }
    }
    EXPECT_EQ(seam.pictures.back(), seam.sound.back()) << "lip sync";
  }
}

TEST(Timeline, AHoleInAFilmBehindAnAddressLastsAsLongAsItLasts) {
  Timeline timeline(Timeline::Kind::kPulled, {}, {});
  timeline.set_film(true);
  const ProgramTime first = timeline.place({}, milliseconds{1000}).due;
  (void)timeline.place(milliseconds{0}, milliseconds{1000}, false);
  // Read ahead: what lies behind the hole is there long before its time.
  EXPECT_EQ(timeline.place(seconds{5}, milliseconds{1100}).due, first + seconds{5});
  EXPECT_EQ(timeline.place(seconds{3}, milliseconds{1100}, false).due, first + seconds{3});
  EXPECT_FALSE(timeline.place(seconds{9}, milliseconds{1200}).jumped);
}

TEST(Timeline, SmallStepsBackOfAPushedClockCostNothing) {
  for (const ProgramTime back : {ProgramTime{milliseconds{400}}, ProgramTime{milliseconds{1500}}}) {
    Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
    ProgramTime off{};
    for (int frame = 0; frame < 1000; ++frame) {
      const ProgramTime now = kFrame * frame;
      off += frame % 60 == 59 && frame < 500 ? back : ProgramTime{};
      const ProgramTime due = timeline.place(now - off, now).due;
      (void)timeline.place(now - off, now, false);
      if (back > milliseconds{500} || frame > 700) {
        EXPECT_GE(due, now + milliseconds{100}) << back.count() << ", " << frame;
        EXPECT_LE(due, now + milliseconds{140}) << back.count() << ", " << frame;
      }
    }
  }
}

TEST(Timeline, WhatIsDecodedAfterAllIsNoStepBack) {
  Timeline timeline(Timeline::Kind::kPushed, {}, seconds{3});
  for (int frame = 0; frame < 100; ++frame) (void)timeline.place(kFrame * frame, kFrame * frame);

  timeline.go_back(kFrame * 29);

  const auto placed = timeline.place(kFrame * 30, kFrame * 100);
  EXPECT_FALSE(placed.jumped);
  EXPECT_EQ(placed.due, kFrame * 30 + seconds{3});
}

/// A pushed source, one of whose two lanes pauses for 3 s, and whose clock runs `slow`.
/// @return how late its pictures and its sound are in the end.
std::pair<ProgramTime, ProgramTime> after_a_pause(bool pictures_pause, double slow) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
  std::pair<ProgramTime, ProgramTime> late;
  for (int frame = 0; frame < 60'000; ++frame) {
    const ProgramTime now = kFrame * frame;
    const auto time = std::chrono::duration_cast<ProgramTime>(now * (1 - slow));
    const bool paused = frame >= 500 && frame < 575;
    if (!paused || !pictures_pause) late.first = now - timeline.place(time, now).due;
    if (!paused || pictures_pause) late.second = now - timeline.place(time, now, false).due;
  }
  return late;
}

TEST(Timeline, APauseOfOneLaneIsNoStep) {
  for (const bool pictures : {true, false}) {
    const auto [picture, sound] = after_a_pause(pictures, 150e-6);
    EXPECT_LE(picture, -milliseconds{100}) << pictures;
    EXPECT_LE(sound, -milliseconds{100}) << pictures;
    EXPECT_LT(std::max(picture - sound, sound - picture), milliseconds{5}) << "lip sync";
  }
}

TEST(Timeline, APlaylistThatStoodStillAndBeganAnewIsPlacedAnew) {
  Timeline timeline(Timeline::Kind::kPulled, {}, {});
  const auto both = [&](ProgramTime time, ProgramTime now) {
    return std::pair{timeline.place(time, now).due, timeline.place(time, now, false).due};
  };
  for (int i = 0; i < 100; ++i) (void)both(seconds{100} + kFrame * i, kFrame * i);
  // Three seconds of nothing, and its clock is another one; later it stands still once more.
  for (int i = 0; i < 100; ++i) (void)both(kFrame * i, seconds{7} + kFrame * i);
  ProgramTime picture{};
  ProgramTime sound{};
  ProgramTime now{};
  for (int i = 100; i < 400; ++i) {
    now = seconds{7} + kFrame * i + milliseconds{1500};
    std::tie(picture, sound) = both(kFrame * i, now);
  }

  EXPECT_GE(picture, now);
  EXPECT_LE(picture, now + seconds{1});
  EXPECT_EQ(picture, sound);
}

/// A live playlist whose segments of 2 s come `late` after their time, from the second on every
/// other one. @return how often a picture came when it should have been shown already.
int dry_moments(ProgramTime late) {
  Timeline timeline(Timeline::Kind::kPulled, {}, {});
  std::vector<ProgramTime> dues;
  int dry = 0;
  for (int segment = 0; segment < 60; ++segment) {
    const ProgramTime ready = seconds{2} * segment + (segment % 2 == 1 ? late : ProgramTime{});
    for (int i = 0; i < 50; ++i) {
      const ProgramTime time = seconds{2} * segment + kFrame * i;
      // Read when it is there, and when the picture before it was shown.
      const ProgramTime now = dues.empty() ? ready : std::max(ready, dues.back() - kFrame);
      const ProgramTime due = timeline.place(time, now).due;
      if (!dues.empty() && due > dues.back() + kFrame) ++dry;
      dues.push_back(due);
    }
  }
  return dry;
}

TEST(Timeline, APlaylistThatRunsDryAgainAndAgainIsGivenALargerBuffer) {
  EXPECT_EQ(dry_moments(milliseconds{200}), 0) << "the first buffer is enough";
  EXPECT_LE(dry_moments(milliseconds{1500}), 3);
}

TEST(Timeline, PicturesLeadTheirSoundByWhatTheyWaitForTheTick) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120}, kFrame / 2);
  const ProgramTime picture = timeline.place({}, seconds{1}).due;
  const ProgramTime sound = timeline.place({}, seconds{1}, false).due;

  EXPECT_EQ(sound, seconds{1} + milliseconds{120});
  EXPECT_EQ(picture, sound - kFrame / 2);
  EXPECT_EQ(timeline.due(kFrame), picture + kFrame);
}

TEST(Timeline, AStepAheadIsNotWaitedFor) {
  // Sound has passed the step; what a resting source asks is where the next picture lies.
  Timeline timeline(Timeline::Kind::kPulled, {}, {});
  for (int i = 0; i < 100; ++i) {
    (void)timeline.place(kFrame * i, kFrame * i);
    (void)timeline.place(kFrame * i, kFrame * i, false);
  }
  (void)timeline.place(seconds{3600}, kFrame * 100, false);

  EXPECT_FALSE(timeline.due(seconds{3600}).has_value());
  EXPECT_LE(timeline.place(seconds{3600}, kFrame * 100).due, kFrame * 100 + seconds{1});
}

TEST(Timeline, SoundThatASenderCollectsMakesAllOfTheSourceLater) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
  // Pictures on time, and every 340 ms the sound of the last 340 ms.
  ProgramTime late_in_the_end{};
  for (int frame = 0; frame < 180; ++frame) {
    const ProgramTime now = kFrame * frame;
    (void)timeline.place(now, now);
    if (frame % 10 != 9) continue;
    for (int block = 16; block > 0; --block) {
      const auto placed = timeline.place(now - milliseconds{21} * block, now, false);
      if (frame > 90) late_in_the_end = std::max(late_in_the_end, now - placed.due);
    }
  }

  EXPECT_LE(late_in_the_end, ProgramTime{});
}

TEST(Timeline, PatienceIsGivenBackWhenEverythingIsOnTime) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
  ProgramTime patient{};
  ProgramTime due{};
  for (int frame = 0; frame < 600; ++frame) {
    const ProgramTime now = kFrame * frame;
    due = timeline.place(now, now).due - now;
    const ProgramTime behind = frame < 150 ? milliseconds{300} : ProgramTime{};
    (void)timeline.place(now - behind, now, false);
    if (frame == 149) patient = due;
  }

  EXPECT_GE(patient, milliseconds{300});
  EXPECT_EQ(due, milliseconds{120});
}

TEST(Timeline, OneHiccupOfTheNetworkCostsNoLatency) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
  ProgramTime due{};
  for (int frame = 0; frame < 300; ++frame) {
    const bool held_back = frame >= 150 && frame < 180;
    due = timeline.place(kFrame * frame, kFrame * (held_back ? 180 : frame)).due;
  }

  EXPECT_LE(due, kFrame * 299 + milliseconds{130});
}

/// A program whose line stands still from `from` on, for `frames` frames.
/// @return how far the last picture is shown behind its time.
ProgramTime after_a_hiccup(int from, int frames) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
  ProgramTime behind{};
  for (int frame = 0; frame < 300; ++frame) {
    const bool held_back = frame >= from && frame < from + frames;
    const ProgramTime now = kFrame * (held_back ? from + frames : frame);
    behind = timeline.place(kFrame * frame, now).due - kFrame * frame;
    (void)timeline.place(kFrame * frame, now, false);
  }
  return behind;
}

TEST(Timeline, AHiccupCostsNoLatencyWhereverItFallsIntoTheSecond) {
  for (int from = 90; from < 120; ++from) {
    for (const int frames : {6, 15, 29, 31, 60, 90, 120}) {
      EXPECT_LE(after_a_hiccup(from, frames), milliseconds{130}) << from << ", " << frames;
    }
  }
}

TEST(Timeline, AFileIsPlacedExactly) {
  Timeline timeline(Timeline::Kind::kFile, seconds{3}, milliseconds{5});

  EXPECT_EQ(timeline.place(seconds{7}, seconds{0}).due, ProgramTime{milliseconds{10'005}});
}

}  // namespace
}  // namespace ts::compose
