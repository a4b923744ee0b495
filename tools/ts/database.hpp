// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>

namespace ts::cli {

class Context;

/// The database's URL: `flag` when given, else TS_DATABASE_URL, else the file under the state
/// folder.
Result<std::string> database_url(Context& context, const std::string& flag = {});

}  // namespace ts::cli
