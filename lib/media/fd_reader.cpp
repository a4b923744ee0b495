// SPDX-License-Identifier: Apache-2.0
#include "media/fd_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ts::media {
namespace {

constexpr int kStopPollMs = 100;
constexpr int kShortPollMs = 50;

Error read_error(int number) {
  return Error{.kind = ErrorKind::kMedia,
               .message = "read the input: " + std::generic_category().message(number)};
}

}  // namespace

Result<std::size_t> read_some(int fd, std::span<std::uint8_t> buffer, const std::stop_token& stop) {
  while (true) {
    if (stop.stop_requested()) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "stopped while reading the input"};
    }
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, kStopPollMs);
    if (ready < 0 && errno != EINTR) return read_error(errno);
    if (ready <= 0) continue;
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == ECONNRESET) return std::size_t{0};
    if (errno != EINTR && errno != EAGAIN) return read_error(errno);
  }
}

Result<std::array<bool, 2>> wait_readable(std::array<int, 2> fds) {
  std::array<pollfd, 2> waits{pollfd{.fd = fds[0], .events = POLLIN, .revents = 0},
                              pollfd{.fd = fds[1], .events = POLLIN, .revents = 0}};
  if (::poll(waits.data(), waits.size(), kShortPollMs) < 0 && errno != EINTR) {
    return read_error(errno);
  }
  for (const auto& wait : waits) {
    if ((wait.revents & POLLNVAL) != 0) return read_error(EBADF);
  }
  return std::array<bool, 2>{waits[0].revents != 0, waits[1].revents != 0};
}

}  // namespace ts::media
