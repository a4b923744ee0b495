// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"
#include "media/resampler.hpp"

#include <cstdint>
#include <optional>

namespace ts::compose {

/// Puts a source's decoded sound on the program's samples, back to back: small differences between
/// its clock and the program's are taken out by resampling (at most 0.5 %), larger ones by a gap.
/// For one thread.
class SoundPlacer {
 public:
  struct Placed {
    std::vector<float> samples{};  ///< 48 kHz, interleaved stereo.
    std::int64_t position = 0;     ///< Program sample of the first one.
  };

  /// @param due  program time of the frame's first sample.
  /// @return nothing for a frame that cannot be converted: it becomes silence.
  std::optional<Placed> place(const AVFrame& frame, ProgramTime due);
  /// The next frame is placed where it is due, whatever came before (a loop's new round).
  void restart() noexcept { expected_.reset(); }
  /// Another input: the old one's last samples are let go of, too.
  void reset();

 private:
  media::Resampler resampler_;
  std::optional<std::int64_t> expected_;
};

}  // namespace ts::compose
