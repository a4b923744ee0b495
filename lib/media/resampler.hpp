// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/av_handles.hpp"

#include <cstdint>
#include <vector>

namespace ts::media {

inline constexpr int kProgramRate = 48'000;

/// Turns decoded sound of any rate, format and layout into 48 kHz stereo float, interleaved.
/// Rebuilds itself when the input changes.
class Resampler {
 public:
  struct Output {
    std::vector<float> samples{};  ///< Left, right, left …
    double delay = 0;  ///< How many output samples the first one lies before the frame's own time.
  };

  Result<Output> convert(const AVFrame& frame);
  /// What is still inside.
  Result<Output> drain();
  /// Makes the output longer (> 0) or shorter by `samples`, spread over the next second.
  void compensate(int samples);
  void reset() { context_.reset(); }

 private:
  Status prepare(const AVFrame& frame);
  AvResampler context_{};
  int rate_ = 0;
  int format_ = -1;
  std::uint64_t mask_ = 0;
  int channels_ = 0;
};

}  // namespace ts::media
