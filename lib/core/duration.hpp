// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace ts {

/// Reads a duration with its unit: "500ms", "90s", "15m", "2h", "1.5h", "1h30m", "7d".
/// @return kUsage with a hint for a bare number, a negative or an unknown unit.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "1.5s", "2m05s", "3h00m": for people, three significant figures at most.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace ts
