// SPDX-License-Identifier: Apache-2.0
#include "compose/limiter.hpp"
#include "compose/mixer.hpp"
#include "scene/show.hpp"
#include "support/ebur128.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace ts::compose {
namespace {

using test::TempDir;

std::vector<float> sine(double hz, double amplitude, std::size_t frames, double phase = 0) {
  std::vector<float> out;
  for (std::size_t i = 0; i < frames; ++i) {
    const auto value = static_cast<float>(
        amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 48'000 + phase));
    out.push_back(value);
    out.push_back(value);
  }
  return out;
}

std::vector<float> limited(Limiter& limiter, const std::vector<float>& samples) {
  std::vector<float> out = limiter.process(samples);
  const std::vector<float> rest = limiter.flush();
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

scene::Show show_of(const std::string& sources) {
  auto show = scene::parse_show(
      "{\"sources\": {" + sources + R"(}, "scenes": {"s": {"layout": "full", "slots": ["mic"]}}})",
      "test", ".");
  EXPECT_TRUE(show.ok()) << show.error().message;
  return std::move(show).value();
}

TEST(TruePeak, FindsTheTopOfASineBetweenItsSamples) {
  // At a quarter of the rate and 45 degrees every sample is 3 dB below the top.
  const std::vector<float> samples = sine(12'000, 1.0, 2000, std::numbers::pi / 4);
  TruePeak meter;
  std::vector<float> peaks;
  meter.find(samples, 0, peaks);
  float sample_peak = 0;
  for (const float sample : samples) sample_peak = std::max(sample_peak, std::abs(sample));

  const float true_peak =
      *std::max_element(peaks.begin() + 100, peaks.end());  // past the hard start

  EXPECT_NEAR(to_db(static_cast<double>(sample_peak)), -3.01, 0.01);
  EXPECT_NEAR(to_db(static_cast<double>(true_peak)), 0.0, 0.1);
}

TEST(TruePeak, FindsTheSameHoweverTheSoundIsCut) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> level(-1, 1);
  std::vector<float> samples(2 * 1000);
  for (float& sample : samples) sample = level(random);
  TruePeak whole;
  std::vector<float> expected;
  whole.find(samples, 0, expected);

  TruePeak cut;
  std::vector<float> found;
  for (std::size_t at = 0, length = 1; at < samples.size() / 2;
       at += length, length = length % 71 + 3) {
    std::vector<float> part;
    const std::size_t count = std::min(length, samples.size() / 2 - at);
    cut.find(std::span(samples).subspan(2 * at, 2 * count), 0, part);
    found.insert(found.end(), part.begin(), part.end());
  }

  EXPECT_EQ(found, expected);
}

TEST(TruePeak, AFloorHidesNothingAboveIt) {
  std::mt19937 random(8);
  std::uniform_real_distribution<float> level(-1, 1);
  std::vector<float> samples(2 * 4000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = level(random) * (i / 2 % 500 < 100 ? 0.9F : 0.01F);
  }
  TruePeak exact;
  TruePeak rough;
  std::vector<float> expected;
  std::vector<float> found;
  exact.find(samples, 0, expected);
  rough.find(samples, 0.3F, found);

  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (expected[i] > 0.3F) {
      EXPECT_EQ(found[i], expected[i]) << i;
    }
    EXPECT_LE(found[i], expected[i]) << i;
  }
}

TEST(Limiter, PassesSoundBelowTheCeilingBitByBitAndInPlace) {
  const std::vector<float> quiet = sine(997, 0.5, 10'000);
  Limiter limiter(-1);

  EXPECT_EQ(limited(limiter, quiet), quiet);
  EXPECT_EQ(limiter.take_reduction_db(), 0);
}

TEST(Limiter, GivesAsManySamplesAsItTookHoweverTheyCome) {
  Limiter limiter(-1);
  std::size_t count = 0;
  for (const std::size_t frames : {1U, 7U, 50U, 1600U, 3U}) {
    count += limiter.process(sine(440, 3.0, frames)).size();
  }
  count += limiter.flush().size();

  EXPECT_EQ(count, 2U * (1 + 7 + 50 + 1600 + 3));

  Limiter empty(-1);
  (void)empty.process(sine(440, 1, 5));
  EXPECT_EQ(empty.flush().size(), 10U);
}

TEST(Limiter, TakesNaNAndInfinityForSilence) {
  std::vector<float> samples = sine(440, 0.5, 1000);
  samples[100] = std::numeric_limits<float>::quiet_NaN();
  samples[201] = std::numeric_limits<float>::infinity();
  Limiter limiter(-1);

  const auto out = limited(limiter, samples);

  EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](float x) { return std::abs(x) <= 1; }));
}

TEST(Limiter, LetsGoAgainAfterThePeak) {
  std::vector<float> samples = sine(440, 0.25, 96'000);
  for (std::size_t i = 9600; i < 9800; ++i) samples[i] *= 12;
  Limiter limiter(-1);

  const auto out = limited(limiter, samples);

  EXPECT_GT(limiter.take_reduction_db(), 8);
  for (std::size_t i = 2 * 90'000; i < samples.size(); ++i) ASSERT_EQ(out[i], samples[i]);
}

/// Sounds that are hard for a limiter; the ceiling is judged by FFmpeg's ebur128 filter.
TEST(Limiter, FfmpegMeasuresNoTruePeakAboveTheCeiling) {
  const TempDir folder;
  std::mt19937 random(7);
  std::uniform_real_distribution<float> noise(-2.5F, 2.5F);
  std::vector<float> white(2 * 96'000);
  for (float& sample : white) sample = noise(random);
  std::vector<float> squares = sine(220, 1, 96'000);
  for (float& sample : squares) sample = sample < 0 ? -1.5F : 1.5F;
  std::vector<float> clicks(2 * 96'000, 0.0F);
  for (std::size_t i = 1000; i + 5 < clicks.size(); i += 7919) clicks[i] = 30;
  const std::vector<std::pair<std::string, std::vector<float>>> sounds{
      {"loud sine", sine(997, 4, 96'000)},
      {"quarter rate", sine(12'000, 1.4, 96'000, std::numbers::pi / 4)},
      {"high", sine(15'500, 2, 96'000)},
      {"noise", white},
      {"squares", squares},
      {"clicks", clicks}};

  for (const double ceiling : {-1.0, -6.0}) {
    for (const auto& [name, samples] : sounds) {
      Limiter limiter(ceiling);
      const auto measured =
          test::ffmpeg_ebur128(limited(limiter, samples), folder.path() / "sound.f32");
      ASSERT_TRUE(measured) << name;
      EXPECT_LE(measured->true_peak, ceiling + 0.05) << name;
      EXPECT_GT(measured->true_peak, ceiling - 2.0) << name << " is turned down too far";
    }
  }
}

TEST(Loudness, IsWhatFfmpegMeasures) {
  const TempDir folder;
  std::vector<float> samples = sine(1000, 0.1, 48'000 * 6);
  for (std::size_t i = samples.size() / 2; i < samples.size(); ++i) samples[i] *= 2;
  LoudnessMeter meter;

  meter.add(samples);
  const auto judged = test::ffmpeg_ebur128(samples, folder.path() / "sound.f32");

  ASSERT_TRUE(judged);
  EXPECT_NEAR(meter.now().integrated, judged->integrated, 0.1);
  EXPECT_NEAR(meter.now().momentary, judged->momentary, 0.1);
  EXPECT_NEAR(meter.now().short_term, judged->short_term, 0.1);
}

TEST(Loudness, AThousandHertzAtMinusTwentyIsWhatTheStandardSays) {
  // EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS peak is -23 LUFS.
  LoudnessMeter meter;

  meter.add(sine(1000, from_db(-23), 48'000 * 20));

  EXPECT_NEAR(meter.now().integrated, -23, 0.1);
  EXPECT_NEAR(meter.now().short_term, -23, 0.1);
}

TEST(Loudness, OfSilenceIsSilence) {
  LoudnessMeter meter;
  meter.add(std::vector<float>(2 * 48'000, 0.0F));
  EXPECT_EQ(meter.now().integrated, Loudness::kSilence);
  EXPECT_EQ(meter.now().momentary, Loudness::kSilence);
}

TEST(SoundDesk, MusicStepsBackUnderSpeechAndComesBack) {
  SoundDesk desk(show_of(
      R"("mic": {"color": "red"}, "music": {"color": "blue", "duck": {"under": "mic", "by_db": 12,
         "attack": "100ms", "hold": "200ms", "release": "500ms"}})"));
  constexpr std::size_t kTick = 1600;
  const auto run = [&](double mic, int ticks) {
    for (int i = 0; i < ticks; ++i) {
      desk.strips()[0].samples = mic > 0 ? sine(300, mic, kTick) : std::vector<float>{};
      desk.strips()[1].samples = std::vector<float>(2 * kTick, 0.25F);
      (void)desk.mix(kTick, 1);
    }
    return desk.strips()[1].ducked_db;
  };

  EXPECT_EQ(run(0, 3), 0);
  EXPECT_NEAR(run(0.1, 1), 4, 0.01);  // a third of the attack
  EXPECT_EQ(run(0.1, 5), 12);
  EXPECT_EQ(run(0, 6), 12);  // holds
  EXPECT_NEAR(run(0, 1), 12 - 12.0 / 15, 0.01);
  EXPECT_EQ(run(0, 30), 0);
  EXPECT_EQ(run(0.001, 5), 0) << "-63 dBFS is no speech";
}

TEST(SoundDesk, AMutedMicrophoneDucksNothing) {
  SoundDesk desk(show_of(
      R"("mic": {"color": "red"}, "music": {"color": "blue", "duck": {"under": ["mic"]}})"));
  for (int i = 0; i < 10; ++i) {
    desk.strips()[0].samples = sine(300, 0.5, 1600);
    desk.strips()[0].gain = 0;
    desk.strips()[1].samples = std::vector<float>(3200, 0.25F);
    (void)desk.mix(1600, 1);
  }
  EXPECT_EQ(desk.strips()[1].ducked_db, 0);
}

TEST(SoundDesk, DuckingMakesNoSteps) {
  SoundDesk desk(show_of(R"("mic": {"color": "red"}, "music": {"color": "blue",
      "duck": {"under": "mic", "by_db": 20, "attack": "50ms", "hold": "0ms", "release": "50ms"}})"));
  std::vector<float> out;
  for (int tick = 0; tick < 40; ++tick) {
    // Speech far above the threshold, yet of no weight in the sum.
    desk.strips()[0].samples = tick % 10 < 5 ? sine(300, 0.02, 1600) : std::vector<float>{};
    desk.strips()[1].samples = std::vector<float>(3200, 0.5F);
    const auto part = desk.mix(1600, 1);
    out.insert(out.end(), part.begin(), part.end());
  }
  float step = 0;
  for (std::size_t i = 2; i < out.size(); i += 2)
    step = std::max(step, std::abs(out[i] - out[i - 2]));
  EXPECT_LT(step, 0.0015F);
}

TEST(SoundDesk, MetersWhatGoesToTheEncoder) {
  SoundDesk desk(show_of(R"("mic": {"color": "red"})"));
  for (int i = 0; i < 60; ++i) {
    desk.strips()[0].samples.assign(3200, 0.0F);
    add_tone(1000, i * 1600, desk.strips()[0].samples);
    (void)desk.mix(1600, 1);
  }
  EXPECT_NEAR(to_db(desk.sound().level.peak), -18, 0.05);
  EXPECT_NEAR(to_db(desk.sound().level.rms), -21, 0.05);
  EXPECT_NEAR(to_db(desk.sound().true_peak), -18, 0.05);
  EXPECT_NEAR(desk.sound().loudness.momentary, -18, 0.1);
  EXPECT_NEAR(to_db(desk.strips()[0].level.peak), -18, 0.05);
}

TEST(SoundDesk, TheCeilingComesFromTheShow) {
  auto show = show_of(R"("mic": {"color": "red"})");
  show.ceiling_dbtp = -6;
  SoundDesk desk(show);
  std::vector<float> out;
  for (int i = 0; i < 30; ++i) {
    desk.strips()[0].samples = sine(100, 4, 1600);
    const auto part = desk.mix(1600, 1);
    out.insert(out.end(), part.begin(), part.end());
  }
  EXPECT_LE(to_db(level_of(out).peak), -6);
  EXPECT_GT(desk.sound().reduction_db, 15);
}

}  // namespace
}  // namespace ts::compose
