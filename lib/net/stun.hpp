// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ts::net {

using StunId = std::array<std::uint8_t, 12>;

/// Which question a STUN message asks (RFC 8489, RFC 8656).
enum class StunMethod : std::uint8_t {
  kBinding,   ///< "Which address do you see me at?": any STUN server.
  kAllocate,  ///< "Relay for me": a TURN server refuses it with 401 until credentials come.
};

/// The bytes of a request without credentials.
std::string stun_request(StunMethod method, const StunId& id);

/// What a server answered.
struct StunAnswer {
  bool error = false;
  int error_code = 0;    ///< 401, 438 …; 0 without an error.
  std::string mapped{};  ///< "203.0.113.7:40000" of a binding; empty otherwise.
  std::string realm{};   ///< Of a refused allocation.
};

/// Reads an answer to the request of `id`.
/// @return kRemote when the bytes are no STUN answer, or the answer to another request.
Result<StunAnswer> read_stun_answer(std::span<const std::uint8_t> bytes, StunMethod method,
                                    const StunId& id);

}  // namespace ts::net
