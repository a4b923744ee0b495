// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"
#include "core/result.hpp"
#include "sandbox/instance.hpp"

#include <filesystem>
#include <string>

namespace ts::cli {

/// --dir, else the folder "sandbox" in the state directory; absolute.
std::filesystem::path sandbox_folder(const Context& context, const std::string& directory);
/// @return kNotFound when no sandbox runs in that folder.
Result<sandbox::Instance> running_sandbox(const std::filesystem::path& folder);

}  // namespace ts::cli
