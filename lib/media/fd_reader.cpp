// SPDX-License-Identifier: Apache-2.0
#include "media/fd_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ts::media {
namespace {

constexpr int kStopPollMs = 100;

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

}  // namespace ts::media
