// SPDX-License-Identifier: Apache-2.0
#include "compose/spliced_times.hpp"

#include <algorithm>
#include <chrono>

namespace ts::compose {
namespace {

/// Within a track the order of decoding never goes back; damaged stamps do, a little.
constexpr ProgramTime kBack = seconds{1};
/// Ahead by more is a jump, as FFmpeg takes it; a camera that was away for less is a gap.
constexpr ProgramTime kAhead = seconds{10};
/// The other track's seam is this one's, too, when it puts this one so near to where it was.
constexpr ProgramTime kSameSeam = seconds{5};

}  // namespace

void SplicedTimes::reset(bool jumps) {
  jumps_ = jumps;
  tracks_ = {};
  parts_.assign(1, ProgramTime{});
  end_ = {};
}

bool SplicedTimes::starts_anew(const Track& track, ProgramTime decode) const {
  if (!track.next) return false;
  if (decode < *track.next - kBack) return true;
  // Where the other track went on meanwhile, this one was only silent.
  return jumps_ && decode > *track.next + kAhead && decode + parts_[track.part] > end_ + kAhead;
}

ProgramTime SplicedTimes::shift(bool video, const Stamp& stamp) {
  Track& track = tracks_[video ? 0 : 1];
  if (starts_anew(track, stamp.decode)) {
    const ProgramTime expected = *track.next + parts_[track.part];
    do {
      ++track.part;
    } while (track.part < parts_.size() &&
             std::chrono::abs(stamp.decode + parts_[track.part] - expected) > kSameSeam);
    if (track.part == parts_.size()) parts_.push_back(end_ - stamp.show);
  }
  track.next = stamp.decode + stamp.length;
  const ProgramTime shift = parts_[track.part];
  end_ = std::max(end_, stamp.show + stamp.length + shift);
  return shift;
}

}  // namespace ts::compose
