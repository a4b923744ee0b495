// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ts::compose {

/// Linear factor of a gain in dB; -120 dB and below is silence.
double from_db(double db) noexcept;

/// One source's way to the sum: its gain, moved without clicks.
class Fader {
 public:
  /// Adds `input` (interleaved stereo) times the gain to `sum`; the gain moves to `target` in equal
  /// steps of at most 1/480 of its way per sample (10 ms at 48 kHz). The first call starts there.
  void mix(std::span<const float> input, double target, std::span<float> sum) noexcept;

 private:
  bool started_ = false;
  double gain_ = 1;
  double target_ = 1;
  double step_ = 0;
};

/// Keeps the sum below full scale: unchanged up to -2 dBFS, bent softly above, never beyond 1.
/// @return the largest absolute value before bending.
float limit(std::span<float> samples) noexcept;

/// An endless sine at -18 dBFS that knows its phase at every sample.
void add_tone(double hz, std::int64_t start, std::span<float> out) noexcept;

/// First sample of tick n at 48 kHz: floor(n * 48000 * den / num).
std::int64_t sample_of(std::uint64_t tick, std::int64_t num, std::int64_t den) noexcept;

}  // namespace ts::compose
