// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace ts::control {

/// Lines on their way from any thread to the server's thread. Outlives the server as long as
/// somebody holds a Reply.
class Outbox {
 public:
  struct Line {
    std::uint64_t client = 0;  ///< 0: an event, for every subscriber of `kind`.
    std::string kind{};
    std::string text{};  ///< With its newline.
  };

  /// Events beyond this many waiting are left out.
  static constexpr std::size_t kMaxEvents = 1024;

  explicit Outbox(UniqueFd wake) : wake_(std::move(wake)) {}

  void reply(std::uint64_t client, std::string text);
  /// @return false when there are too many already.
  bool event(std::string kind, std::string text);
  /// From now on everything is dropped.
  void close();
  std::vector<Line> take();
  void wake() noexcept;
  [[nodiscard]] int wake_fd() const noexcept { return wake_.get(); }
  void clear_wake() noexcept;

 private:
  UniqueFd wake_;
  std::mutex mutex_;
  std::vector<Line> lines_;
  std::size_t events_ = 0;
  bool closed_ = false;
};

}  // namespace ts::control
