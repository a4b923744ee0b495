// SPDX-License-Identifier: Apache-2.0
#include "compose/timeline.hpp"

#include <algorithm>

namespace ts::compose {
namespace {

constexpr ProgramTime kJump = seconds{2};
constexpr ProgramTime kWindow = seconds{5};
constexpr ProgramTime kStartBuffer = milliseconds{300};
constexpr ProgramTime kDry = milliseconds{150};
constexpr ProgramTime kMostPatience = seconds{2};
constexpr ProgramTime kPatienceMargin = milliseconds{60};
constexpr ProgramTime kCalm = seconds{5};
// Toward a later clock at most this fast, so that jitter does not shake the picture.
constexpr ProgramTime kStep = std::chrono::microseconds{200};

}  // namespace

void Timeline::reset() {
  offset_.reset();
  recent_.clear();
  pictures_ = {};
  sounds_ = {};
  patience_ = {};
  spare_.reset();
  young_ = true;
}

std::optional<ProgramTime> Timeline::due(ProgramTime time) const {
  if (kind_ == Kind::kFile) return origin_ + time + delay_;
  if (!offset_) return std::nullopt;
  return time + *offset_ + delay_ + patience_;
}

void Timeline::watch(Punctuality& lane, ProgramTime late, ProgramTime now) {
  if (lane.count + lane.hiccup_late == 0) {
    lane.since = now;
    lane.worst = late;
  }
  lane.hiccup = lane.hiccup && late > ProgramTime{};
  ++(lane.hiccup ? lane.hiccup_late : lane.count);
  if (late > ProgramTime{} && !lane.hiccup) ++lane.late;
  lane.worst = std::max(lane.worst, late);
  if (now - lane.since < seconds{1}) return;
  // One hiccup makes a burst late; what is late all the time is late at the sender. The end of a
  // burst that began in the second before tells nothing new, unless it has no end.
  if (lane.hiccup) {
    lane.late += lane.hiccup_late;
    lane.count += lane.hiccup_late;
  }
  const bool bad = lane.late * 10 > lane.count;
  lane.bad_seconds = bad ? lane.bad_seconds + 1 : 0;
  if (lane.bad_seconds >= (young_ ? 1 : 2)) {
    patience_ = std::min(patience_ + lane.worst + kPatienceMargin, kMostPatience);
    lane.bad_seconds = 0;
    spare_.reset();
  } else if (!bad && now - lane.since < seconds{2}) {
    young_ = false;
  }
  if (!spare_) spare_since_ = now;
  spare_ = std::min(spare_.value_or(kMostPatience), -lane.worst);
  if (now - spare_since_ >= kCalm) {
    // Everything came with time to spare: as much of it is given back.
    if (*spare_ > 2 * kPatienceMargin) {
      patience_ = std::max(ProgramTime{}, patience_ - (*spare_ - kPatienceMargin));
    }
    spare_.reset();
  }
  lane = {.bad_seconds = lane.bad_seconds, .hiccup = late > ProgramTime{}};
}

Timeline::Placed Timeline::place(ProgramTime time, ProgramTime now, bool video) {
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
  if (!offset_ || least < *offset_) {
    offset_ = least;
  } else {
    offset_ = *offset_ + std::min(kStep, least - *offset_);
  }
  out.due = time + *offset_ + delay_ + patience_;
  watch(video ? pictures_ : sounds_, now - out.due, now);
  return out;
}

}  // namespace ts::compose
