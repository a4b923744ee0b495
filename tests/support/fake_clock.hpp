// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

#include <condition_variable>
#include <mutex>

namespace ts::test {

/// A clock that moves only when told to: `advance` moves wall and steady time together and wakes
/// waiters. With `auto_advance` a wait moves the clock to its own deadline and returns at once.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime now = WallTime{seconds{1'700'000'000}}, bool auto_advance = false)
      : now_(now), auto_advance_(auto_advance) {}

  [[nodiscard]] WallTime now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  [[nodiscard]] SteadyTime steady_now() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }
  bool wait_until(SteadyTime deadline, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (auto_advance_ && deadline > steady_) move(deadline - steady_);
    moved_.wait(lock, stop, [&] { return steady_ >= deadline; });
    return !stop.stop_requested();
  }
  void advance(std::chrono::nanoseconds by) {
    {
      const std::lock_guard lock(mutex_);
      move(by);
    }
    moved_.notify_all();
  }

 private:
  void move(std::chrono::nanoseconds by) {
    steady_ += by;
    elapsed_ += by;
    now_ += std::chrono::duration_cast<milliseconds>(by);
  }

  mutable std::mutex mutex_;
  std::condition_variable_any moved_;
  WallTime now_;
  SteadyTime steady_{seconds{1000}};
  std::chrono::nanoseconds elapsed_{};
  bool auto_advance_;
};

}  // namespace ts::test
