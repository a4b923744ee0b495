// SPDX-License-Identifier: Apache-2.0
#include "net/stun.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ts::net {
namespace {

// RFC 8489, section 5.
constexpr std::uint32_t kCookie = 0x2112A442;
constexpr std::size_t kHeader = 20;
constexpr std::uint16_t kMappedAddress = 0x0001;
constexpr std::uint16_t kErrorCode = 0x0009;
constexpr std::uint16_t kRealm = 0x0014;
constexpr std::uint16_t kXorMappedAddress = 0x0020;
constexpr std::uint16_t kRequestedTransport = 0x0019;

std::uint16_t method_bits(StunMethod method) {
  return method == StunMethod::kBinding ? 0x0001 : 0x0003;
}

void put16(std::string& out, std::uint32_t value) {
  out.push_back(static_cast<char>(value >> 8U & 0xFFU));
  out.push_back(static_cast<char>(value & 0xFFU));
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xFFFFU);
}

std::uint32_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8U | bytes[at + 1]);
}
std::uint32_t get32(std::span<const std::uint8_t> bytes, std::size_t at) {
  return get16(bytes, at) << 16U | get16(bytes, at + 2);
}

Error malformed(std::string_view what) {
  return Error{.kind = ErrorKind::kRemote,
               .message = fmt::format("the STUN answer is malformed: {}", what),
               .hint = "check that a STUN or TURN server listens at that port"};
}

/// "1.2.3.4:5" of a (XOR-)MAPPED-ADDRESS; nullopt when it is cut short or of an unknown family.
std::optional<std::string> address_text(std::span<const std::uint8_t> value, bool is_xored,
                                        std::span<const std::uint8_t> header) {
  if (value.size() < 4) return std::nullopt;
  const std::size_t length = value[1] == 1 ? 4 : value[1] == 2 ? 16 : 0;
  if (length == 0 || value.size() < 4 + length) return std::nullopt;
  std::uint32_t port = get16(value, 2);
  std::array<std::uint8_t, 16> address{};
  std::copy_n(value.begin() + 4, length, address.begin());
  if (is_xored) {
    port ^= kCookie >> 16U;
    // The cookie and the transaction id, as they stand in the header.
    for (std::size_t i = 0; i < length; ++i) address[i] ^= header[4 + i];
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = length == 4 ? AF_INET : AF_INET6;
  if (::inet_ntop(family, address.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  return length == 4 ? fmt::format("{}:{}", text.data(), port)
                     : fmt::format("[{}]:{}", text.data(), port);
}

}  // namespace

std::string stun_request(StunMethod method, const StunId& id) {
  const bool allocate = method == StunMethod::kAllocate;
  std::string out;
  put16(out, method_bits(method));
  put16(out, allocate ? 8U : 0U);
  put32(out, kCookie);
  out.append(id.begin(), id.end());
  if (allocate) {
    put16(out, kRequestedTransport);
    put16(out, 4);
    put32(out, 17U << 24U);  // UDP
  }
  return out;
}

Result<StunAnswer> read_stun_answer(std::span<const std::uint8_t> bytes, StunMethod method,
                                    const StunId& id) {
  if (bytes.size() < kHeader) return malformed("it is shorter than a header");
  const std::uint32_t type = get16(bytes, 0);
  const std::uint32_t success = 0x0100U | method_bits(method);
  const std::uint32_t failure = 0x0110U | method_bits(method);
  if (get32(bytes, 4) != kCookie || (type != success && type != failure)) {
    return malformed("it is another protocol's");
  }
  if (!std::equal(id.begin(), id.end(), bytes.begin() + 8)) {
    return malformed("it answers another request");
  }
  const std::size_t end = kHeader + get16(bytes, 2);
  if (end > bytes.size()) return malformed("it is cut short");
  StunAnswer out{.error = type == failure};
  std::size_t at = kHeader;
  while (at + 4 <= end) {
    const std::uint32_t kind = get16(bytes, at);
    const std::size_t length = get16(bytes, at + 2);
    if (at + 4 + length > end) return malformed("an attribute is cut short");
    const auto value = bytes.subspan(at + 4, length);
    if (kind == kXorMappedAddress || (kind == kMappedAddress && out.mapped.empty())) {
      if (const auto text = address_text(value, kind == kXorMappedAddress, bytes)) {
        out.mapped = *text;
      }
    } else if (kind == kErrorCode && length >= 4) {
      out.error_code = (value[2] & 0x07) * 100 + value[3];
    } else if (kind == kRealm) {
      out.realm.assign(value.begin(), value.end());
    }
    at += 4 + (length + 3) / 4 * 4;  // Padded to four bytes.
  }
  return out;
}

}  // namespace ts::net
