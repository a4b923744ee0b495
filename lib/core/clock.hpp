// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

namespace ts {

using std::chrono::milliseconds;
using std::chrono::seconds;
/// Wall time of tokens, webhooks and the journal.
using WallTime = std::chrono::sys_time<milliseconds>;
/// Deadlines and pacing.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Where time comes from. Code asks a Clock so that tests can move time. Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual WallTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  /// Waits until `deadline` or until `stop` is requested. @return false when stopped.
  virtual bool wait_until(SteadyTime deadline, std::stop_token stop) = 0;
  bool wait_for(milliseconds duration, std::stop_token stop) {
    return wait_until(steady_now() + duration, std::move(stop));
  }
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
  [[nodiscard]] SteadyTime steady_now() const override;
  bool wait_until(SteadyTime deadline, std::stop_token stop) override;
};

/// Wall clock frozen at one instant (TS_FAKE_NOW); the steady clock runs on.
class FrozenClock final : public Clock {
 public:
  explicit FrozenClock(WallTime now) : now_(now) {}
  [[nodiscard]] WallTime now() const override { return now_; }
  [[nodiscard]] SteadyTime steady_now() const override { return system_.steady_now(); }
  bool wait_until(SteadyTime deadline, std::stop_token stop) override {
    return system_.wait_until(deadline, std::move(stop));
  }

 private:
  WallTime now_;
  SystemClock system_;
};

/// "2026-11-20T13:50:41Z", or with ".123" when the milliseconds are not zero.
std::string format_rfc3339(WallTime time);

/// Reads RFC 3339 with Z or a numeric offset, fraction optional (kept to 1 ms).
/// @return kUsage when the text is not such a time.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace ts
