// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "net/stun.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::net {

/// A look at one address, for `ts doctor`: how long each step to it takes.
struct ProbeRequest {
  std::string host{};
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file{};          ///< Trusted in addition to the system's; empty: none.
  std::string send{};             ///< Sent once connected; empty: nothing.
  std::size_t receive_bytes = 0;  ///< How many bytes of answer are waited for.
  /// Whether what has come is the whole answer, which then ends before `receive_bytes`.
  std::function<bool(std::string_view)> enough{};
  std::chrono::milliseconds timeout{5'000};  ///< Of the whole look.
};

/// Times since the beginning of the look, each with what came before it.
struct Probe {
  std::string address{};  ///< The IP address connected to.
  std::chrono::microseconds dns{};
  std::chrono::microseconds connected{};
  std::chrono::microseconds secured{};   ///< 0 without TLS.
  std::chrono::microseconds answered{};  ///< 0 when nothing was waited for.
  std::optional<WallTime> certificate_expires{};
  std::string received{};
};

/// Connects, secures (certificate verified), sends, receives, closes.
/// @return kRemote with code "dns", "connect", "tls", "send", "receive" or "timeout": the step that
///         failed. kInterrupted when stopped.
Result<Probe> probe_connection(const ProbeRequest& request, std::stop_token stop = {});

/// The addresses of a host. @return kRemote with code "dns"; it never blocks longer than `timeout`.
Result<std::vector<std::string>> resolve_host(std::string_view host,
                                              std::chrono::milliseconds timeout);

/// Asks a STUN or TURN server over UDP, three times at most.
/// @return kRemote when no answer came within `timeout`.
Result<StunAnswer> probe_stun(std::string_view host, std::uint16_t port, StunMethod method,
                              std::chrono::milliseconds timeout);

/// The first half of an RTMP handshake (C0 and C1), answered with 3073 bytes.
std::string rtmp_hello();
inline constexpr std::size_t kRtmpHelloAnswerBytes = 3073;

}  // namespace ts::net
