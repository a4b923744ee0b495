// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"
#include "config/settings.hpp"
#include "core/result.hpp"

#include <map>
#include <string>

namespace ts::cli {

/// The program's whole environment.
std::map<std::string, std::string> read_environment();

/// Where this run's settings come from: the environment, .env or --env-file, and the profile.
/// @return kConfig for a file or profile that was named and cannot be read.
Result<config::Sources> setting_sources(const GlobalOptions& options,
                                        const std::map<std::string, std::string>& environment);

}  // namespace ts::cli
