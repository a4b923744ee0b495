// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "net/backoff.hpp"
#include "net/http.hpp"

#include <cstdint>
#include <functional>
#include <mutex>

namespace ts::net {

/// When one call may be sent again.
enum class Repeat : std::uint8_t {
  kSafe,    ///< GET, PUT, PATCH, DELETE: doing it twice is doing it once.
  kCreate,  ///< POST: only after 429 or 503, or when the request provably never left.
};

struct RetryOptions {
  int max_retries = 2;  ///< Further tries after the first.
  Backoff::Options backoff{};
  std::chrono::milliseconds longest_retry_after{60'000};  ///< A server's wish is cut to this.
  std::uint64_t seed = 1;                                 ///< Of the jitter.
  /// Told before each wait: how long, and the status that asked for it (0: no answer came). On
  /// the calling thread.
  std::function<void(std::chrono::milliseconds wait, int status)> on_wait{};
};

/// What a call came to.
struct Exchange {
  HttpResponse response{};
  int attempts = 0;
  /// A try before the last may have been carried out although its answer was lost or was an error
  /// of the service: a 404 to a DELETE then means done.
  bool maybe_done_before = false;
};

/// Sends one request until it succeeds or fails for good. Status 408, 409, 429 and >= 500 are tried
/// again, other statuses are answers; `x-should-retry: true|false` overrides that. Waits are
/// `retry-after-ms`, `Retry-After`, or growing ones with jitter. Thread-safe.
class Retrier {
 public:
  Retrier(HttpTransport& transport, Clock& clock, RetryOptions options)
      : transport_(transport), clock_(clock), options_(std::move(options)) {}

  /// @return the last answer of any status; an Error when none came. Code "maybe_done" in place of
  ///         the transport's when a kCreate request left and its answer was lost, or when the last
  ///         try of a change never left but one before it may have been carried out: look before
  ///         repeating.
  Result<Exchange> send(const HttpRequest& request, Repeat repeat,
                        const std::stop_token& stop) const;

 private:
  HttpTransport& transport_;
  Clock& clock_;
  RetryOptions options_;
};

/// Spreads calls: at most `burst` at once, then one every `interval`. Thread-safe.
class Pacer {
 public:
  Pacer(std::chrono::milliseconds interval, int burst) : interval_(interval), burst_(burst) {}

  /// Waits for this caller's turn. @return kInterrupted when stopped.
  Status wait_turn(Clock& clock, const std::stop_token& stop);

 private:
  const std::chrono::milliseconds interval_;
  const int burst_;
  std::mutex mutex_;
  /// When the bucket would be full again.
  SteadyTime full_at_{};
};

}  // namespace ts::net
