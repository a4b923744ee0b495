// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/limiter.hpp"
#include "compose/loudness.hpp"
#include "scene/show.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ts::compose {

/// Linear factor of a gain in dB; -120 dB and below is silence.
double from_db(double db) noexcept;
/// The inverse; -120 for silence.
double to_db(double factor) noexcept;

inline constexpr std::size_t kRampSamples = 480;

/// One source's way to the sum: its gain, moved without clicks.
class Fader {
 public:
  /// Adds `input` (interleaved stereo) times the gain to `sum`; the gain moves to `target` in
  /// `ramp` equal steps, one a sample (480 are 10 ms). The first call starts there.
  void mix(std::span<const float> input, double target, std::span<float> sum,
           std::size_t ramp = kRampSamples) noexcept;

 private:
  bool started_ = false;
  double gain_ = 1;
  double target_ = 1;
  double step_ = 0;
};

/// An endless sine at -18 dBFS that knows its phase at every sample.
void add_tone(double hz, std::int64_t start, std::span<float> out) noexcept;

/// First sample of tick n at 48 kHz: floor(n * 48000 * den / num).
std::int64_t sample_of(std::uint64_t tick, std::int64_t num, std::int64_t den) noexcept;

/// Largest absolute value and root mean square of sound; 1 is full scale.
struct Level {
  double peak = 0;
  double rms = 0;
};
Level level_of(std::span<const float> samples) noexcept;

/// How far a source steps back under others: full reduction after `attack` of speech, none
/// `hold` + `release` after the last word.
class Ducker {
 public:
  explicit Ducker(const scene::Duck& settings) : settings_(settings) {}
  /// @param speech   RMS of what it ducks under, as it is in the mix.
  /// @param samples  how long that lasted.
  /// @return the reduction in dB at the end of it, 0 or more.
  double step(double speech, std::size_t samples) noexcept;

 private:
  scene::Duck settings_;
  double reduction_ = 0;
  std::int64_t quiet_ = 0;  ///< Samples since the last word.
  bool spoken_ = false;
};

/// What the program sounds like.
struct ProgramSound {
  Level level{};             ///< Of the last tick, as it goes to the encoder.
  double sum_peak = 0;       ///< Before the limiter.
  double reduction_db = 0;   ///< What the limiter took off in the last tick.
  double true_peak = 0;      ///< Of the last tick, between the samples, too.
  double true_peak_max = 0;  ///< Since the start.
  Loudness loudness{};
};

/// The sound desk of a program: 48 kHz interleaved stereo floats from every source through faders,
/// ducking, master, limiter and meters. The sum is never normalised. For one thread.
class SoundDesk {
 public:
  /// One source in one tick.
  struct Strip {
    std::vector<float> samples{};  ///< Empty: no sound, which costs nothing.
    double gain = 1;               ///< Linear, where the fader goes.
    bool gliding = false;          ///< The gain moves every tick: ramps last a whole tick.
    /// What was read last is so many samples old; for whoever fills it.
    std::optional<std::int64_t> delay{};
    Level level{};         ///< Written by mix(): after the fader and ducking.
    double ducked_db = 0;  ///< Written by mix().
  };

  explicit SoundDesk(const scene::Show& show);
  /// After a source has joined, or another has taken its place.
  void update(const scene::Show& show);
  /// One per source of the show, in its order; cleared by whoever fills them.
  [[nodiscard]] std::vector<Strip>& strips() noexcept { return strips_; }
  /// Mixes the strips, each empty or `frames` long.
  /// @param master  linear, 0 is silence; reached at the tick's end.
  /// @return the program's sound: Limiter::kAhead frames less at the start, which finish() gives.
  std::vector<float> mix(std::size_t frames, double master);
  std::vector<float> finish();
  [[nodiscard]] const ProgramSound& sound() const noexcept { return sound_; }

 private:
  struct Ducking {
    std::size_t strip;
    std::vector<std::size_t> under;
    Ducker ducker;
  };
  void duck(std::size_t frames);
  void measure(std::span<const float> out);

  std::vector<Strip> strips_;
  std::vector<Fader> faders_;
  std::vector<Ducking> ducking_;
  std::vector<float> scratch_;
  Fader master_;
  Limiter limiter_;
  TruePeak true_peak_;
  std::vector<float> peaks_;
  LoudnessMeter meter_;
  ProgramSound sound_{};
};

}  // namespace ts::compose
