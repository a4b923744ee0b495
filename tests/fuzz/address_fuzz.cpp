// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include "media/address_policy.hpp"

#include <cstring>

// A playlist's word: the host is found without reading outside of it, and no address of IPv4
// changes its kind by being wrapped into one of IPv6.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ts::fuzz::as_text(data, size);
  const std::string_view host = ts::media::url_host(text);
  ts::fuzz::require(host.empty() || text.find(host) != std::string_view::npos);
  ts::fuzz::require(host.find_first_of("/?#") == std::string_view::npos);
  if (size < 4) return 0;
  sockaddr_in plain{};
  plain.sin_family = AF_INET;
  std::memcpy(&plain.sin_addr, data, 4);
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xFF;
  std::memcpy(&mapped.sin6_addr.s6_addr[12], data, 4);
  const bool is_public = ts::media::is_public_address(reinterpret_cast<const sockaddr&>(plain));
  ts::fuzz::require(is_public ==
                    ts::media::is_public_address(reinterpret_cast<const sockaddr&>(mapped)));
  return 0;
}
