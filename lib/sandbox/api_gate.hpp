// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "httpd/message.hpp"
#include "sandbox/livekit_service.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace ts::sandbox {

/// LiveKit's authentication: no token at all is let through without grants (the method refuses it),
/// a bad header or token is answered here, with plain text.
std::variant<std::optional<RoomGrants>, httpd::Response> livekit_caller(
    const httpd::Request& request, std::string_view key, const Secret& secret, WallTime now);

/// Mux's authentication: HTTP Basic. @return the refusal, or nothing.
std::optional<httpd::Response> mux_refusal(const httpd::Request& request, std::string_view token_id,
                                           const Secret& token_secret);

/// "Authorization: Bearer `token`". Constant time.
bool has_bearer(const httpd::Request& request, const Secret& token);

}  // namespace ts::sandbox
