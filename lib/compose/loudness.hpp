// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace ts::compose {

/// Loudness after EBU R128 in LUFS; -70 or less (down to kSilence) is nothing to hear.
struct Loudness {
  static constexpr double kSilence = -120;
  double momentary = kSilence;   ///< Over the last 400 ms.
  double short_term = kSilence;  ///< Over the last 3 s.
  double integrated = kSilence;  ///< Since the start, gated.
};

/// Measures 48 kHz interleaved stereo; memory does not grow with time. For one thread.
class LoudnessMeter {
 public:
  LoudnessMeter();
  ~LoudnessMeter();
  LoudnessMeter(const LoudnessMeter&) = delete;
  LoudnessMeter& operator=(const LoudnessMeter&) = delete;

  void add(std::span<const float> samples);
  /// Worked out anew every 100 ms of sound (about 0.2 ms of work), the same in between.
  [[nodiscard]] const Loudness& now() const noexcept { return now_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::size_t since_ = 0;
  Loudness now_{};
};

}  // namespace ts::compose
