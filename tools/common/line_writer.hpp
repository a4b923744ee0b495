// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ts::cli {

/// Lines for a descriptor whose reader may stand still (a full pipe, Ctrl-S on a terminal), from
/// threads that must not: a thread of its own writes them. What comes while too much is waiting
/// is left out and counted. Thread-safe.
class LineWriter {
 public:
  /// The line that tells how many are missing, written once there is room again.
  using LeftOut = std::function<std::string(std::uint64_t count)>;
  LineWriter(int fd, LeftOut left_out);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  /// Gives what waits two seconds, then leaves it.
  ~LineWriter();

  /// @param line  with its newline. Never waits.
  void write(std::string line);
  /// Waits until everything is written, at most `limit`. @return whether it is.
  bool flush(milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;  // owners: this and the thread, which may be stuck when this ends
};

/// A log on stderr for threads that must not wait for its reader.
class NonBlockingLog {
 public:
  /// @param behind  whose level and secrets count here, too; outlives this.
  /// @param json    one JSON object a line, as TS_LOG_FORMAT asks for.
  NonBlockingLog(Log& behind, const Clock& clock, bool json);
  [[nodiscard]] Log& log() noexcept { return log_; }

 private:
  LineWriter writer_;
  Log log_;
};

}  // namespace ts::cli
