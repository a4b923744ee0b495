// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::config {

/// Reads a `.env` file: NAME=value, optional `export`, # comments, 'literal' and "escaped" values
/// (the latter may span lines, as PEM keys do). The last assignment of a name wins at the caller.
///
/// @param what  names the file in errors.
/// @return kConfig with the line number; the value itself never enters the message.
Result<std::vector<std::pair<std::string, std::string>>> parse_dotenv(std::string_view text,
                                                                      std::string_view what);

}  // namespace ts::config
