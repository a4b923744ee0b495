// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "env_checks.hpp"

#include "common/context.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace ts::cli {

/// Harmless reads of each service, for `env check --online` and `doctor`: one try of 5 s, and an
/// explanation of what was refused. They may run on threads of their own; the context's transport
/// and stop token must have been asked for before.
struct ServiceAnswer {
  CheckLine line{};
  /// How far this machine's clock is ahead of the service's, by its Date header; its grain is 1 s.
  std::optional<milliseconds> clock_ahead{};
};
ServiceAnswer ask_livekit(Context& context, const std::stop_token& stop);
ServiceAnswer ask_mux(Context& context, const std::stop_token& stop);
ServiceAnswer ask_cloudflare(Context& context, const std::stop_token& stop);

/// Whether MUX_SIGNING_KEY belongs to the environment of the access token. Unset without the key,
/// or where the token may not list keys.
CheckLine ask_mux_signing_key(Context& context, const std::stop_token& stop);

/// "this machine's clock is 4m ahead"; empty when it is near.
std::string clock_text(const std::optional<milliseconds>& ahead);

}  // namespace ts::cli
