// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ts::livekit::wire {

/// Standard base64 with padding, as protobuf JSON writes bytes.
std::string base64_encode(std::string_view bytes);
/// Standard or URL-safe alphabet, padding optional; nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace ts::livekit::wire
