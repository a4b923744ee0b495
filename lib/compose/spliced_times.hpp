// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"

#include <array>
#include <optional>
#include <vector>

namespace ts::compose {

/// Lets a file go on where its timestamps start anew in the middle, as in recordings that were put
/// one behind the other: each part begins where everything before it ended. Pure; one per source.
class SplicedTimes {
 public:
  /// When a packet is decoded, when it is shown first, and for how long. All from the file's own
  /// clock.
  struct Stamp {
    ProgramTime decode{};
    ProgramTime show{};
    ProgramTime length{};
  };
  /// Begins anew: opened, or rewound.
  /// @param jumps  the format's clock may jump ahead as well (MPEG-TS): so does 10 s of nothing.
  void reset(bool jumps);
  /// What is added to the times of this packet. Packets of one track come in order of decoding;
  /// of two tracks either may come to a seam first.
  ProgramTime shift(bool video, const Stamp& stamp);
  /// What is added to a packet without a time of its own.
  [[nodiscard]] ProgramTime shift(bool video) const { return parts_[track(video).part]; }

 private:
  struct Track {
    std::optional<ProgramTime> next{};  ///< When what followed should have been decoded.
    std::size_t part = 0;
  };
  [[nodiscard]] const Track& track(bool video) const { return tracks_[video ? 0 : 1]; }
  [[nodiscard]] bool starts_anew(const Track& track, ProgramTime decode) const;

  bool jumps_ = false;
  std::array<Track, 2> tracks_{};
  std::vector<ProgramTime> parts_{ProgramTime{}};  ///< What is added to the times of each part.
  ProgramTime end_{};                              ///< Of everything so far, shifted.
};

}  // namespace ts::compose
