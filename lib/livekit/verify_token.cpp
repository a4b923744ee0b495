// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/hash.hpp"
#include "crypto/jwt.hpp"
#include "livekit/access_token.hpp"
#include "livekit/access_token_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::livekit {
namespace {

constexpr std::array<std::string_view, 12> kOtherAlgorithms{"HS384", "HS512", "RS256", "RS384",
                                                            "RS512", "ES256", "ES384", "ES512",
                                                            "PS256", "PS384", "PS512", "EdDSA"};

struct Refusal {
  TokenFault fault = TokenFault::kNone;
  std::string detail{};
  std::string hint{};
};

/// A token read as far as it goes; `refusal` says where reading stopped.
// nlohmann does not mark its move noexcept.
struct Reading {  // NOLINT(bugprone-exception-escape)
  crypto::JwtParts parts{};
  std::string algorithm{};
  std::string header_text{};  ///< As it was read: what is no Unicode replaced.
  std::string claims_text{};
  Json claims{};
  Refusal refusal{};
};

Refusal check_algorithm(const Json& header, std::string& algorithm) {
  const auto found = header.find("alg");
  if (found == header.end() || !found->is_string()) {
    return {TokenFault::kAlgUnknown, "the header names no algorithm", ""};
  }
  algorithm = found->get<std::string>();
  if (header.contains("crit")) {
    return {TokenFault::kMalformed, "the header demands extensions (crit) that LiveKit lacks", ""};
  }
  if (algorithm == "HS256") return {};
  if (algorithm == "none") {
    return {TokenFault::kAlgNone, "the token is unsigned (alg none)", ""};
  }
  const bool known = std::find(kOtherAlgorithms.begin(), kOtherAlgorithms.end(), algorithm) !=
                     kOtherAlgorithms.end();
  return {
      known ? TokenFault::kAlgNotAllowed : TokenFault::kAlgUnknown,
      fmt::format("algorithm {} is not HS256, the only one LiveKit takes", shorten(algorithm, 30)),
      known ? "sign the token with HS256" : ""};
}

std::string base64_hint(std::string_view jwt) {
  if (jwt.ends_with('\n') || jwt.ends_with('\r')) {
    return "remove the newline at the end";
  }
  if (to_lower(jwt.substr(0, 7)) == "bearer ") return "remove the word before the token";
  if (trim(jwt).size() != jwt.size()) return "remove the blanks around the token";
  if (jwt.find('=') != std::string_view::npos) return "write base64url without padding";
  return "copy the token again: a character was lost or changed";
}

Reading read(std::string_view jwt) {
  Reading reading;
  auto parts = crypto::jwt_split(jwt);
  if (!parts.ok()) {
    const bool malformed = parts.error().code == "malformed";
    reading.refusal = {malformed ? TokenFault::kMalformed : TokenFault::kBadBase64,
                       parts.error().message, malformed ? "" : base64_hint(jwt)};
    return reading;
  }
  reading.parts = std::move(parts).value();
  const auto object = [&](std::string_view text, std::string_view what, Json& out,
                          std::string& shown) {
    shown = text;
    auto json = parse_json(text, what, ErrorKind::kUsage, kTokenLimits);
    // Servers and SDKs read what is no Unicode as replacement characters; so does a verifier.
    if (!json.ok()) {
      auto repaired =
          parse_json(with_replacement_characters(text), what, ErrorKind::kUsage, kTokenLimits);
      if (repaired.ok()) {
        shown = with_replacement_characters(text);
        json = std::move(repaired);
      }
    }
    std::string problem;
    if (!json.ok()) {
      problem = json.error().message;
    } else if (text.starts_with("\xEF\xBB\xBF")) {
      problem = fmt::format("{} begin with a byte order mark", what);
    } else if (!json.value().is_object()) {
      problem = fmt::format("{} are no JSON object", what);
    } else {
      out = std::move(json).value();
      return true;
    }
    reading.refusal = {TokenFault::kBadJson, std::move(problem),
                       "copy the token again: it was cut or changed"};
    return false;
  };
  Json header;
  if (!object(reading.parts.header, "the header's members", header, reading.header_text))
    return reading;
  reading.refusal = check_algorithm(header, reading.algorithm);
  if (!object(reading.parts.claims, "the token's claims", reading.claims, reading.claims_text)) {
    return reading;
  }
  return reading;
}

Refusal check_issuer(const Json& claims, std::string_view key_id) {
  const auto issuer = claims.find("iss");
  if (issuer == claims.end() || !issuer->is_string()) {
    return {TokenFault::kWrongIssuer, "the token names no API key (iss)", ""};
  }
  const auto& name = issuer->get_ref<const std::string&>();
  if (name == key_id) return {};
  return {
      TokenFault::kWrongIssuer,
      fmt::format("the token is of API key '{}', not '{}'", shorten(name, 60), shorten(key_id, 60)),
      "check LIVEKIT_API_KEY, or ask for the token of this project"};
}

Refusal check_times(const Claims& claims, WallTime now, std::chrono::seconds leeway) {
  const std::int64_t time =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (!claims.expires_at) {
    return {TokenFault::kMissingExpiry, "the token has no expiry (exp)",
            "mint it with one: tokens without are refused by current servers"};
  }
  // Subtractions cannot overflow: both sides are far inside 64 bits (see numeric_date).
  if (time - *claims.expires_at >= leeway.count()) {
    return {TokenFault::kExpired,
            fmt::format("the token expired {} s ago (leeway {} s)", time - *claims.expires_at,
                        leeway.count()),
            "mint a new one with ts token create"};
  }
  if (claims.not_before && *claims.not_before - time > leeway.count()) {
    return {TokenFault::kNotYetValid,
            fmt::format("the token is valid only in {} s (leeway {} s)", *claims.not_before - time,
                        leeway.count()),
            "compare the clocks of both machines: ts doctor"};
  }
  return {};
}

/// The verdict on a token that nothing is wrong with, without building a document. False sends the
/// caller the long way, which finds the words for what is wrong; the verdict is then half filled.
bool accept_quickly(std::string_view jwt, std::string_view key_id, const Secret& key_secret,
                    WallTime now, std::chrono::seconds leeway, TokenVerdict& verdict) {
  const auto parts = crypto::jwt_split(jwt);
  if (!parts.ok()) return false;
  const std::string_view header = parts.value().header;
  const bool usual = header == R"({"alg":"HS256"})" || header == R"({"alg":"HS256","typ":"JWT"})" ||
                     header == R"({"typ":"JWT","alg":"HS256"})";
  if (!usual || !crypto::jwt_hs256_matches(parts.value(), key_secret.reveal())) return false;
  Claims& claims = verdict.claims;
  if (!scan_claims(parts.value().claims, claims)) return false;
  if (claims.issuer.empty() || claims.issuer != key_id) return false;
  if (check_times(claims, now, leeway).fault != TokenFault::kNone) return false;
  verdict.warnings = join_warnings(claims);
  return true;
}

}  // namespace

std::string_view to_string(TokenFault fault) noexcept {
  switch (fault) {
    case TokenFault::kNone:
      return "ok";
    case TokenFault::kMalformed:
      return "malformed";
    case TokenFault::kBadBase64:
      return "bad_base64";
    case TokenFault::kBadJson:
      return "bad_json";
    case TokenFault::kAlgNone:
      return "alg_none";
    case TokenFault::kAlgUnknown:
      return "alg_unknown";
    case TokenFault::kAlgNotAllowed:
      return "alg_not_allowed";
    case TokenFault::kWrongIssuer:
      return "wrong_issuer";
    case TokenFault::kBadSignature:
      return "bad_signature";
    case TokenFault::kMissingExpiry:
      return "missing_exp";
    case TokenFault::kBadClaim:
      return "bad_claim";
    case TokenFault::kExpired:
      return "expired";
    case TokenFault::kNotYetValid:
      return "not_yet_valid";
  }
  return "";
}

TokenVerdict verify_token(std::string_view jwt, std::string_view key_id, const Secret& key_secret,
                          WallTime now, VerifyOptions options) {
  TokenVerdict verdict;
  if (accept_quickly(jwt, key_id, key_secret, now, options.leeway, verdict)) return verdict;
  verdict = {};
  Reading reading = read(jwt);
  const auto refuse = [&](Refusal refusal) {
    verdict.fault = refusal.fault;
    verdict.detail = std::move(refusal.detail);
    verdict.hint = std::move(refusal.hint);
    return std::move(verdict);
  };
  std::optional<Error> claim_problem;
  if (reading.claims.is_object()) {
    auto claims = claims_from_json(reading.claims, ClaimSource::kToken, ErrorKind::kCheckFailed);
    if (claims.ok()) {
      verdict.claims = std::move(claims).value();
    } else {
      claim_problem = claims.error();
    }
  }
  if (reading.refusal.fault != TokenFault::kNone) return refuse(std::move(reading.refusal));
  if (auto refusal = check_issuer(reading.claims, key_id); refusal.fault != TokenFault::kNone) {
    return refuse(std::move(refusal));
  }
  if (!crypto::jwt_hs256_matches(reading.parts, key_secret.reveal())) {
    return refuse({TokenFault::kBadSignature, "the signature does not belong to this token and key",
                   "check LIVEKIT_API_SECRET; otherwise the token was changed after signing"});
  }
  if (claim_problem) {
    return refuse({TokenFault::kBadClaim, claim_problem->message, claim_problem->hint});
  }
  if (auto refusal = check_times(verdict.claims, now, options.leeway);
      refusal.fault != TokenFault::kNone) {
    return refuse(std::move(refusal));
  }
  verdict.warnings = join_warnings(verdict.claims);
  return verdict;
}

std::string unverified_issuer(std::string_view jwt) {
  const auto parts = crypto::jwt_split(jwt);
  if (!parts.ok()) return {};
  const auto claims =
      parse_json(parts.value().claims, "the token's claims", ErrorKind::kUsage, kTokenLimits);
  if (!claims.ok() || !claims.value().is_object()) return {};
  const auto issuer = claims.value().find("iss");
  return issuer != claims.value().end() && issuer->is_string() ? issuer->get<std::string>() : "";
}

Result<InspectedToken> inspect_token(std::string_view jwt) {
  Reading reading = read(jwt);
  const auto refuse = [](TokenFault fault, std::string message, std::string hint) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = std::move(message),
                 .hint = std::move(hint),
                 .code = std::string(to_string(fault))};
  };
  if (!reading.claims.is_object()) {
    return refuse(reading.refusal.fault, std::move(reading.refusal.detail),
                  std::move(reading.refusal.hint));
  }
  auto claims = claims_from_json(reading.claims, ClaimSource::kToken, ErrorKind::kUsage);
  if (!claims.ok()) {
    return refuse(TokenFault::kBadClaim, claims.error().message, claims.error().hint);
  }
  return InspectedToken{.algorithm = std::move(reading.algorithm),
                        .header_json = std::move(reading.header_text),
                        .claims_json = std::move(reading.claims_text),
                        .claims = std::move(claims).value()};
}

}  // namespace ts::livekit
