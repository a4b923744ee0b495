// SPDX-License-Identifier: Apache-2.0
#include "common/signals.hpp"

#include "common/output.hpp"
#include "core/assert.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace ts::cli {
namespace {

// A signal handler has no argument of ours: the pipe's write end is the one global.
std::atomic<int> signal_pipe{-1};

void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  // A full pipe means that signals wait already.
  static_cast<void>(::write(signal_pipe.load(), &byte, 1) == 1);
  errno = saved;
}

void set_handler(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

void outlive_terminal() noexcept { std::signal(SIGHUP, SIG_IGN); }

SignalWatch::SignalWatch(Output& out) : out_(out) {
  std::array<int, 2> ends{};
  TS_ASSERT(::pipe2(ends.data(), O_CLOEXEC) == 0);
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  signal_pipe.store(ends[1]);
  set_handler(&on_signal);
  thread_ = std::jthread([this](const std::stop_token& end) { watch(end); });
}

SignalWatch::~SignalWatch() {
  set_handler(SIG_DFL);
  thread_.request_stop();
  const unsigned char wake = 0;
  static_cast<void>(::write(write_end_.get(), &wake, 1) == 1);
  if (thread_.joinable()) thread_.join();
  signal_pipe.store(-1);
}

void SignalWatch::watch(const std::stop_token& end) {
  constexpr int kTermPatienceMs = 10'000;
  constexpr std::chrono::milliseconds kOneRequest{300};
  std::chrono::steady_clock::time_point first{};
  for (;;) {
    pollfd entry{.fd = read_end_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, signal_.load() == SIGTERM ? kTermPatienceMs : -1);
    if (end.stop_requested()) return;
    if (ready == 0) ::_exit(143);
    unsigned char byte = 0;
    if (ready < 0 || ::read(read_end_.get(), &byte, 1) != 1 || byte == 0) continue;
    const auto now = std::chrono::steady_clock::now();
    if (signal_.load() != 0) {
      // timeout(1) and service managers signal the process and its group: one request, twice.
      if (byte == SIGTERM && signal_.load() == SIGTERM && now - first < kOneRequest) continue;
      ::_exit(byte == SIGTERM ? 143 : 130);
    }
    first = now;
    signal_.store(byte);
    out_.status(byte == SIGTERM ? "stopping" : "stopping (Ctrl-C again stops at once)");
    source_.request_stop();
  }
}

}  // namespace ts::cli
