// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/unique_fd.hpp"

#include <atomic>
#include <stop_token>
#include <thread>

namespace ts::cli {

class Output;

/// From now on a closed terminal (SIGHUP) does not end this process: what is on air stays on air.
void outlive_terminal() noexcept;

/// Turns the first SIGINT or SIGTERM into a stop request and says so; the second ends the process
/// with 130 or 143 at once, and so do 10 s after a SIGTERM. One per process.
class SignalWatch {
 public:
  explicit SignalWatch(Output& out);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] int signal() const noexcept { return signal_.load(); }

 private:
  void watch(const std::stop_token& end);

  Output& out_;
  std::stop_source source_;
  std::atomic<int> signal_{0};
  UniqueFd read_end_;
  UniqueFd write_end_;
  std::jthread thread_;
};

}  // namespace ts::cli
