// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ts::compose {

/// How long something took, in milliseconds. All 0 before the first time.
struct Latency {
  std::uint64_t count = 0;
  double median_ms = 0;
  double p99_ms = 0;
  double worst_ms = 0;
};

/// Counts durations in steps of a quarter of a millisecond up to half a second; longer ones count
/// as the last step, but the worst one is exact. For one thread at a time.
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds duration) noexcept;
  /// Walks through all steps: not for every frame.
  [[nodiscard]] Latency summary() const noexcept;

 private:
  static constexpr std::chrono::microseconds kStep{250};
  std::array<std::uint32_t, 2000> counts_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds worst_{0};
};

}  // namespace ts::compose
