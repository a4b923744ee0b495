// SPDX-License-Identifier: Apache-2.0
#include "tcp/peer_internal.hpp"

namespace ts::tcp {

Peer peer_of(const boost::asio::ip::tcp::socket& socket) {
  namespace ip = boost::asio::ip;
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return {};
  auto address = remote.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return {.address = address.to_string(), .port = remote.port()};
}

}  // namespace ts::tcp
