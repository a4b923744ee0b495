// SPDX-License-Identifier: Apache-2.0
#include "sandbox/audience.hpp"

#include <cmath>

namespace ts::sandbox {
namespace {

/// A player asks for its media playlist at least once in a target duration or two.
constexpr seconds kWatching{15};
constexpr std::size_t kHeld = 10'000;
constexpr seconds kSample{1};
constexpr seconds kRolling{30};

}  // namespace

void Audience::saw(std::string_view playback_id, std::string_view view) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  auto& views = by_id_[std::string(playback_id)];
  views.last[std::string(view)] = now;
  if (views.last.size() <= kHeld) return;
  views.forgotten += static_cast<std::int64_t>(
      std::erase_if(views.last, [&](const auto& entry) { return now - entry.second > kWatching; }));
}

Audience::Counts Audience::counts(std::string_view playback_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(playback_id);
  if (found == by_id_.end()) return {};
  const auto now = clock_.steady_now();
  Counts out{.views =
                 found->second.forgotten + static_cast<std::int64_t>(found->second.last.size())};
  for (const auto& [view, last] : found->second.last) {
    if (now - last <= kWatching) ++out.viewers;
  }
  return out;
}

void DriftMeter::feed(std::int64_t timestamp_ms, SteadyTime arrived, WallTime now) {
  const std::lock_guard lock(mutex_);
  if (!begun_) {
    begun_ = true;
    first_timestamp_ = timestamp_ms;
    first_arrival_ = arrived;
    next_sample_ = arrived + kSample;
    return;
  }
  if (arrived < next_sample_) return;
  next_sample_ = arrived + kSample;
  const auto waited = std::chrono::duration<double, std::milli>(arrived - first_arrival_).count();
  newest_ = std::abs(waited - static_cast<double>(timestamp_ms - first_timestamp_));
  sum_ += newest_;
  ++samples_;
  recent_[arrived] = newest_;
  recent_.erase(recent_.begin(), recent_.lower_bound(arrived - kRolling));
  updated_ = now;
}

DriftMeter::Drift DriftMeter::drift() const {
  const std::lock_guard lock(mutex_);
  if (samples_ == 0) return {};
  double rolling = 0;
  for (const auto& [at, value] : recent_) rolling += value;
  rolling /= static_cast<double>(recent_.size());
  return {.known = true,
          .session_average_ms = sum_ / static_cast<double>(samples_),
          .deviation_ms = newest_ - rolling,
          .updated = updated_};
}

}  // namespace ts::sandbox
