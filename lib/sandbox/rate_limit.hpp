// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

#include <mutex>
#include <optional>

namespace ts::sandbox {

/// A token bucket: `burst` calls at once, then `per_second` of them. Thread-safe.
class RateLimit {
 public:
  RateLimit(double per_second, double burst, const Clock& clock)
      : per_second_(per_second), burst_(burst), clock_(clock), left_(burst) {}

  /// Takes one call. @return nothing when it may pass, else how long to wait, in whole seconds.
  std::optional<seconds> take();

 private:
  double per_second_;
  double burst_;
  const Clock& clock_;
  std::mutex mutex_;
  double left_;
  std::optional<SteadyTime> last_{};
};

}  // namespace ts::sandbox
