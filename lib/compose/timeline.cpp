// SPDX-License-Identifier: Apache-2.0
#include "compose/timeline.hpp"

#include <algorithm>
#include <utility>

namespace ts::compose {
namespace {

constexpr ProgramTime kJump = seconds{2};
constexpr ProgramTime kStepBack = milliseconds{500};
constexpr ProgramTime kWindow = seconds{5};
constexpr ProgramTime kStartBuffer = milliseconds{300};
constexpr ProgramTime kDry = milliseconds{150};
/// What runs dry again so soon needs a larger buffer.
constexpr ProgramTime kRestless = seconds{60};
constexpr ProgramTime kMostBuffer = seconds{4};
constexpr ProgramTime kPatienceMargin = milliseconds{60};
constexpr ProgramTime kCalm = seconds{5};
// Toward a later clock at most this fast, so that jitter does not shake the picture.
constexpr ProgramTime kStep = std::chrono::microseconds{200};
/// More than that, through all of the window, is another clock and no jitter.
constexpr ProgramTime kShift = milliseconds{300};
constexpr ProgramTime kFlowing = seconds{2};

}  // namespace

void Timeline::reset() {
  offset_.reset();
  recent_.clear();
  pictures_ = {};
  sounds_ = {};
  patience_ = {};
  spare_.reset();
  young_ = true;
  last_arrival_.reset();
  filled_.reset();
}

ProgramTime Timeline::fill(ProgramTime now) {
  const bool again = filled_ && now - *filled_ < kRestless;
  buffer_ = again ? std::min(buffer_ * 2, kMostBuffer) : kStartBuffer;
  filled_ = now;
  return now + buffer_;
}

std::optional<ProgramTime> Timeline::due(ProgramTime time) const {
  if (kind_ == Kind::kFile) return origin_ + time + delay_;
  if (!offset_ || steps(pictures_, time)) return std::nullopt;  // where is not known before place()
  return time + pictures_.behind.value_or(*offset_) + delay_ + patience_ - lead_;
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

bool Timeline::steps(const Lane& lane, ProgramTime time) const {
  if (!offset_ || !lane.last) return false;
  return *lane.last - time > kStepBack ||
         (!(film_ && kind_ == Kind::kPulled) && time - *lane.last > kJump);
}

bool Timeline::fits(const Lane& lane, ProgramTime offset, ProgramTime time, ProgramTime now) const {
  const ProgramTime expected = kind_ == Kind::kPulled ? std::max(lane.last_due - delay_, now) : now;
  const ProgramTime off = time + offset - expected;
  return off < kJump && -off < kJump;
}

bool Timeline::pass_step(Lane& lane, Lane& other, ProgramTime time, ProgramTime now) {
  // This lane alone paused: the clock is still right.
  const ProgramTime ahead = time + *offset_ - now;
  if (!lane.behind && time > *lane.last && ahead < kJump && -ahead < kJump) return false;
  // The other lane was here first, or this one was elsewhere for a moment.
  if (lane.behind && fits(lane, *offset_, time, now)) {
    lane.behind.reset();
    return false;
  }
  if (other.behind && fits(lane, *other.behind, time, now)) {
    offset_ = std::exchange(other.behind, std::nullopt);
    return false;
  }
  if (other.last && !other.behind) {
    other.behind = offset_;
    other.behind_since = now;
  }
  lane.behind.reset();
  recent_.clear();
  pictures_.punctuality = {};
  sounds_.punctuality = {};
  spare_.reset();
  if (kind_ == Kind::kPulled) {
    // Right behind what came before, which may not all have been played yet.
    const ProgramTime next = lane.last_due + lane.step - delay_;
    const ProgramTime soon = now + kStartBuffer;
    offset_ = (next > soon && next < soon + kJump * 2 ? next : soon) - time;
  } else {
    offset_ = now - time;
    patience_ = {};
    young_ = true;
  }
  return true;
}

void Timeline::rejoin(Lane& lane, ProgramTime time, ProgramTime now) {
  const bool dry = kind_ == Kind::kPulled && time + *lane.behind + delay_ < now - kDry;
  if (!dry && now - lane.behind_since < kWindow) return;
  if (fits(lane, *offset_, time, now)) {
    lane.behind.reset();
  } else if (dry) {
    lane.behind = now + kStartBuffer - time;
  } else if (kind_ == Kind::kPushed) {
    lane.behind = now - time;
    lane.behind_since = now;
  }
}

void Timeline::learn(ProgramTime time, ProgramTime now) {
  if (!last_arrival_ || now - *last_arrival_ > seconds{1}) flowing_since_ = now;
  last_arrival_ = now;
  const ProgramTime sample = now - time;
  while (!recent_.empty() && (recent_.front().first < now - kWindow)) recent_.pop_front();
  // Monotonic queue: its front is the least of the window.
  while (!recent_.empty() && recent_.back().second >= sample) recent_.pop_back();
  recent_.emplace_back(now, sample);
  const ProgramTime least = recent_.front().second;
  if (!offset_ || least < *offset_) {
    offset_ = least;
    return;
  }
  const ProgramTime rise = least - *offset_;
  if (rise > kShift && now - flowing_since_ > kFlowing) {
    offset_ = least;
    patience_ -= std::min(patience_, rise);  // which had made up for it
    return;
  }
  offset_ = *offset_ + std::min(kStep, rise);
}

Timeline::Placed Timeline::place(ProgramTime time, ProgramTime now, bool video) {
  Placed out;
  if (kind_ == Kind::kFile) {
    out.due = origin_ + time + delay_;
    return out;
  }
  Lane& lane = video ? pictures_ : sounds_;
  Lane& other = video ? sounds_ : pictures_;
  const bool anew = steps(lane, time) && pass_step(lane, other, time, now);
  if (lane.last && time > *lane.last && time - *lane.last < kJump) lane.step = time - *lane.last;
  if (lane.behind) rejoin(lane, time, now);
  if (kind_ == Kind::kPulled) {
    if (!lane.behind && offset_ && time + *offset_ + delay_ < now - kDry) offset_.reset();
    if (!offset_) offset_ = fill(now) - time;
  } else if (!lane.behind) {
    learn(time, now);
  }
  out.due = time + lane.behind.value_or(*offset_) + delay_ + patience_;
  out.jumped = lane.last && (anew || out.due < lane.last_due - kStepBack);
  lane.last = time;
  lane.last_due = out.due;
  if (video) out.due -= lead_;
  if (kind_ == Kind::kPushed && !lane.behind) watch(lane.punctuality, now - out.due, now);
  return out;
}

}  // namespace ts::compose
