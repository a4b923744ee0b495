// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "env_checks.hpp"

#include "common/context.hpp"
#include "core/result.hpp"
#include "net/stun.hpp"

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::cli {

/// A STUN or TURN server as its URI names it.
struct TurnServer {
  std::string text{};
  std::string host{};
  std::uint16_t port = 3478;
  net::StunMethod method = net::StunMethod::kAllocate;
  bool tcp = false;
  bool tls = false;
};

/// Milliseconds with one decimal, as lines of doctor give them.
double ms_of(std::chrono::microseconds time);

/// "turn:HOST[:PORT][?transport=udp|tcp]", turns: and stun: (RFC 7064, RFC 7065). @return kUsage.
Result<TurnServer> parse_turn(const std::string& text);

/// Whether the server answers, and how fast. A TURN server refuses without credentials: that is an
/// answer.
CheckLine look_at_turn(const TurnServer& server, const std::string& ca_file,
                       std::chrono::milliseconds timeout, const std::stop_token& stop);

/// Joins a room of LiveKit's as a hidden participant, for as long as it takes to be told the TURN
/// servers, and looks at each.
std::vector<CheckLine> look_at_livekit_turn(Context& context, const std::string& ca_file,
                                            std::chrono::milliseconds timeout,
                                            const std::stop_token& stop);

}  // namespace ts::cli
