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
  /// Takes the next samples in.
  /// @param floor  peaks up to this do not matter: where none can be higher, `peaks` may hold less
  ///               than the true one, which saves most of the work on quiet sound.
  /// @param peaks  for each sample (of both channels) the largest absolute value around the one
  ///               that came kDelay before.
  void find(std::span<const float> samples, float floor, std::vector<float>& peaks);

 private:
  /// Each channel's last kTaps - 1 samples, then the new ones.
  std::array<std::vector<float>, 2> lines_;
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
  /// The gain that lets the samples up to `peak`, the newest one, pass below the ceiling.
  double next_gain(double peak);
  /// Nothing has been turned down for so long that nothing is left to let go of.
  [[nodiscard]] bool open() const noexcept;

  const double ceiling_;
  TruePeak peak_{};
  std::vector<float> peaks_;
  std::vector<float> line_;  ///< Interleaved: what has not come out yet, at most kAhead frames.
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
