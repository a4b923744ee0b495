// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::mux {

/// What a signed token opens; each has its own audience claim.
enum class TokenType : std::uint8_t {
  kVideo,
  kThumbnail,
  kGif,
  kStoryboard,
  kDrmLicense,
  kStats,       ///< Viewer counts of a playback id.
  kVideoId,     ///< Viewer counts of a video id.
  kAsset,       ///< Viewer counts of an asset.
  kLiveStream,  ///< Viewer counts and ingest health of a live stream.
};

/// "video", "thumbnail", "gif", "storyboard", "drm_license", "stats", "video_id", "asset",
/// "live_stream". @return kUsage with the nearest name.
Result<TokenType> parse_token_type(std::string_view text);
std::string_view to_string(TokenType type) noexcept;
/// The `aud` claim: "v", "t", "g", "s", "d", "playback_id" …
std::string_view audience(TokenType type) noexcept;

/// An RSA key of one Mux environment: its id and its private half (PEM PKCS#1 or PKCS#8, or base64
/// of such a PEM).
struct SigningKey {
  std::string id{};
  Secret private_key{};
};

struct TokenRequest {
  TokenType type = TokenType::kVideo;
  std::string subject{};  ///< Playback id, or the id the type names.
  std::chrono::seconds lifetime = std::chrono::hours(24 * 7);
  /// Claims in their order before kid, sub, aud and exp; values keep their JSON type. An ordered
  /// JSON object, or null for none.
  const Json* params = nullptr;
  /// True keeps params named kid, sub, aud or exp: their values are replaced, their places stay, as
  /// in the SDK. False refuses them.
  bool allow_reserved_params = false;
};

/// Signs a playback or statistics token (RS256; claims: params, kid, sub, aud, exp; no iat).
///
/// @return kUsage for an empty subject, a lifetime below 1 s, a param named kid, sub, aud or exp,
/// or
///         a param that Mux does not know for the type (with the nearest name); kConfig for a key
///         that cannot be read or has no id.
Result<std::string> sign_token(const TokenRequest& request, const SigningKey& key,
                               const Clock& clock);

/// The lifetime texts of the SDK: whole number and unit (s m h d w y, also their words), a bare
/// number being seconds. @return kUsage for what is refused: empty, negative, fractions, hex.
Result<std::chrono::seconds> parse_lifetime(std::string_view text);

using Modifiers = std::vector<std::pair<std::string, std::string>>;

/// What is fetched at a playback URL.
enum class PlaybackKind : std::uint8_t {
  kHls,
  kThumbnail,
  kAnimated,
  kStoryboard,
  kStatic,  ///< MP4 or M4A rendition.
  kPlayer,  ///< The page of Mux's own player.
};
/// "hls", "thumbnail", "gif", "storyboard", "static", "player".
Result<PlaybackKind> parse_playback_kind(std::string_view text);

struct PlaybackUrlRequest {
  std::string playback_id{};
  PlaybackKind kind = PlaybackKind::kHls;
  /// File ending (thumbnail png jpg webp, animated gif webp, storyboard vtt json png jpg webp) or,
  /// for kStatic, the rendition ("highest", "1080p", "audio", "high" …); empty: the usual one.
  std::string format{};
  Modifiers modifiers{};
  std::string token{};  ///< Signed token: then modifiers are refused, they have to be claims.
  std::string stream_base_url = "https://stream.mux.com";
  std::string image_base_url = "https://image.mux.com";
};

/// The address a viewer opens. @return kUsage for a modifier that Mux does not have (with the
/// nearest one; `latency` explains latency_mode), a value out of range, or modifiers beside a
/// token.
Result<std::string> playback_url(const PlaybackUrlRequest& request);

/// Checks one claim that is a modifier of what the token opens. Claims of one's own are allowed, so
/// an unknown name is no error.
/// @return kUsage for a known modifier with a value that Mux does not take, for `latency`, and for
/// a
///         name that is a slip of a known one.
Status check_claim(TokenType type, std::string_view name, std::string_view value);

/// Whether Mux makes something of the claim in a token of this type; it ignores all others.
bool knows_claim(TokenType type, std::string_view name);

/// Checks one modifier by name and value for a kind, as playback_url does.
Status check_modifier(PlaybackKind kind, std::string_view name, std::string_view value);

}  // namespace ts::mux
