// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string_view>

namespace ts::livekit {

/// A room name, participant name or identity: not empty, UTF-8, at most 256 bytes.
/// @param what  names it in the error, as in "identity".
/// @return kUsage.
Status check_name(std::string_view value, std::string_view what);

}  // namespace ts::livekit
