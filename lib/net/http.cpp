// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include "core/text.hpp"

namespace ts::net {

std::string_view HttpResponse::header(std::string_view name) const {
  const std::string wanted = to_lower(name);
  for (const auto& [key, value] : headers) {
    if (to_lower(key) == wanted) return value;
  }
  return {};
}

bool never_sent(const Error& error) noexcept {
  return error.code == "dns" || error.code == "connect" || error.code == "tls";
}

}  // namespace ts::net
