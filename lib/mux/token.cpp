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
#include <charconv>
#include <cmath>
#include <cstdlib>

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

/// A number as JavaScript prints it (ECMAScript, Number::toString): 1, 0.000001, 1e-7, 1e+21.
std::string javascript_number(double value) {
  if (value == 0) return "0";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view shortest(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = shortest.find('e');
  std::string digits(shortest.substr(0, 1));
  if (e > 2) digits += shortest.substr(2, e - 2);
  int exponent = 0;
  const auto* const from = shortest.data() + e + (shortest[e + 1] == '+' ? 2 : 1);
  std::from_chars(from, shortest.data() + shortest.size(), exponent);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // places before the decimal point
  std::string out;
  if (count <= point && point <= 21) {
    out = digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out = digits.substr(0, static_cast<std::size_t>(point)) + "." +
          digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out = "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    out = digits.substr(0, 1) + (count > 1 ? "." + digits.substr(1) : "") +
          fmt::format("e{}{}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  return value < 0 ? "-" + out : out;
}

bool has_odd_number(const Json& json) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53U;
  if (json.is_number_float()) return true;
  if (json.is_number_unsigned()) {
    return json.get<std::uint64_t>() > static_cast<std::uint64_t>(kExact);
  }
  if (json.is_number_integer()) {
    return json.get<std::int64_t>() < -kExact || json.get<std::int64_t>() > kExact;
  }
  return json.is_structured() && std::any_of(json.begin(), json.end(), has_odd_number);
}

/// JSON text as JavaScript writes it, so that a token equals the SDK's. What nlohmann prints
/// differently are numbers alone.
std::string javascript_json(const Json& json) {
  if (!has_odd_number(json)) return dump_json(json);
  if (json.is_number()) return javascript_number(json.get<double>());
  std::string out;
  if (json.is_array()) {
    for (const Json& item : json) out += (out.empty() ? "" : ",") + javascript_json(item);
    return "[" + out + "]";
  }
  for (const auto& [name, item] : json.items()) {
    out += (out.empty() ? "" : ",") + dump_json(Json(name)) + ":" + javascript_json(item);
  }
  return "{" + out + "}";
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
  return crypto::jwt_rs256(R"({"alg":"RS256","typ":"JWT"})", javascript_json(claims), private_key);
}

}  // namespace ts::mux
