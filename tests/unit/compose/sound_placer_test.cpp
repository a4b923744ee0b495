// SPDX-License-Identifier: Apache-2.0
#include "compose/sound_placer.hpp"

#include "compose/timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

namespace ts::compose {
namespace {

using std::chrono::nanoseconds;

media::AvFrame tone(int rate, int samples) {
  media::AvFrame frame = media::make_frame();
  frame->format = AV_SAMPLE_FMT_FLTP;
  frame->sample_rate = rate;
  frame->nb_samples = samples;
  const AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
  EXPECT_EQ(av_channel_layout_copy(&frame->ch_layout, &stereo), 0);
  EXPECT_EQ(av_frame_get_buffer(frame.get(), 0), 0);
  for (int channel = 0; channel < 2; ++channel) {
    auto* out = reinterpret_cast<float*>(frame->extended_data[channel]);
    std::fill_n(out, samples, 0.25F);
  }
  return frame;
}

struct Quarter {
  double worst_ms = 0;       ///< Sound against the picture of the same moment.
  std::int64_t missing = 0;  ///< Samples between one frame and the next, or laid over each other.
};

/// A quarter of an hour of a camera whose clock is off by `ppm`, over a network that shakes by up
/// to 30 ms.
Quarter a_quarter_of_an_hour(double ppm) {
  Timeline timeline(Timeline::Kind::kPushed, {}, milliseconds{120});
  SoundPlacer placer;
  std::mt19937 random(3);
  std::uniform_int_distribution<int> jitter(0, 30'000);
  const media::AvFrame frame = tone(48'000, 1024);
  Quarter out;
  std::optional<std::int64_t> next;
  const auto frames = std::int64_t{900} * 48'000 / 1024;
  for (std::int64_t n = 0; n < frames; ++n) {
    const nanoseconds media{n * 1024 * 1'000'000'000 / 48'000};
    const auto sent =
        nanoseconds{std::llround(static_cast<double>(media.count()) / (1 + ppm / 1e6))};
    const ProgramTime due =
        timeline.place(media, sent + std::chrono::microseconds{jitter(random)}, false).due;
    const auto placed = placer.place(*frame, due);
    if (!placed) return {.worst_ms = 1e9};
    if (next) out.missing += std::abs(placed->position - *next);
    next = placed->position + static_cast<std::int64_t>(placed->samples.size() / 2);
    // A picture of this media time would be shown at `due`, too.
    const double at = static_cast<double>(placed->position) * 1000 / kRate;
    if (n > 0)
      out.worst_ms = std::max(out.worst_ms, std::abs(at - static_cast<double>(due.count()) / 1e6));
  }
  return out;
}

TEST(SoundPlacer, KeepsLipSyncWhileACamerasClockDrifts) {
  for (const double ppm : {500.0, -500.0, 0.0}) {
    const Quarter run = a_quarter_of_an_hour(ppm);

    EXPECT_LT(run.worst_ms, 20) << ppm;
    EXPECT_EQ(run.missing, 0) << ppm << ": the sound was cut";
  }
}

TEST(SoundPlacer, ASourceThatHasJustComeIsPutRightAtOnce) {
  // What lay ready pours in, each less late than the one before: the first was placed 50 ms late.
  SoundPlacer placer;
  placer.reset();
  const media::AvFrame frame = tone(48'000, 960);
  (void)placer.place(*frame, milliseconds{1050});
  const auto second = placer.place(*frame, milliseconds{1020});
  ASSERT_TRUE(second.has_value());
  EXPECT_NEAR(static_cast<double>(second->position), 1.02 * kRate, kRate / 1000.0);

  // From then on a difference like this is bent, so that nothing is cut.
  std::int64_t expected = 0;
  for (int i = 2; i < 100; ++i) {
    const auto on = placer.place(*frame, milliseconds{1000 + 20 * i});
    ASSERT_TRUE(on.has_value());
    expected = on->position + static_cast<std::int64_t>(on->samples.size() / 2);
  }
  const auto bent = placer.place(*frame, milliseconds{1000 + 20 * 100 + 30});
  ASSERT_TRUE(bent.has_value());
  EXPECT_EQ(bent->position, expected);
}

TEST(SoundPlacer, PlacesSoundAnewAfterALongGap) {
  SoundPlacer placer;
  const media::AvFrame frame = tone(48'000, 1024);
  (void)placer.place(*frame, seconds{1});

  const auto after = placer.place(*frame, seconds{2});

  ASSERT_TRUE(after);
  EXPECT_NEAR(static_cast<double>(after->position), 2.0 * kRate, 64);
}

}  // namespace
}  // namespace ts::compose
