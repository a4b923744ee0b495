// SPDX-License-Identifier: Apache-2.0
// Signed playback and statistics tokens.
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/jwt.hpp"
#include "crypto/rsa.hpp"
#include "mux/playback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::mux {
namespace {

struct TypeNames {
  TokenType type;
  std::string_view name;
  std::string_view audience;
};

constexpr auto kTypes = std::to_array<TypeNames>({
    {TokenType::kVideo, "video", "v"},
    {TokenType::kThumbnail, "thumbnail", "t"},
    {TokenType::kGif, "gif", "g"},
    {TokenType::kStoryboard, "storyboard", "s"},
    {TokenType::kDrmLicense, "drm_license", "d"},
    {TokenType::kStats, "stats", "playback_id"},
    {TokenType::kVideoId, "video_id", "video_id"},
    {TokenType::kAsset, "asset", "asset_id"},
    {TokenType::kLiveStream, "live_stream", "live_stream_id"},
});

constexpr std::array<std::string_view, 4> kReserved{"kid", "sub", "aud", "exp"};

Error usage(std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

/// Numbers as JavaScript prints them, so that a token equals the SDK's: 1.0 is 1, 1e-07 is 1e-7.
void normalize_numbers(Json& json) {
  if (json.is_number_float()) {
    const double value = json.get<double>();
    if (value == static_cast<double>(static_cast<std::int64_t>(value)) &&
        value > -9.007199254740992e15 && value < 9.007199254740992e15) {
      json = static_cast<std::int64_t>(value);
    }
  } else if (json.is_structured()) {
    for (auto& item : json) normalize_numbers(item);
  }
}

}  // namespace

Result<TokenType> parse_token_type(std::string_view text) {
  std::vector<std::string> names;
  for (const TypeNames& known : kTypes) {
    if (known.name == text) return known.type;
    names.emplace_back(known.name);
  }
  const auto near = nearest(text, names);
  return usage(fmt::format("token type '{}' is unknown", shorten(text, 60)),
               near ? fmt::format("did you mean {}?", *near)
                    : fmt::format("use one of {}", fmt::join(names, ", ")));
}

std::string_view to_string(TokenType type) noexcept {
  for (const TypeNames& known : kTypes) {
    if (known.type == type) return known.name;
  }
  return "video";
}

std::string_view audience(TokenType type) noexcept {
  for (const TypeNames& known : kTypes) {
    if (known.type == type) return known.audience;
  }
  return "v";
}

Result<std::chrono::seconds> parse_lifetime(std::string_view text) {
  const std::string_view trimmed = trim(text);
  const auto refuse = [&] {
    return usage(fmt::format("'{}' is no lifetime", shorten(text, 40)),
                 "write a whole number and a unit, such as 90s, 30m, 12h or 7d");
  };
  const auto digits = std::min(trimmed.find_first_not_of("0123456789"), trimmed.size());
  const auto number = parse_u64(trimmed.substr(0, digits));
  if (!number || *number > 1'000'000'000'000ULL) return refuse();
  const std::string_view unit = trim(trimmed.substr(digits));
  struct Unit {
    std::int64_t seconds;
    std::array<std::string_view, 5> words;
  };
  static constexpr auto kUnits = std::to_array<Unit>({
      {1, {"s", "sec", "secs", "second", "seconds"}},
      {60, {"m", "min", "mins", "minute", "minutes"}},
      {3600, {"h", "hr", "hrs", "hour", "hours"}},
      {86'400, {"d", "day", "days", "d", "d"}},
      {604'800, {"w", "week", "weeks", "w", "w"}},
      {31'536'000, {"y", "yr", "yrs", "year", "years"}},
  });
  std::int64_t factor = 0;
  if (unit.empty()) factor = 1;
  for (const Unit& known : kUnits) {
    if (std::find(known.words.begin(), known.words.end(), unit) != known.words.end()) {
      factor = known.seconds;
    }
  }
  if (factor == 0) return refuse();
  // 1000 years is beyond every meaning, and far from overflow.
  constexpr std::int64_t kLongest = 31'536'000LL * 1000;
  if (*number == 0 || static_cast<std::int64_t>(*number) > kLongest / factor) return refuse();
  return std::chrono::seconds(static_cast<std::int64_t>(*number) * factor);
}

Result<std::string> sign_token(const TokenRequest& request, const SigningKey& key,
                               const Clock& clock) {
  if (request.subject.empty()) return usage("the token has no subject", "give a playback id");
  if (!is_utf8(request.subject)) return usage("the token's subject is not UTF-8");
  if (request.lifetime < std::chrono::seconds(1)) {
    return usage("the token's lifetime is below 1 s", "give one such as 12h");
  }
  if (key.id.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "the signing key has no id",
                 .hint = "set MUX_SIGNING_KEY to the id that came with MUX_PRIVATE_KEY"};
  }
  Json claims = Json::object();
  if (request.params != nullptr && !request.params->is_null()) {
    if (!request.params->is_object()) return usage("the token's parameters are no object");
    claims = *request.params;
    normalize_numbers(claims);
  }
  if (!request.allow_reserved_params) {
    for (const std::string_view name : kReserved) {
      if (claims.contains(std::string(name))) {
        return usage(fmt::format("parameter '{}' is set by the token itself", name),
                     "leave it out");
      }
    }
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
  claims["kid"] = key.id;
  claims["sub"] = request.subject;
  claims["aud"] = std::string(audience(request.type));
  claims["exp"] = (now + request.lifetime).time_since_epoch().count();
  TS_TRY(const auto private_key, crypto::RsaPrivateKey::parse(key.private_key));
  return crypto::jwt_rs256(R"({"alg":"RS256","typ":"JWT"})", dump_json(claims), private_key);
}

}  // namespace ts::mux
