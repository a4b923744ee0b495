// SPDX-License-Identifier: Apache-2.0
#include "compose/latency.hpp"

#include <algorithm>

namespace ts::compose {

void LatencyHistogram::add(std::chrono::nanoseconds duration) noexcept {
  duration = std::max(duration, std::chrono::nanoseconds{0});
  const auto step = static_cast<std::size_t>(duration / kStep);
  ++counts_[std::min(step, counts_.size() - 1)];
  ++count_;
  worst_ = std::max(worst_, duration);
}

Latency LatencyHistogram::summary() const noexcept {
  const double worst = std::chrono::duration<double, std::milli>(worst_).count();
  const auto below = [&](std::uint64_t rank) {
    std::uint64_t seen = 0;
    std::size_t step = 0;
    while (step + 1 < counts_.size() && (seen += counts_[step]) <= rank) ++step;
    // The middle of the step that holds this one.
    const std::chrono::duration<double, std::milli> middle =
        (static_cast<double>(step) + 0.5) * kStep;
    return std::min(middle.count(), worst);
  };
  if (count_ == 0) return {};
  return {.count = count_,
          .median_ms = below(count_ / 2),
          .p99_ms = below(count_ - 1 - count_ / 100),
          .worst_ms = worst};
}

}  // namespace ts::compose
