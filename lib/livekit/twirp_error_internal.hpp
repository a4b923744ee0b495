// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "livekit/service.hpp"
#include "net/http.hpp"

#include <string_view>

namespace ts::livekit {

/// What is known about a call when it fails.
struct CallContext {
  std::string_view method{};      ///< "Egress/StopEgress".
  std::string_view host{};        ///< Where it went.
  std::string_view key_id{};      ///< As whom.
  std::string_view request_id{};  ///< X-Livekit-Request-Id.
  const CallGrant* grant = nullptr;
  const Secrets* secrets = nullptr;
  std::string_view token{};  ///< Servers quote refused tokens.
  WallTime now{};
  bool is_start = false;  ///< Carrying it out twice would make a second one.
  /// Another region, asked before, may have carried it out although its answer was lost.
  bool maybe_done_before = false;
};

/// `text` without stream keys, tokens and the service's own noise; shortened.
std::string scrub_answer(std::string_view text, const CallContext& context);

/// The Error for an answer that is not 2xx: Twirp JSON or plain text.
Error answer_error(const net::HttpResponse& response, const CallContext& context);

/// The Error for a call without an answer.
Error transport_error(Error error, const CallContext& context);

/// `error` of a start that an earlier region may have carried out (code "maybe_done"): whatever the
/// last one says, look before trying again. Any other is left as it is.
Error with_doubt(Error error, const CallContext& context);

}  // namespace ts::livekit
