// SPDX-License-Identifier: Apache-2.0
#include "core/listen.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace ts {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// @return size 0 when `text` is no literal address.
Address parse_address(const std::string& text, std::uint16_t port) {
  Address out;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.size = sizeof v4;
    std::memcpy(&out.storage, &v4, sizeof v4);
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.size = sizeof v6;
    std::memcpy(&out.storage, &v6, sizeof v6);
  }
  return out;
}

Error listen_error(const std::string& address, std::uint16_t port, int error) {
  const auto place = fmt::format("{} port {}", address, port);
  if (error == EADDRINUSE) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = place + " is in use",
                 .hint = "choose another port, or stop the program that listens there"};
  }
  if (error == EACCES) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "not permitted to listen on " + place,
                 .hint = "use a port of 1024 or above"};
  }
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("cannot listen on {}: {}", place,
                                      std::generic_category().message(error)),
               .hint = "use an address of this machine, such as 127.0.0.1"};
}

}  // namespace

Result<Listening> listen_tcp(const std::string& address, std::uint16_t port, int backlog) {
  const auto parsed = parse_address(address, port);
  if (parsed.size == 0) return listen_error(address, port, EADDRNOTAVAIL);
  Listening out;
  out.ipv6 = parsed.storage.ss_family == AF_INET6;
  out.socket.reset(
      ::socket(parsed.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  // A port left in TIME_WAIT by an earlier run is free; one that is listened on is not.
  if (!out.socket ||
      ::setsockopt(out.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(out.socket.get(), reinterpret_cast<const sockaddr*>(&parsed.storage), parsed.size) !=
          0 ||
      ::listen(out.socket.get(), backlog) != 0) {
    return listen_error(address, port, errno);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(out.socket.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return listen_error(address, port, errno);
  }
  // The port is at the same place in both families.
  sockaddr_in with_port{};
  std::memcpy(&with_port, &bound, sizeof with_port);
  out.port = ntohs(with_port.sin_port);
  return out;
}

}  // namespace ts
