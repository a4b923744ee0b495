// SPDX-License-Identifier: Apache-2.0
#include "common/line_writer.hpp"

#include "common/log_sink.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace ts::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 10U;
constexpr milliseconds kLastWords{2000};

/// @return false when there is no point in writing more.
bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    // A full disk may have room later; a reader that has gone does not come back.
    if (count < 0) return errno != EPIPE && errno != EBADF;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

LogLevel level_of(const Log& log) {
  for (const LogLevel level :
       {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning}) {
    if (log.enabled(level)) return level;
  }
  return LogLevel::kError;
}

}  // namespace

struct LineWriter::State {
  int fd = -1;
  LeftOut left_out{};
  std::mutex mutex{};
  std::condition_variable changed{};
  std::deque<std::string> lines{};
  std::size_t bytes = 0;
  std::uint64_t missing = 0;
  bool writing = false;
  bool gone = false;
  bool closed = false;

  void put_locked(std::string line) {
    bytes += line.size();
    lines.push_back(std::move(line));
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return closed || !lines.empty(); });
      if (lines.empty()) return;
      const std::string line = std::move(lines.front());
      lines.pop_front();
      writing = true;
      lock.unlock();
      const bool more = write_whole(fd, line);
      lock.lock();
      writing = false;
      bytes -= line.size();
      if (!more) {
        gone = true;
        lines.clear();
        bytes = 0;
      } else if (missing > 0) {
        put_locked(left_out(std::exchange(missing, 0)));
      }
      changed.notify_all();
    }
  }
};

LineWriter::LineWriter(int fd, LeftOut left_out) : state_(std::make_shared<State>()) {
  state_->fd = fd;
  state_->left_out = std::move(left_out);
  // Detached: a write that never returns must not keep the program from ending.
  std::thread([state = state_] { state->run(); }).detach();
}

LineWriter::~LineWriter() {
  (void)flush(kLastWords);
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->lines.clear();
  state_->bytes = 0;
  state_->changed.notify_all();
}

void LineWriter::write(std::string line) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->gone) return;
    if (state_->bytes + line.size() > kMostBytes) {
      ++state_->missing;
      return;
    }
    state_->put_locked(std::move(line));
  }
  state_->changed.notify_all();
}

bool LineWriter::flush(milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit,
                                  [&] { return state_->lines.empty() && !state_->writing; });
}

NonBlockingLog::NonBlockingLog(Log& behind, const Clock& clock, bool json)
    : writer_(STDERR_FILENO,
              [json, &clock](std::uint64_t count) {
                const auto text = fmt::format("{} lines were left out: nobody read them", count);
                return log_text({clock.now(), LogLevel::kWarning, "log", text}, json);
              }),
      log_(clock, level_of(behind), [this, json, &behind](const Log::Line& line) {
        const std::string text = behind.scrubbed(std::string(line.text));
        writer_.write(log_text({line.time, line.level, line.component, text}, json));
      }) {}

}  // namespace ts::cli
