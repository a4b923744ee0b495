// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "media/ffmpeg.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <utility>

namespace ts::media {

/// Ends FFmpeg's blocking calls when stop is requested or the deadline of the call passed. One per
/// opened input or output; must outlive it.
class Interrupt {
 public:
  explicit Interrupt(std::stop_token stop) : stop_(std::move(stop)) {}
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// The next calls have this long from now.
  void arm(std::chrono::milliseconds timeout) noexcept {
    timed_out_.store(false, std::memory_order_relaxed);
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
  }
  /// True when a call ended because its time was over (and not because of stop).
  [[nodiscard]] bool timed_out() const noexcept {
    return timed_out_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool stopped() const noexcept { return stop_.stop_requested(); }
  /// From now on only the deadline ends calls: for an orderly goodbye after a stop.
  void ignore_stop() noexcept { ignore_stop_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] AVIOInterruptCB callback() noexcept { return {&Interrupt::check, this}; }

 private:
  static int check(void* self) noexcept {
    auto* interrupt = static_cast<Interrupt*>(self);
    if (!interrupt->ignore_stop_.load(std::memory_order_relaxed) &&
        interrupt->stop_.stop_requested()) {
      return 1;
    }
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    if (now < interrupt->deadline_.load(std::memory_order_relaxed)) return 0;
    interrupt->timed_out_.store(true, std::memory_order_relaxed);
    return 1;
  }

  std::stop_token stop_;
  std::atomic<std::chrono::steady_clock::rep> deadline_{
      std::chrono::steady_clock::duration::max().count()};
  std::atomic<bool> timed_out_{false};
  std::atomic<bool> ignore_stop_{false};
};

}  // namespace ts::media
