// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "livekit/grants.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::livekit {

/// Limits of the server, in bytes of UTF-8.
inline constexpr std::size_t kMaxIdentityBytes = 256;
inline constexpr std::size_t kMaxNameBytes = 256;
inline constexpr std::size_t kMaxRoomNameBytes = 256;
inline constexpr std::size_t kMaxMetadataBytes = std::size_t{512} << 10U;
inline constexpr std::size_t kMaxAttributesBytes = std::size_t{64} << 10U;
/// How far the server's clock and the token's may differ.
inline constexpr std::chrono::seconds kServerLeeway{60};
/// Lifetime of a token when nobody says otherwise, as in the official SDKs.
inline constexpr std::chrono::seconds kDefaultTokenTtl{6 * 3600};

/// Everything a LiveKit token says, neutral to how it was written.
struct Claims {
  std::string issuer{};    ///< iss: the API key.
  std::string identity{};  ///< sub, else jti. Empty: none.
  std::string name{};
  std::string metadata{};
  std::vector<std::pair<std::string, std::string>> attributes{};
  std::string kind{};  ///< standard, ingress, egress, sip, agent …; empty: standard.
  std::vector<std::string> kind_details{};
  std::string sha256{};  ///< Webhooks: standard base64 of the body's digest.
  std::optional<VideoGrant> video{};
  std::optional<SipGrant> sip{};
  std::optional<AgentGrant> agent{};
  std::optional<InferenceGrant> inference{};
  std::optional<ObservabilityGrant> observability{};
  std::string room_preset{};
  std::string
      room_config{};  ///< JSON object as text (protobuf JSON of RoomConfiguration); or empty.
  std::optional<std::int64_t> expires_at{};  ///< exp, s since 1970.
  std::optional<std::int64_t> not_before{};  ///< nbf, s since 1970.
  std::optional<std::int64_t> issued_at{};   ///< iat, s since 1970; nobody checks it.
};

/// What `--ttl` and the official SDKs take: "90s", "15m", "2h", "1h30m", and words as in "2 days".
/// @return kUsage for a bare number, nonsense, nothing above 0, or more than ten years.
Result<std::chrono::seconds> parse_token_ttl(std::string_view text);

/// Grants other than "video" from a file people write, next to "video" and the plain claims:
/// {"video":{…},"sip":{…},"name":…,"roomConfig":{…}}; or a bare VideoGrant. An unknown member is
/// refused with the nearest name; iss, sub, exp, nbf and iat are not the file's to say.
Result<Claims> claims_from_grant_file(std::string_view text, std::string_view what);

/// What a token is made from. `claims.issuer` and the times are set by `sign_token`.
struct TokenRequest {
  Claims claims{};
  std::chrono::seconds ttl = kDefaultTokenTtl;
};

/// A signed token and its lifetime.
struct SignedToken {
  std::string jwt{};
  std::int64_t not_before = 0;  ///< s since 1970.
  std::int64_t expires_at = 0;  ///< s since 1970.
};

/// Checks a request without signing: a join without identity or room, ttl not above 0, names beyond
/// the limits (bytes), an unknown source or kind, text that is not UTF-8, a roomConfig that is no
/// JSON object or carries storage or stream secrets.
/// @return kUsage naming the claim.
Status check_token_request(const TokenRequest& request);

/// Makes a token that LiveKit accepts from `now` on.
///
/// @param key_id  the API key (iss); @param key_secret  its secret, used as text.
/// @return what `check_token_request` says, or kConfig when the key or the secret is empty.
Result<SignedToken> sign_token(const TokenRequest& request, std::string_view key_id,
                               const Secret& key_secret, WallTime now);

/// A token for one API call: 10 minutes, no identity.
Result<std::string> sign_api_token(const VideoGrant& grant, std::string_view key_id,
                                   const Secret& key_secret, WallTime now);
/// The token of a webhook: 5 minutes, with the body's digest.
Result<std::string> sign_webhook_token(std::string_view body, std::string_view key_id,
                                       const Secret& key_secret, WallTime now);

/// Why a server would refuse a token, as stable words.
enum class TokenFault : std::uint8_t {
  kNone,
  kMalformed,      ///< Not three segments.
  kBadBase64,      ///< A segment is not base64url without padding.
  kBadJson,        ///< Header or claims are no JSON object.
  kAlgNone,        ///< alg is "none".
  kAlgUnknown,     ///< alg is missing or no JWS algorithm.
  kAlgNotAllowed,  ///< A real algorithm, but not HS256.
  kWrongIssuer,    ///< iss is missing or another key.
  kBadSignature,
  kMissingExpiry,
  kBadClaim,  ///< A time is no number, or a claim has a wrong type.
  kExpired,
  kNotYetValid,
};
/// "bad_signature", as scripts see it; "ok" for kNone.
std::string_view to_string(TokenFault fault) noexcept;

struct VerifyOptions {
  std::chrono::seconds leeway = kServerLeeway;
};

/// What checking a token found.
struct TokenVerdict {
  TokenFault fault = TokenFault::kNone;
  std::string detail{};  ///< For people: one clause. Empty when accepted.
  std::string hint{};    ///< What to do about it; may be empty.
  Claims claims{};       ///< As far as they could be read; trust them only when accepted.
  std::vector<std::string> warnings{};  ///< What fails only later, at the join.

  [[nodiscard]] bool accepted() const noexcept { return fault == TokenFault::kNone; }
};

/// Checks a token as the server does: HS256 only, issuer, signature, expiry required, time window.
/// The token is taken as it is: a trailing newline is a fault (callers that read files trim one).
/// Thread-safe, constant time where it matters.
TokenVerdict verify_token(std::string_view jwt, std::string_view key_id, const Secret& key_secret,
                          WallTime now, VerifyOptions options = {});

/// The issuer of a token that nobody has verified yet: which key to look up. Empty when unreadable.
std::string unverified_issuer(std::string_view jwt);

/// A token read without its secret.
struct InspectedToken {
  std::string algorithm{};
  std::string header_json{};
  std::string claims_json{};
  Claims claims{};
};
/// @return kUsage (code as in TokenFault) when it cannot be read.
Result<InspectedToken> inspect_token(std::string_view jwt);

/// What a token says in vain, one statement each with the nearest name: claims, grants and sources
/// that LiveKit does not have. Empty for what is no JSON object.
std::vector<std::string> ignored_members(std::string_view claims_json);

/// What a token allows and does not, one statement each, absent fields explained.
struct Explanation {
  std::vector<std::string> allows{};
  std::vector<std::string> denies{};
  std::vector<std::string> notes{};
};
Explanation explain(const Claims& claims);
/// What will fail at the join though the token is valid: no identity, no room, overlong names.
std::vector<std::string> join_warnings(const Claims& claims);

}  // namespace ts::livekit
