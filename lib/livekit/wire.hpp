// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "livekit/egress.hpp"
#include "livekit/ingress.hpp"
#include "livekit/rooms.hpp"

namespace ts::livekit {

/// The ways LiveKit writes protobuf JSON.
enum class WireStyle : std::uint8_t {
  kCompact,  ///< camelCase, defaults omitted: what clients and webhooks send.
  kAnswer,   ///< snake_case, every field present: what the Twirp API answers.
  kFull,     ///< camelCase, every field present but messages: roomConfig as the Node SDK mints it.
};

/// What to do with a member that the message does not have.
enum class UnknownFields : std::uint8_t {
  kIgnore,  ///< Answers and webhooks: newer servers add fields.
  kRefuse,  ///< Files people write: an error that suggests the nearest name.
};

/// Any request, answer or info struct of this library as JSON. Secrets in it (stream URLs, storage
/// keys, an ingress key) are written in full: the result is for the wire only.
template <typename T>
Json to_json(const T& message, WireStyle style = WireStyle::kCompact);

/// The same in kCompact style with every secret redacted: for people's eyes.
template <typename T>
Json to_redacted_json(const T& message);

/// Reads either spelling and either presence style; 64-bit numbers as strings or numbers, enums by
/// name or number. The deprecated single outputs are folded into the lists.
///
/// @param kind  of the Error that names the path: kRemote for answers, kUsage for people's files.
template <typename T>
Result<T> from_json(const Json& json, UnknownFields unknown = UnknownFields::kIgnore,
                    ErrorKind kind = ErrorKind::kRemote);

}  // namespace ts::livekit
