// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace ts::compose {

/// Finds peaks between the samples: four times oversampled with a windowed sinc of 24 taps, as EBU
/// Tech 3341 and ITU-R BS.1770 ask for. Interleaved stereo. For one thread.
class TruePeak {
 public:
  static constexpr std::size_t kTaps = 24;
  /// A peak is known this many samples after the sample it belongs to.
  static constexpr std::size_t kDelay = kTaps / 2;

  TruePeak();
  /// Takes one sample of both channels in.
  /// @return the largest absolute value around the sample that came kDelay before.
  float next(float left, float right) noexcept;

 private:
  /// The last kTaps samples twice in a row, so that a window is always contiguous.
  std::array<std::array<float, 2 * kTaps>, 2> history_{};
  std::size_t at_ = 0;
  std::size_t loud_ = 0;  ///< Samples since one was loud enough to matter.
};

/// Keeps the true peaks of interleaved stereo below a ceiling, by turning down ahead of them: no
/// clipping, no bending, and sound below the ceiling passes bit by bit. It knows what comes kAhead
/// samples before it lets it out; the first kAhead samples of its output are left out, and flush()
/// gives the last ones, so that the sound stays where it was. For one thread.
class Limiter {
 public:
  static constexpr std::size_t kWindow = 96;  ///< 2 ms: turning down takes this long.
  static constexpr std::size_t kAhead = TruePeak::kDelay + kWindow - 1;

  /// @param ceiling_dbtp  0 or less.
  explicit Limiter(double ceiling_dbtp);

  /// Any number of samples; NaN and infinity are taken for silence.
  std::vector<float> process(std::span<const float> samples);
  /// What is left inside. Nothing may be processed afterwards.
  std::vector<float> flush();
  /// The strongest reduction since the last call, in dB, 0 or more.
  double take_reduction_db() noexcept;

 private:
  void step(float left, float right, std::vector<float>& out);

  const double ceiling_;
  TruePeak peak_{};
  std::deque<std::pair<float, float>> delayed_;
  std::size_t warm_up_ = kAhead;
  // The least gain of the window, as a monotonic queue of (position, gain).
  std::deque<std::pair<std::uint64_t, double>> least_;
  std::uint64_t position_ = 0;
  double released_ = 1;
  std::array<double, kWindow> smooth_{};
  std::size_t smooth_at_ = 0;
  std::size_t open_ = kWindow;  ///< So many of `smooth_` in a row are exactly 1.
  double lowest_ = 1;
};

}  // namespace ts::compose
