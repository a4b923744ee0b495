// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"

namespace ts::cli {

/// Writes log lines to stderr: text for people, or one JSON object each.
Log::Sink stderr_sink(bool json_lines);

/// The level of -v, -vv and -vvv.
LogLevel level_of(int verbosity);

}  // namespace ts::cli
