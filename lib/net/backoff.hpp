// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ts::net {

/// Growing waits between tries: base * factor^n, capped, times a random share. Deterministic for a
/// given seed, so tests can state the waits.
class Backoff {
 public:
  struct Options {
    std::chrono::milliseconds base{500};
    double factor = 2.0;
    std::chrono::milliseconds cap{8'000};
    double least_share = 0.75;  ///< Each wait is multiplied by a number in [least_share, 1].
  };
  Backoff(Options options, std::uint64_t seed) : options_(options), state_(seed) {}

  /// The next wait.
  std::chrono::milliseconds next();
  /// Begins again at the base.
  void reset() noexcept { tries_ = 0; }

 private:
  Options options_;
  std::uint64_t state_;
  int tries_ = 0;
};

/// The wait a service asked for with `retry-after-ms` (milliseconds) or `Retry-After` (seconds,
/// fraction allowed, or an HTTP date); nullopt when both are absent, junk or past.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view retry_after_ms,
                                                           std::string_view retry_after,
                                                           WallTime now);

/// An HTTP date (RFC 9110 IMF-fixdate), such as "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace ts::net
