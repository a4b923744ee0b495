// SPDX-License-Identifier: Apache-2.0
#include "compose/feed.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace ts::compose {
namespace {

using std::chrono::nanoseconds;

constexpr ProgramTime kTolerance = milliseconds{2};
constexpr ProgramTime kHold = milliseconds{500};
constexpr int kFade = kRate / 200;      // 5 ms
constexpr int kMoveFade = kRate / 100;  // 10 ms
/// Of a source of very many pictures a second: memory comes before its every picture.
constexpr std::size_t kMostPictures = 64;
/// No source is believed to have more than 240 pictures a second for long.
constexpr ProgramTime kLeastInterval{1'000'000'000 / 240};
/// Sound that nobody has read yet is kept so long: the longest delay of sound alone, and 2 s.
constexpr std::int64_t kMostBehind = 12 * kRate;
/// The producer is woken for so much sound at once, not for every tick's.
constexpr std::int64_t kRefill = kRate / 8;

}  // namespace

std::string_view to_string(SourceState state) noexcept {
  switch (state) {
    case SourceState::kConnecting:
      return "connecting";
    case SourceState::kLive:
      return "live";
    case SourceState::kStale:
      return "stale";
    case SourceState::kLost:
      return "lost";
    case SourceState::kEnded:
      return "ended";
    case SourceState::kStill:
      return "still";
  }
  return "connecting";
}

bool Feed::push_picture(Picture picture, ProgramTime due, ProgramTime arrived) {
  {
    const std::lock_guard lock(mutex_);
    if (!picture_room_locked()) return false;
    if (pictures_.size() >= limits_.pictures && limits_.drop_oldest &&
        (due - pictures_.front().due > limits_.span || pictures_.size() >= most_pictures())) {
      pictures_.pop_front();
      ++status_.dropped;
    }
    if (current_ && due < current_due_) ++status_.late;
    const ProgramTime previous = pictures_.empty() ? current_due_ : pictures_.back().due;
    if (any_ && !rested_ && due > previous) interval_ = due - previous;
    rested_ = false;
    pictures_.push_back({std::move(picture), due, arrived});
    pictures_over_ = false;
    ++status_.pictures;
    any_ = true;
    lost_ = false;
    status_.reason.clear();
  }
  changed_.notify_all();
  return true;
}

void Feed::set_still(Picture picture) {
  {
    const std::lock_guard lock(mutex_);
    current_ = std::move(picture);
    ++serial_;
    ++status_.pictures;
    still_ = true;
    any_ = true;
    lost_ = false;
    status_.reason.clear();
  }
  changed_.notify_all();
}

void Feed::keep_alive(ProgramTime due) {
  const std::lock_guard lock(mutex_);
  alive_ = std::max(alive_, due);
  rested_ = true;
  any_ = true;
  lost_ = false;
  status_.reason.clear();
}

void Feed::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++taken_;
  }
  changed_.notify_all();
}

bool Feed::push_samples(std::span<const float> samples, std::int64_t position) {
  bool all = true;
  {
    const std::lock_guard lock(mutex_);
    any_ = true;
    samples_over_ = false;
    if (!has_pictures_ || still_) {
      lost_ = false;
      status_.reason.clear();
    }
    // What the program has passed already is of no use.
    if (position < read_to_) {
      const auto passed = static_cast<std::size_t>(std::min<std::int64_t>(
          read_to_ - position, static_cast<std::int64_t>(samples.size() / 2)));
      samples = samples.subspan(passed * 2);
      position = read_to_;
    }
    if (samples.empty()) return true;
    const std::int64_t end = head_ + static_cast<std::int64_t>(samples_.size() / 2);
    if (!started_ || samples_.empty()) {
      samples_.clear();
      head_ = position;
      started_ = true;
    } else if (position > end) {
      // However long the gap is, only so much of it is kept; what is live is never far ahead.
      const std::int64_t reach =
          std::max({end, read_to_ + behind_ + limits_.samples, limits_.samples});
      const std::int64_t until = limits_.drop_oldest ? position : std::min(position, reach);
      samples_.append_silence(static_cast<std::size_t>(until - end) * 2);
      all = until == position;
    } else if (position < end) {
      // A step back in time: the newer sound replaces the older.
      const auto keep = static_cast<std::size_t>(std::max<std::int64_t>(0, position - head_));
      samples_.keep(keep * 2);
      if (keep == 0) head_ = position;
    }
    if (all) samples_.append(samples);
    // Nobody reads for a long time: the oldest is let go.
    const auto most = static_cast<std::size_t>((limits_.samples + kMostBehind) * 2);
    if (samples_.size() > most) {
      const std::size_t excess = (samples_.size() - most) & ~std::size_t{1};
      samples_.drop(excess);
      head_ += static_cast<std::int64_t>(excess / 2);
    }
    refill_locked();
  }
  changed_.notify_all();
  return all;
}

std::optional<std::int64_t> Feed::next_sample() const {
  const std::lock_guard lock(mutex_);
  if (!started_) return std::nullopt;
  return head_ + static_cast<std::int64_t>(samples_.size() / 2);
}

std::size_t Feed::most_pictures() const {
  const auto reach = static_cast<std::size_t>(limits_.span / kLeastInterval);
  return std::max(limits_.drop_oldest ? std::size_t{0} : kMostPictures, limits_.pictures + reach);
}

bool Feed::picture_room_locked() const {
  if (limits_.drop_oldest || pictures_.size() < limits_.pictures) return true;
  return pictures_.size() < most_pictures() &&
         pictures_.back().due - pictures_.front().due < limits_.span;
}

void Feed::refill_locked() {
  const std::int64_t ahead = head_ + static_cast<std::int64_t>(samples_.size() / 2) -
                             std::max(read_to_ + behind_, std::int64_t{0});
  if (!started_ || limits_.drop_oldest || ahead < limits_.samples - kRefill)
    filling_ = true;
  else if (ahead >= limits_.samples)
    filling_ = false;
}

bool Feed::picture_room() const {
  const std::lock_guard lock(mutex_);
  return picture_room_locked();
}

bool Feed::sample_room() const {
  const std::lock_guard lock(mutex_);
  return filling_;
}

std::uint64_t Feed::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

bool Feed::wait_taken(std::uint64_t taken, milliseconds timeout, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, timeout, [&] { return taken_ != taken; });
  return !stop.stop_requested();
}

void Feed::set_has(bool pictures, bool samples) {
  {
    const std::lock_guard lock(mutex_);
    has_pictures_ = pictures;
    has_samples_ = samples;
    status_.has_picture = pictures;
    status_.has_sound = samples;
  }
  changed_.notify_all();
}

void Feed::set_lost(std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!lost_) ++status_.losses;
    lost_ = true;
    status_.reason = std::move(reason);
  }
  changed_.notify_all();
}

void Feed::set_recording_trouble(std::string reason) {
  const std::lock_guard lock(mutex_);
  status_.recording = std::move(reason);
}

void Feed::set_connecting() {
  const std::lock_guard lock(mutex_);
  ended_ = false;
  pictures_over_ = samples_over_ = false;
}

void Feed::set_over(bool pictures) {
  {
    const std::lock_guard lock(mutex_);
    (pictures ? pictures_over_ : samples_over_) = true;
  }
  changed_.notify_all();
}

void Feed::set_ended() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

bool Feed::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void Feed::discard_queued(ProgramTime from) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(pictures_, [from](const Timed& one) { return one.due >= from; });
  }
  changed_.notify_all();
}

SourceState Feed::state_at(ProgramTime time) const {
  if (still_) return SourceState::kStill;
  if (!has_pictures_ && any_ && !lost_) return ended_ ? SourceState::kEnded : SourceState::kLive;
  if (!current_ && !rested_) return lost_ ? SourceState::kLost : SourceState::kConnecting;
  if (ended_ && pictures_.empty()) return SourceState::kEnded;
  const ProgramTime age = time - std::max(current_due_, alive_);
  // A source of one frame a second is not stale between two of them.
  const ProgramTime hold = std::max<ProgramTime>(kHold, interval_ * 5 / 2);
  if (age > hold) return limits_.patient && !lost_ ? SourceState::kStale : SourceState::kLost;
  // What rests is read packet by packet, in the order of decoding: that is no steady pace.
  const ProgramTime pace =
      rested_ ? hold : std::max<ProgramTime>(interval_ * 5 / 2, milliseconds{100});
  if (age > pace) return SourceState::kStale;
  return SourceState::kLive;
}

Feed::Pick Feed::pick(ProgramTime time) {
  Pick out;
  bool took = false;
  ProgramTime arrived{};
  {
    const std::lock_guard lock(mutex_);
    while (!pictures_.empty() && pictures_.front().due <= time + kTolerance) {
      current_ = std::move(pictures_.front().picture);
      current_due_ = pictures_.front().due;
      arrived = pictures_.front().arrived;
      pictures_.pop_front();
      ++serial_;
      ++taken_;
      took = true;
    }
    if (took) latency_.add(time - arrived);
    out.state = state_at(time);
    status_.state = out.state;
    out.serial = serial_;
    if (out.state != SourceState::kLost && out.state != SourceState::kConnecting) {
      out.picture = current_;
    }
  }
  if (took) changed_.notify_all();
  return out;
}

void Feed::read_samples(std::int64_t start, std::span<float> out, std::int64_t delay) {
  bool wanted = false;
  start -= delay;
  {
    const std::lock_guard lock(mutex_);
    behind_ = delay;
    const auto count = static_cast<std::int64_t>(out.size() / 2);
    float peak = 0;
    // Older than asked for: gone.
    while (!samples_.empty() && head_ < start) {
      const auto skip =
          std::min<std::int64_t>(start - head_, static_cast<std::int64_t>(samples_.size() / 2));
      samples_.drop(static_cast<std::size_t>(skip) * 2);
      head_ += skip;
    }
    const std::int64_t have_from = samples_.empty() ? start + count : std::max(head_, start);
    const std::int64_t silent_before = std::min(have_from - start, count);
    std::int64_t at = 0;
    // Sound broke off: the last sample fades instead of clicking.
    if (silent_before > 0) {
      if (sounding_) {
        if (!ended_) ++status_.gaps;
        const std::int64_t fade = std::min<std::int64_t>(kFade, silent_before);
        for (std::int64_t i = 0; i < fade; ++i) {
          const float factor = 1.0F - static_cast<float>(i + 1) / static_cast<float>(kFade);
          out[static_cast<std::size_t>(i) * 2] += last_left_ * factor;
          out[static_cast<std::size_t>(i) * 2 + 1] += last_right_ * factor;
        }
      }
      sounding_ = false;
      at = silent_before;
    }
    const std::int64_t available =
        samples_.empty()
            ? 0
            : static_cast<std::int64_t>(samples_.size() / 2) - (std::max(start, head_) - head_);
    const std::int64_t take = std::max<std::int64_t>(0, std::min(count - at, available));
    if (take > 0) {
      const auto taken = samples_.view().first(static_cast<std::size_t>(take) * 2);
      const std::span<float> into = out.subspan(static_cast<std::size_t>(at) * 2, taken.size());
      const bool fade_in = !sounding_ && start + at > 0;
      const std::size_t fading =
          fade_in ? std::min<std::size_t>(2 * std::size_t{kFade}, taken.size()) : 0;
      for (std::size_t i = 0; i < fading; ++i) {
        into[i] += taken[i] * static_cast<float>(i / 2) / static_cast<float>(kFade);
      }
      for (std::size_t i = fading; i < taken.size(); ++i) into[i] += taken[i];
      for (const float sample : taken) peak = std::max(peak, std::abs(sample));
      last_left_ = taken[taken.size() - 2];
      last_right_ = taken[taken.size() - 1];
      sounding_ = true;
      samples_.drop(taken.size());
      head_ += take;
      if (at + take < count) {
        if (!ended_) ++status_.gaps;
        const std::int64_t rest = count - at - take;
        const std::int64_t fade = std::min<std::int64_t>(kFade, rest);
        for (std::int64_t i = 0; i < fade; ++i) {
          const float factor = 1.0F - static_cast<float>(i + 1) / static_cast<float>(kFade);
          const auto to = static_cast<std::size_t>(at + take + i) * 2;
          out[to] += last_left_ * factor;
          out[to + 1] += last_right_ * factor;
        }
        sounding_ = false;
      }
    }
    read_to_ = start + count;
    status_.peak = peak;
    const bool full = !filling_;
    refill_locked();
    wanted = full && filling_;
    if (wanted) ++taken_;
  }
  if (wanted) changed_.notify_all();
}

void Feed::read_samples_moved(std::int64_t start, std::span<float> out, std::int64_t before,
                              std::int64_t delay) {
  std::array<float, 2 * std::size_t{kMoveFade}> leaving{};
  const std::size_t count = std::min(leaving.size(), out.size());
  read_samples(start, std::span(leaving).first(count), before);
  for (std::size_t i = 0; i < count; ++i) {
    const float part = static_cast<float>(i / 2 + 1) / static_cast<float>(count / 2);
    out[i] += leaving[i] * (0.5F + 0.5F * std::cos(part * std::numbers::pi_v<float>));
  }
  {
    const std::lock_guard lock(mutex_);
    sounding_ = false;
  }
  read_samples(start, out, delay);
}

bool Feed::wait_ready(ProgramTime time, std::int64_t sample_end, milliseconds patience,
                      std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] {
    if (ended_ || lost_) return true;
    // However many come in one tick: those that will not be shown make room for the others.
    while (pictures_.size() > 1 && pictures_[1].due <= time + kTolerance) {
      pictures_.pop_front();
      ++taken_;
      changed_.notify_all();
    }
    const bool picture_ready = still_ || !has_pictures_ || pictures_over_ ||
                               (!pictures_.empty() && pictures_.back().due > time + kTolerance);
    const bool sound_ready =
        !has_samples_ || samples_over_ ||
        (started_ && head_ + static_cast<std::int64_t>(samples_.size() / 2) >= sample_end);
    return picture_ready && sound_ready;
  };
  return changed_.wait_for(lock, stop, patience, ready) && !stop.stop_requested();
}

bool Feed::wait_first(milliseconds patience, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, stop, patience, [&] { return any_ || lost_ || ended_; });
}

Latency Feed::latency() const {
  const std::lock_guard lock(mutex_);
  return latency_.summary();
}

bool Feed::has_sound() const {
  const std::lock_guard lock(mutex_);
  return has_samples_;
}

Feed::Status Feed::status() const {
  const std::lock_guard lock(mutex_);
  Status out = status_;
  if (out.state == SourceState::kLost && out.reason.empty()) out.reason = "nothing comes any more";
  return out;
}

}  // namespace ts::compose
