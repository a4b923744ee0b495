// SPDX-License-Identifier: Apache-2.0
#include "sandbox/playback_token.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/jwt.hpp"
#include "crypto/rsa.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <array>

namespace ts::sandbox {
namespace {

Error refused(std::string_view why) {
  return {.kind = ErrorKind::kAuth, .message = std::string(why)};
}

std::string text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// "*", "host", "*.host" (which is the host itself, too).
bool covers(std::string_view allowed, std::string_view host) {
  if (allowed == "*" || allowed == host) return true;
  if (!allowed.starts_with("*.")) return false;
  return host == allowed.substr(2) || host.ends_with(allowed.substr(1));
}

/// Programs that fetch rather than play.
bool is_high_risk(std::string_view agent) {
  static constexpr std::array<std::string_view, 5> kPrograms{"curl/", "wget/", "python-requests/",
                                                             "go-http-client/", "libwww-perl/"};
  const auto lower = to_lower(agent);
  return std::any_of(kPrograms.begin(), kPrograms.end(),
                     [&](std::string_view program) { return lower.starts_with(program); });
}

}  // namespace

PlaybackTokens::PlaybackTokens(Hooks hooks, const Clock& clock)
    : hooks_(std::move(hooks)), clock_(clock) {}

Result<Json> PlaybackTokens::read(std::string_view token) const {
  if (token.empty()) return refused("a token is needed");
  const auto parts = crypto::jwt_split(token);
  if (!parts) return refused("the token is no token");
  const auto header = parse_json(parts.value().header, "the token", ErrorKind::kAuth);
  auto claims = parse_json(parts.value().claims, "the token", ErrorKind::kAuth);
  if (!header || !claims || !header.value().is_object() || !claims.value().is_object()) {
    return refused("the token is no token");
  }
  if (text(header.value(), "alg") != "RS256") return refused("the token is not signed with RS256");
  auto key_id = text(claims.value(), "kid");
  if (key_id.empty()) key_id = text(header.value(), "kid");
  const auto encoded = hooks_.signing_key(key_id);
  if (!encoded) return refused("the token's kid names no signing key of this environment");
  const auto key = crypto::RsaPrivateKey::parse(Secret(*encoded));
  if (!key) return refused("the signing key cannot be read");
  const auto pem = key.value().public_pem();
  if (!pem) return refused("the signing key cannot be read");
  const auto open_key = crypto::RsaPublicKey::parse(pem.value());
  if (!open_key || !crypto::jwt_rs256_matches(parts.value(), open_key.value())) {
    return refused("the token's signature does not match");
  }
  const auto expires = claims.value().find("exp");
  if (expires == claims.value().end() || !expires->is_number()) {
    return refused("the token has no exp");
  }
  const auto now = std::chrono::duration_cast<seconds>(clock_.now().time_since_epoch()).count();
  if (expires->get<double>() <= static_cast<double>(now)) return refused("the token has expired");
  const auto begins = claims.value().find("nbf");
  if (begins != claims.value().end() &&
      (!begins->is_number() || begins->get<double>() > static_cast<double>(now))) {
    return refused("the token is not valid yet");
  }
  return std::move(claims).value();
}

Result<Json> PlaybackTokens::open(std::string_view token, std::string_view audience,
                                  std::string_view subject, const httpd::Request& request) const {
  TS_TRY(auto claims, read(token));
  if (text(claims, "aud") != audience) return refused("the token's aud is for something else");
  if (text(claims, "sub") != subject) return refused("the token's sub is another playback id");
  if (const auto restriction = text(claims, "playback_restriction_id"); !restriction.empty()) {
    TS_CHECK(obey(restriction, request));
  }
  return claims;
}

Status PlaybackTokens::obey(std::string_view restriction, const httpd::Request& request) const {
  const auto rules = hooks_.restriction(restriction);
  if (!rules.is_object()) return refused("the token's playback_restriction_id names none");
  const auto referrer = rules.value("referrer", Json::object());
  const auto header = request.headers.get("Referer");
  if (header.empty()) {
    if (!referrer.value("allow_no_referrer", false)) return refused("a referrer is needed");
  } else {
    const auto url = net::Url::parse(header);
    const auto domains = referrer.value("allowed_domains", Json::array());
    const bool allowed =
        url.ok() && std::any_of(domains.begin(), domains.end(), [&](const Json& domain) {
          return domain.is_string() &&
                 covers(to_lower(domain.get<std::string>()), url.value().host);
        });
    if (!allowed) return refused("the referrer is not allowed");
  }
  const auto agents = rules.value("user_agent", Json::object());
  const auto agent = request.headers.get("User-Agent");
  if (agent.empty() && !agents.value("allow_no_user_agent", true)) {
    return refused("a user agent is needed");
  }
  if (is_high_risk(agent) && !agents.value("allow_high_risk_user_agent", true)) {
    return refused("the user agent is not allowed");
  }
  return ok_status();
}

}  // namespace ts::sandbox
