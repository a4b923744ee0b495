// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "env_checks.hpp"

#include "common/context.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ts::cli {

/// What `ts doctor` looks at, in the order it tells it.
inline constexpr std::array<std::string_view, 12> kDoctorAreas{
    "env",        "clock",   "dns",   "tls",  "livekit", "mux",
    "cloudflare", "webhook", "rtmps", "turn", "ffmpeg",  "disk"};

struct DoctorOptions {
  std::vector<std::string> areas{};         ///< Empty: all.
  std::vector<std::string> turn{};          ///< turn:, turns: and stun: URIs.
  std::vector<std::string> webhook_urls{};  ///< Besides those the vendors know.
};

/// Every check of the areas asked for, in order. Services are looked at side by side, each step
/// with a limit of 5 s, and what depends on a step that failed is not tried: without a network it
/// is over within seconds.
/// @return kUsage for an unknown area or URI.
Result<std::vector<CheckLine>> run_doctor(const DoctorOptions& options, Context& context);

}  // namespace ts::cli
