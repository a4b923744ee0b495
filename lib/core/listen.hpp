// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace ts {

/// A listening TCP socket, non-blocking and not inherited.
struct Listening {
  UniqueFd socket{};
  std::uint16_t port = 0;  ///< The one that the kernel chose, when it was left to it.
  bool ipv6 = false;
};

/// Listens on a literal IPv4 or IPv6 address of this machine.
///
/// @param port  0: the kernel chooses.
/// @return kConflict when the port is in use; kConfig when the address is not one of this machine
///         or listening there is not permitted.
Result<Listening> listen_tcp(const std::string& address, std::uint16_t port, int backlog = 1024);

}  // namespace ts
