// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace ts::tcp {

/// Who is at the other end. An IPv4 client of an IPv6 socket has its IPv4 address.
struct Peer {
  std::string address{};  ///< Empty when the connection is gone already.
  std::uint16_t port = 0;
};
Peer peer_of(const boost::asio::ip::tcp::socket& socket);

}  // namespace ts::tcp
