// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// What a server says to a participant that joins: enough to examine it, not to take part.
/// Credentials of TURN servers are not kept.
struct JoinAnswer {
  std::string room{};
  std::string server_version{};
  std::vector<std::string> ice_urls{};  ///< "turn:…", "turns:…", "stun:…" as the server gives them.
};

/// The bytes that ask for LiveKit's signalling WebSocket (signal protocol 13, `/rtc`).
///
/// @param authority  host[:port] of the server.
/// @param prefix     Path before "/rtc", without a final slash; usually empty.
/// @param token      A join token; it goes into the Authorization header.
std::string join_request(std::string_view authority, std::string_view prefix, const Secret& token);

/// Reads what has come so far in answer to `join_request`: the upgrade, then frames up to the first
/// message.
/// @return nothing while more bytes are needed; kAuth, kNotFound or kRemote when the server refuses
///         (with its own words), kRemote for bytes that are no LiveKit signalling.
Result<std::optional<JoinAnswer>> read_join_answer(std::string_view received);

}  // namespace ts::livekit
