// SPDX-License-Identifier: Apache-2.0
#include "livekit/access_token.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/json_scan.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/jwt.hpp"
#include "livekit/access_token_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

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

/// Writes the members of one object.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_.push_back('{'); }

  std::string& name(std::string_view text) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_.append(text);
    out_.append("\":");
    return out_;
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) append_json_string(name(key), value);
  }
  void number(std::string_view key, std::int64_t value) { name(key).append(std::to_string(value)); }
  void close() { out_.push_back('}'); }

 private:
  std::string& out_;
  bool first_ = true;
};

void put_bools(ObjectText& object, std::string_view key,
               std::initializer_list<std::pair<std::string_view, Flag>> members) {
  ObjectText grant(object.name(key));
  for (const auto& [name, value] : members) {
    if (value.said()) grant.name(name).append(value ? "true" : "false");
  }
  grant.close();
}

/// The claims as text, in the official minter's order.
Result<std::string> claims_text(const Claims& claims, std::string_view key_id,
                                const SignedToken& token) {
  std::string text;
  text.reserve(256 + claims.metadata.size());
  ObjectText object(text);
  object.text("metadata", claims.metadata);
  if (!claims.attributes.empty()) {
    ObjectText attributes(object.name("attributes"));
    for (const auto& [name, value] : claims.attributes) {
      if (text.back() != '{') text.push_back(',');
      append_json_string(text, name);
      text.push_back(':');
      append_json_string(text, value);
    }
    attributes.close();
  }
  object.text("name", claims.name);
  if (claims.video) append_json(object.name("video"), *claims.video);
  if (claims.sip) {
    put_bools(object, "sip", {{"admin", claims.sip->admin}, {"call", claims.sip->call}});
  }
  if (claims.agent) {
    put_bools(object, "agent",
              {{"admin", claims.agent->admin},
               {"simulationAdmin", claims.agent->simulation_admin},
               {"databaseAdmin", claims.agent->database_admin}});
  }
  if (claims.inference) {
    put_bools(object, "inference", {{"perform", claims.inference->perform}});
  }
  if (claims.observability) {
    put_bools(object, "observability", {{"write", claims.observability->write}});
  }
  object.text("kind", claims.kind);
  if (!claims.kind_details.empty()) {
    char separator = '[';
    object.name("kindDetails");
    for (const auto& detail : claims.kind_details) {
      text.push_back(separator);
      separator = ',';
      append_json_string(text, detail);
    }
    text.push_back(']');
  }
  object.text("sha256", claims.sha256);
  object.text("roomPreset", claims.room_preset);
  if (!claims.room_config.empty()) {
    TS_TRY(const auto given, parse_json(claims.room_config, "roomConfig"));
    TS_TRY(const auto config, normalized_room_config(given));
    object.name("roomConfig").append(dump_json(config));
  }
  object.text("iss", key_id);
  object.number("exp", token.expires_at);
  object.number("nbf", token.not_before);
  object.text("sub", claims.identity);
  object.close();
  return text;
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
    if (is({"s", "sec", "secs", "second", "seconds"})) return 1;
    if (is({"m", "min", "mins", "minute", "minutes"})) return 60;
    if (is({"h", "hr", "hrs", "hour", "hours"})) return 3600;
    if (is({"d", "day", "days"})) return 86'400;
    if (is({"w", "week", "weeks"})) return 604'800;
    if (is({"y", "yr", "yrs", "year", "years"}))
      return 31'557'600;  // 365.25 days, as the SDK has it
    return 0;
  };
  std::string_view shown = trim(text);
  if (shown.starts_with('+')) shown = trim(shown.substr(1));
  std::chrono::milliseconds length{0};
  // "2 days": a number, blanks, a word.
  const std::size_t digits = std::min(shown.find_first_not_of("0123456789."), shown.size());
  const std::int64_t unit = spell(to_lower(trim(shown.substr(digits))));
  double number = 0;
  const auto [end, failure] = std::from_chars(shown.data(), shown.data() + digits, number);
  if (unit != 0 && digits > 0 && shown.front() != '.' && shown[digits - 1] != '.' &&
      failure == std::errc{} && end == shown.data() + digits) {
    if (number * static_cast<double>(unit) > static_cast<double>(kLongestTtl.count())) {
      return usage(fmt::format("a lifetime of '{}' is beyond ten years", shorten(shown, 40)));
    }
    length = std::chrono::milliseconds(
        static_cast<std::int64_t>(std::llround(number * 1000.0 * static_cast<double>(unit))));
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
  // Half a second counts as one, as in JavaScript.
  return std::chrono::floor<std::chrono::seconds>(length + std::chrono::milliseconds{500});
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
  std::set<std::string_view> names;
  for (const auto& [name, value] : claims.attributes) {
    if (name.empty()) return usage("an attribute without a name");
    TS_CHECK(check_text(name, "attribute name", kMaxAttributesBytes));
    TS_CHECK(check_text(value, "attribute value", kMaxAttributesBytes));
    attribute_bytes += name.size() + value.size();
    if (!names.insert(name).second) {
      return usage(fmt::format("the attribute '{}' is given twice", shorten(name, 60)));
    }
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
  TS_CHECK(check_text(key_id, "API key", kMaxNameBytes));
  SignedToken token;
  token.not_before = seconds_since_epoch(now);
  token.expires_at = token.not_before + request.ttl.count();
  TS_TRY(const auto claims, claims_text(request.claims, key_id, token));
  token.jwt = crypto::jwt_hs256(kHeader, claims, key_secret);
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
