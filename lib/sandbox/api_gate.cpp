// SPDX-License-Identifier: Apache-2.0
#include "sandbox/api_gate.hpp"

#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "livekit/access_token.hpp"

namespace ts::sandbox {
namespace {

constexpr std::string_view kBearer = "Bearer ";

httpd::Response plain_401(std::string text) { return httpd::Response::text(401, std::move(text)); }

/// In the words of the server's token library.
std::string why(livekit::TokenFault fault) {
  const std::string claims = "token has invalid claims: ";
  switch (fault) {
    case livekit::TokenFault::kExpired:
      return claims + "token is expired";
    case livekit::TokenFault::kNotYetValid:
      return claims + "token is not valid yet";
    case livekit::TokenFault::kMissingExpiry:
      return claims + "token is missing required claim: exp claim is required";
    case livekit::TokenFault::kBadSignature:
      return "token signature is invalid: signature is invalid";
    default:
      return std::string(to_string(fault));
  }
}

}  // namespace

std::variant<std::optional<RoomGrants>, httpd::Response> livekit_caller(
    const httpd::Request& request, std::string_view key, const Secret& secret, WallTime now) {
  std::string token;
  if (const auto header = request.headers.get("Authorization"); !header.empty()) {
    if (!header.starts_with(kBearer)) {
      return plain_401("invalid authorization header. Must start with Bearer ");
    }
    token = header.substr(kBearer.size());
  } else {
    token = request.query_value("access_token").value_or("");
  }
  if (token.empty()) return std::optional<RoomGrants>();
  const auto verdict = livekit::verify_token(token, key, secret, now);
  switch (verdict.fault) {
    case livekit::TokenFault::kNone:
      break;
    case livekit::TokenFault::kWrongIssuer:
      return plain_401("invalid API key: " + verdict.claims.issuer);
    case livekit::TokenFault::kMalformed:
    case livekit::TokenFault::kBadBase64:
    case livekit::TokenFault::kBadJson:
    case livekit::TokenFault::kAlgNone:
    case livekit::TokenFault::kAlgUnknown:
    case livekit::TokenFault::kAlgNotAllowed:
      return plain_401("invalid authorization token");
    default:
      return plain_401("invalid token: " + token + ", error: " + why(verdict.fault));
  }
  // A token without the claim "video" grants nothing.
  const auto video = verdict.claims.video.value_or(livekit::VideoGrant{});
  return std::optional<RoomGrants>(RoomGrants{.room_create = video.room_create,
                                              .room_list = video.room_list,
                                              .room_record = video.room_record,
                                              .room_admin = video.room_admin,
                                              .ingress_admin = video.ingress_admin,
                                              .room = video.room,
                                              .destination_room = video.destination_room});
}

std::optional<httpd::Response> mux_refusal(const httpd::Request& request, std::string_view token_id,
                                           const Secret& token_secret) {
  constexpr std::string_view kBasic = "Basic ";
  const auto header = request.headers.get("Authorization");
  if (header.starts_with(kBasic)) {
    const auto decoded = crypto::base64_decode(header.substr(kBasic.size()));
    const auto expected = std::string(token_id) + ":" + std::string(token_secret.reveal());
    if (decoded && crypto::constant_time_equal(decoded.value(), expected)) return std::nullopt;
  }
  return httpd::Response::json(
      401, R"({"error":{"type":"unauthorized","messages":["Unauthorized request"]}})");
}

bool has_bearer(const httpd::Request& request, const Secret& token) {
  const auto header = request.headers.get("Authorization");
  return header.starts_with(kBearer) &&
         crypto::constant_time_equal(header.substr(kBearer.size()), token.reveal());
}

}  // namespace ts::sandbox
