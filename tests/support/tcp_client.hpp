// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/unique_fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ts::test {

/// A blocking TCP client on loopback that sends exactly the bytes it is told to. Every read gives
/// up after ten seconds.
class TcpClient {
 public:
  explicit TcpClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{10, 0};
    const int yes = 1;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("connect failed");
    }
  }

  /// @return false when the other end has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// What comes next, at most `limit` bytes; empty at the end or after an error.
  std::string receive_some(std::size_t limit = 65536) {
    std::string out(limit, '\0');
    const auto got = ::recv(fd_.get(), out.data(), out.size(), 0);
    error_ = got < 0 ? errno : 0;
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }
  std::string receive_exactly(std::size_t size) {
    std::string out;
    while (out.size() < size) {
      const auto part = receive_some(size - out.size());
      if (part.empty()) break;
      out += part;
    }
    return out;
  }
  /// Everything until the other end closes.
  std::string receive_all() {
    std::string out;
    for (auto part = receive_some(); !part.empty(); part = receive_some()) out += part;
    return out;
  }
  /// Everything up to and with `mark`.
  std::string receive_until(std::string_view mark) {
    std::string out;
    while (out.find(mark) == std::string::npos) {
      const auto part = receive_some(1);
      if (part.empty()) break;
      out += part;
    }
    return out;
  }
  void shutdown_send() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }
  /// errno of the last receive, 0 after an orderly end.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  int error_ = 0;
};

}  // namespace ts::test
