// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"

#include <string>

namespace ts::cli {

/// A log line as it is printed, with its newline: text for people, or (`json`) one object.
std::string log_text(const Log::Line& line, bool json);

/// Writes log lines to stderr: text for people, or one JSON object each.
Log::Sink stderr_sink(bool json_lines);

/// The level of -v, -vv and -vvv.
LogLevel level_of(int verbosity);

}  // namespace ts::cli
