// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::config {

struct FixedFile {
  std::string text{};
  std::vector<std::string> changes{};  ///< One line each; never a secret.
};

/// Renames the legacy settings of a .env file's text, leaving every other byte as it is:
/// livekit_websocket_url becomes LIVEKIT_URL, and livekit_secret_token, "KEY:SECRET", is split at
/// its only ':' into LIVEKIT_API_KEY and LIVEKIT_API_SECRET.
///
/// @return kConfig with instructions when the token does not hold exactly one ':' with text on both
///         sides, when the file already has one of the new names or a legacy one twice, or when it
///         is no .env file.
Result<FixedFile> fix_legacy_names(std::string_view text, std::string_view what);

}  // namespace ts::config
