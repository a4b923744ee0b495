// SPDX-License-Identifier: Apache-2.0
#include "compose/timeline.hpp"

#include <algorithm>

namespace ts::compose {
namespace {

constexpr ProgramTime kJump = seconds{2};
constexpr ProgramTime kWindow = seconds{5};
constexpr ProgramTime kStartBuffer = milliseconds{300};
constexpr ProgramTime kDry = milliseconds{150};
// Toward a later clock at most this fast, so that jitter does not shake the picture.
constexpr ProgramTime kStep = std::chrono::microseconds{200};

}  // namespace

void Timeline::reset() {
  offset_.reset();
  recent_.clear();
}

std::optional<ProgramTime> Timeline::due(ProgramTime time) const {
  if (kind_ == Kind::kFile) return origin_ + time + delay_;
  if (!offset_) return std::nullopt;
  return time + *offset_ + delay_;
}

Timeline::Placed Timeline::place(ProgramTime time, ProgramTime now) {
  Placed out;
  if (kind_ == Kind::kFile) {
    out.due = origin_ + time + delay_;
    return out;
  }
  const ProgramTime step = time > last_time_ ? time - last_time_ : last_time_ - time;
  if (offset_ && step > kJump) {
    reset();
    out.jumped = true;
  }
  last_time_ = time;
  if (kind_ == Kind::kPulled) {
    if (offset_ && time + *offset_ + delay_ < now - kDry) {
      offset_.reset();
      out.jumped = true;
    }
    if (!offset_) offset_ = now + kStartBuffer - time;
    out.due = time + *offset_ + delay_;
    return out;
  }
  const ProgramTime sample = now - time;
  while (!recent_.empty() && (recent_.front().first < now - kWindow)) recent_.pop_front();
  // Monotonic queue: its front is the least of the window.
  while (!recent_.empty() && recent_.back().second >= sample) recent_.pop_back();
  recent_.emplace_back(now, sample);
  const ProgramTime least = recent_.front().second;
  if (!offset_) {
    offset_ = least;
  } else if (least < *offset_) {
    offset_ = least;
  } else {
    offset_ = *offset_ + std::min(kStep, least - *offset_);
  }
  out.due = time + *offset_ + delay_;
  return out;
}

}  // namespace ts::compose
