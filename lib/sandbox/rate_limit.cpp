// SPDX-License-Identifier: Apache-2.0
#include "sandbox/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace ts::sandbox {

std::optional<seconds> RateLimit::take() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  if (last_) {
    const auto passed = std::chrono::duration<double>(now - *last_).count();
    left_ = std::min(burst_, left_ + passed * per_second_);
  }
  last_ = now;
  if (left_ >= 1) {
    left_ -= 1;
    return std::nullopt;
  }
  return seconds{static_cast<std::int64_t>(std::ceil((1 - left_) / per_second_))};
}

}  // namespace ts::sandbox
