// SPDX-License-Identifier: Apache-2.0
#include "livekit/access_token.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/jwt.hpp"
#include "livekit/access_token_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ts::livekit {
namespace {

constexpr std::string_view kHeader = R"({"alg":"HS256"})";
constexpr std::chrono::seconds kLongestTtl{std::int64_t{10} * 366 * 86400};
constexpr std::array<std::string_view, 7> kKinds{"standard", "ingress",   "egress", "sip",
                                                 "agent",    "connector", "bridge"};
constexpr std::array<std::string_view, 6> kKindDetails{"cloud_agent",        "forwarded",
                                                       "connector_whatsapp", "connector_twilio",
                                                       "bridge_rtsp",        "simulation"};

Error usage(std::string message, std::string hint = {}) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

template <std::size_t N>
Status check_word(std::string_view word, const std::array<std::string_view, N>& words,
                  std::string_view what) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return ok_status();
  const std::vector<std::string> known(words.begin(), words.end());
  const auto near = nearest(word, known);
  return usage(fmt::format("there is no {} '{}'", what, shorten(word, 60)),
               near ? fmt::format("did you mean {}?", *near)
                    : fmt::format("use one of {}", fmt::join(words, ", ")));
}

Status check_text(std::string_view text, std::string_view what, std::size_t limit) {
  if (text.size() > limit) {
    return usage(
        fmt::format("the {} has {} bytes; LiveKit's limit is {}", what, text.size(), limit),
        "bytes count, not characters: a letter with an accent is two, an emoji four");
  }
  if (!is_utf8(text)) return usage(fmt::format("the {} is not UTF-8", what));
  return ok_status();
}

Status check_video(const VideoGrant& video, const Claims& claims) {
  TS_CHECK(check_text(video.room, "room name", kMaxRoomNameBytes));
  TS_CHECK(check_text(video.destination_room, "destination room's name", kMaxRoomNameBytes));
  if (video.room_join && claims.identity.empty()) {
    return usage("a token that joins a room needs an identity, and none is given",
                 "give the participant a name of its own, such as cam-1");
  }
  for (const auto& source : video.can_publish_sources) TS_CHECK(check_publish_source(source));
  return ok_status();
}

template <typename Grant>
Json bools(std::initializer_list<std::pair<const char*, bool Grant::*>> members,
           const Grant& grant) {
  Json json = Json::object();
  for (const auto& [name, member] : members) {
    if (grant.*member) json[name] = true;
  }
  return json;
}

/// The claims without issuer, identity and times, in the official minter's order.
Result<Json> claims_json(const Claims& claims) {
  Json json = Json::object();
  if (!claims.metadata.empty()) json["metadata"] = claims.metadata;
  if (!claims.attributes.empty()) {
    Json attributes = Json::object();
    for (const auto& [name, value] : claims.attributes) attributes[name] = value;
    json["attributes"] = std::move(attributes);
  }
  if (!claims.name.empty()) json["name"] = claims.name;
  if (claims.video) json["video"] = to_json(*claims.video);
  if (claims.sip) {
    json["sip"] =
        bools<SipGrant>({{"admin", &SipGrant::admin}, {"call", &SipGrant::call}}, *claims.sip);
  }
  if (claims.agent) {
    json["agent"] = bools<AgentGrant>({{"admin", &AgentGrant::admin},
                                       {"simulationAdmin", &AgentGrant::simulation_admin},
                                       {"databaseAdmin", &AgentGrant::database_admin}},
                                      *claims.agent);
  }
  if (claims.inference) {
    json["inference"] =
        bools<InferenceGrant>({{"perform", &InferenceGrant::perform}}, *claims.inference);
  }
  if (claims.observability) {
    json["observability"] =
        bools<ObservabilityGrant>({{"write", &ObservabilityGrant::write}}, *claims.observability);
  }
  if (!claims.kind.empty()) json["kind"] = claims.kind;
  if (!claims.kind_details.empty()) json["kindDetails"] = claims.kind_details;
  if (!claims.sha256.empty()) json["sha256"] = claims.sha256;
  if (!claims.room_preset.empty()) json["roomPreset"] = claims.room_preset;
  if (!claims.room_config.empty()) {
    TS_TRY(const auto config, parse_json(claims.room_config, "roomConfig"));
    TS_TRY(json["roomConfig"], normalized_room_config(config));
  }
  return json;
}

std::int64_t seconds_since_epoch(WallTime now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
}

}  // namespace

Result<std::chrono::seconds> parse_token_ttl(std::string_view text) {
  const auto spell = [](std::string_view unit) -> std::int64_t {
    const auto is = [&](std::initializer_list<std::string_view> words) {
      return std::find(words.begin(), words.end(), unit) != words.end();
    };
    if (is({"sec", "secs", "second", "seconds"})) return 1;
    if (is({"min", "mins", "minute", "minutes"})) return 60;
    if (is({"hr", "hrs", "hour", "hours"})) return 3600;
    if (is({"day", "days"})) return 86400;
    if (is({"w", "week", "weeks"})) return std::int64_t{7} * 86400;
    return 0;
  };
  const std::string_view shown = trim(text);
  std::chrono::milliseconds length{0};
  // "2 days": a number, blanks, a word.
  const std::size_t digits = std::min(shown.find_first_not_of("0123456789."), shown.size());
  const std::int64_t unit = spell(to_lower(trim(shown.substr(digits))));
  double number = 0;
  const auto [end, failure] = std::from_chars(shown.data(), shown.data() + digits, number);
  if (unit != 0 && digits > 0 && failure == std::errc{} && end == shown.data() + digits) {
    if (number * static_cast<double>(unit) > static_cast<double>(kLongestTtl.count())) {
      return usage(fmt::format("a lifetime of '{}' is beyond ten years", shorten(shown, 40)));
    }
    length = std::chrono::milliseconds(static_cast<std::int64_t>(number * 1000.0) * unit);
  } else {
    TS_TRY(length, parse_duration(text));
  }
  if (length < std::chrono::seconds{1}) {
    return usage(
        fmt::format("a lifetime of '{}' makes a token that is expired already", shorten(shown, 40)),
        "give at least 1s");
  }
  if (length > kLongestTtl) {
    return usage(fmt::format("a lifetime of '{}' is beyond ten years", shorten(shown, 40)));
  }
  return std::chrono::round<std::chrono::seconds>(length);
}

Status check_token_request(const TokenRequest& request) {
  const Claims& claims = request.claims;
  if (request.ttl <= std::chrono::seconds{0}) {
    return usage(fmt::format("a lifetime of {} s makes a token that is expired already",
                             request.ttl.count()),
                 "give a lifetime above 0, such as 6h");
  }
  if (request.ttl > kLongestTtl) return usage("a lifetime beyond ten years is refused");
  TS_CHECK(check_text(claims.identity, "identity", kMaxIdentityBytes));
  TS_CHECK(check_text(claims.name, "name", kMaxNameBytes));
  TS_CHECK(check_text(claims.metadata, "metadata", kMaxMetadataBytes));
  TS_CHECK(check_text(claims.room_preset, "room preset", kMaxNameBytes));
  TS_CHECK(check_text(claims.sha256, "sha256 claim", kMaxNameBytes));
  std::size_t attribute_bytes = 0;
  for (const auto& [name, value] : claims.attributes) {
    if (name.empty()) return usage("an attribute without a name");
    TS_CHECK(check_text(name, "attribute name", kMaxAttributesBytes));
    TS_CHECK(check_text(value, "attribute value", kMaxAttributesBytes));
    attribute_bytes += name.size() + value.size();
  }
  if (attribute_bytes > kMaxAttributesBytes) {
    return usage(fmt::format("the attributes have {} bytes together; LiveKit's limit is {}",
                             attribute_bytes, kMaxAttributesBytes));
  }
  if (!claims.kind.empty()) TS_CHECK(check_word(claims.kind, kKinds, "participant kind"));
  for (const auto& detail : claims.kind_details) {
    TS_CHECK(check_word(detail, kKindDetails, "participant kind detail"));
  }
  if (claims.video) TS_CHECK(check_video(*claims.video, claims));
  if (!claims.room_config.empty()) {
    TS_TRY(const auto config, parse_json(claims.room_config, "roomConfig"));
    TS_TRY([[maybe_unused]] const auto checked, normalized_room_config(config));
  }
  return ok_status();
}

Result<SignedToken> sign_token(const TokenRequest& request, std::string_view key_id,
                               const Secret& key_secret, WallTime now) {
  if (key_id.empty() || key_secret.empty()) {
    return Error{
        .kind = ErrorKind::kConfig,
        .message = fmt::format("the LiveKit API {} is empty", key_id.empty() ? "key" : "secret"),
        .hint = "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET"};
  }
  TS_CHECK(check_token_request(request));
  TS_TRY(auto json, claims_json(request.claims));
  SignedToken token;
  token.not_before = seconds_since_epoch(now);
  token.expires_at = token.not_before + request.ttl.count();
  json["iss"] = key_id;
  json["exp"] = token.expires_at;
  json["nbf"] = token.not_before;
  if (!request.claims.identity.empty()) json["sub"] = request.claims.identity;
  token.jwt = crypto::jwt_hs256(kHeader, dump_json(json), key_secret);
  return token;
}

Result<std::string> sign_api_token(const VideoGrant& grant, std::string_view key_id,
                                   const Secret& key_secret, WallTime now) {
  TokenRequest request{.ttl = std::chrono::minutes{10}};
  request.claims.video = grant;
  TS_TRY(auto token, sign_token(request, key_id, key_secret, now));
  return std::move(token.jwt);
}

Result<std::string> sign_webhook_token(std::string_view body, std::string_view key_id,
                                       const Secret& key_secret, WallTime now) {
  TokenRequest request{.ttl = std::chrono::minutes{5}};
  request.claims.sha256 = crypto::base64_encode(crypto::bytes_of(crypto::sha256(body)));
  TS_TRY(auto token, sign_token(request, key_id, key_secret, now));
  return std::move(token.jwt);
}

}  // namespace ts::livekit
