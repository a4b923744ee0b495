// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"
#include "media/resampler.hpp"

#include <cstdint>
#include <optional>

namespace ts::compose {

/// Puts a source's decoded sound on the program's samples, back to back: small differences between
/// its clock and the program's are taken out by resampling (at most 0.5 %), larger ones by a gap.
/// In the first 1.5 s, while what lay ready at the other end pours in, small ones are, too. For one
/// thread.
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
  /// Another input, and a live one: the old one's last samples are let go of, too.
  void reset();

 private:
  media::Resampler resampler_;
  std::optional<std::int64_t> expected_;
  std::int64_t young_ = 0;  ///< Samples until small steps are bent instead of cut.
};

}  // namespace ts::compose
