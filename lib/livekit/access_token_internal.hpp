// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "core/json_scan.hpp"
#include "core/result.hpp"
#include "livekit/access_token.hpp"
#include "livekit/wire.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// Claims hold up to 512 KiB of metadata and 64 KiB of attributes, escaped.
inline constexpr JsonLimits kTokenLimits{.max_bytes = std::size_t{4} << 20U, .max_depth = 64};

/// A RoomConfiguration in either spelling as the official minter writes it: camelCase, every
/// scalar present. @param unknown  kRefuse for what people write, which may not give a secret away
/// either; kIgnore for the tokens of others. @return kUsage with the path.
Result<Json> normalized_room_config(const Json& config,
                                    UnknownFields unknown = UnknownFields::kRefuse);

/// The one of `names` that `key` is but for the case of its letters, as Go's encoding/json compares
/// them; empty when it is exactly one of them, or none.
std::string_view name_in_other_case(std::string_view key, std::span<const std::string_view> names);
/// The members of a VideoGrant.
const std::vector<std::string_view>& video_grant_names();

/// Whose words a claim set is, and so how strictly it is read.
enum class ClaimSource : std::uint8_t {
  kToken,      ///< Another minter's token: unknown members are ignored, times are read.
  kGrantFile,  ///< People's file: unknown members are refused, times and issuer too.
};
/// Reads the claims of a token or a grant file.
/// @return `kind` with the path on a wrong type.
Result<Claims> claims_from_json(const Json& json, ClaimSource source, ErrorKind kind);

/// The short way of `claims_from_json` for tokens: false where that would refuse, and also for
/// what is rare. What it gives is the same.
/// @param claims  empty; when false is returned, half filled.
bool scan_claims(std::string_view text, Claims& claims);

/// `to_json(grant)` as text, and the short way of `video_grant_from_json` (unknown ignored).
void append_json(std::string& out, const VideoGrant& grant);
bool scan_video_grant(JsonScanner& in, VideoGrant& grant);

}  // namespace ts::livekit
