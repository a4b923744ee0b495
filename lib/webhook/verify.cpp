// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "livekit/access_token.hpp"
#include "webhook/alteration_internal.hpp"
#include "webhook/event.hpp"
#include "webhook/event_internal.hpp"
#include "webhook/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ts::webhook {
namespace {

/// How one provider writes time and tags in its signature header.
struct Scheme {
  std::string_view header;
  std::string_view time_name;
  std::string_view tag_name;
  std::string_view bad_time;  ///< The provider family's reason words.
  std::string_view no_tag;
};
constexpr Scheme kMuxScheme{"mux-signature", "t", "v1", "bad-timestamp", "no-v1"};
constexpr Scheme kCloudflareScheme{"webhook-signature", "time", "sig1", "bad-time", "no-sig1"};

Verdict refuse(std::string_view reason, std::string detail, std::string hint = {}) {
  Verdict verdict;
  verdict.reason = reason;
  verdict.detail = std::move(detail);
  verdict.hint = std::move(hint);
  return verdict;
}

Verdict no_secret(Provider provider) {
  return refuse("no-secret",
                fmt::format("there is no {} webhook secret to verify with", to_string(provider)));
}

bool has_secret(const Credentials& credentials) {
  return std::any_of(credentials.secrets.begin(), credentials.secrets.end(),
                     [](const Secret& secret) { return !secret.empty(); });
}

/// Seconds since 1970 in plain digits without leading zeros.
std::optional<std::uint64_t> plain_seconds(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_u64(text);
}

/// Which of the secrets made one of the tags over "time.body".
std::optional<std::size_t> matching_secret(const Credentials& credentials, std::string_view time,
                                           std::string_view body,
                                           const std::vector<std::string_view>& tags) {
  for (std::size_t i = 0; i < credentials.secrets.size(); ++i) {
    if (credentials.secrets[i].empty()) continue;
    const auto tag = crypto::hmac_sha256(credentials.secrets[i].reveal(), {time, ".", body});
    const std::string hex = crypto::hex_encode(crypto::bytes_of(tag));
    bool found = false;
    // Every tag is compared, in constant time each.
    for (const auto candidate : tags) found |= crypto::constant_time_equal(hex, candidate);
    if (found) return i;
  }
  return std::nullopt;
}

/// @param altered  whether it is known already that the body is not the signed one.
void explain_alteration(Verdict& verdict, const Delivery& delivery, bool altered,
                        const std::function<bool(std::string_view)>& is_signed_body) {
  auto found = find_alteration(delivery.body, is_signed_body);
  verdict.alteration = found.alteration;
  if (found.detail.empty()) return;
  if (altered || found.proven) {
    verdict.detail = "the body was altered on its way: " + found.detail;
    verdict.hint = std::move(found.hint);
    return;
  }
  // A sign of it is no proof: another secret gives the same mismatch.
  verdict.detail = "no signature matches: the body may have been altered on its way (" +
                   found.detail + "), or the secret is another one";
  verdict.hint = found.hint + "; compare the secret with the endpoint's";
}

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Every value of a header, as HTTP joins them.
std::string joined_header(std::span<const std::pair<std::string, std::string>> headers,
                          std::string_view name) {
  std::string joined;
  for (const auto& [key, value] : headers) {
    if (!is_same_name(key, name)) continue;
    if (!joined.empty()) joined.append(", ");
    joined.append(value);
  }
  return joined;
}

Verdict verify_scheme(const Scheme& scheme, const Delivery& delivery,
                      const Credentials& credentials, WallTime now, const VerifyOptions& options) {
  const std::string header = joined_header(delivery.headers, scheme.header);
  const std::string_view value = trim(header);
  if (value.empty()) {
    return refuse("no-header", fmt::format("the request has no {} header", scheme.header),
                  "pass every header as received; a proxy may have dropped it");
  }
  std::optional<std::string_view> time_text;
  std::vector<std::string_view> tags;
  for (const auto item : split(value, ',')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      // The vendor's reader lets the last time count, and one without a value is none.
      if (item == scheme.time_name) time_text = std::string_view{};
      continue;
    }
    const auto name = item.substr(0, equals);
    if (name == scheme.time_name) time_text = item.substr(equals + 1);
    if (name == scheme.tag_name) tags.push_back(item.substr(equals + 1));
  }
  const auto time = time_text ? plain_seconds(*time_text) : std::nullopt;
  if (!time) {
    return refuse(
        scheme.bad_time,
        time_text ? fmt::format("{}='{}' is no time in whole seconds", scheme.time_name,
                                shorten(*time_text, 40))
                  : fmt::format("the {} header has no {}= part", scheme.header, scheme.time_name));
  }
  const auto signed_at = std::min<std::uint64_t>(*time, INT64_MAX);
  if (tags.empty()) {
    return refuse(scheme.no_tag,
                  fmt::format("the {} header has no {}= part", scheme.header, scheme.tag_name));
  }
  const auto secret = matching_secret(credentials, *time_text, delivery.body, tags);
  if (!secret) {
    auto verdict = refuse(
        "mismatch", "no signature matches: the secret is another one, or the body was altered",
        "compare the secret with the endpoint's; verify the raw bytes as received");
    verdict.signed_at = static_cast<std::int64_t>(signed_at);
    if (options.diagnose) {
      explain_alteration(verdict, delivery, false, [&](std::string_view candidate) {
        return matching_secret(credentials, *time_text, candidate, tags).has_value();
      });
    }
    return verdict;
  }
  Verdict verdict;
  verdict.signed_at = static_cast<std::int64_t>(signed_at);
  verdict.secret_index = secret;
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  // Both are below 2^63 and a real clock is far from its ends: no overflow.
  const std::int64_t age = now_seconds - *verdict.signed_at;
  if (age > options.tolerance.count()) {
    verdict.reason = "too-old";
    verdict.detail = fmt::format("it was signed {} s ago, beyond the tolerance of {} s", age,
                                 options.tolerance.count());
    verdict.hint = "a replay, or a queue held it: raise the tolerance only for known queues";
    return verdict;
  }
  if (-age > options.tolerance.count()) {
    verdict.reason = "too-new";
    verdict.detail =
        fmt::format("it was signed for a time {} s ahead, beyond the tolerance of {} s", -age,
                    options.tolerance.count());
    verdict.hint = "compare this machine's clock with the sender's: ts doctor";
    return verdict;
  }
  verdict.accepted = true;
  verdict.reason = "ok";
  return verdict;
}

/// The cf-webhook-auth header; an empty one says nothing: the destination has no secret.
std::optional<std::string_view> shared_secret(
    std::span<const std::pair<std::string, std::string>> headers) noexcept {
  const auto value = find_header(headers, "cf-webhook-auth");
  return value && trim(*value).empty() ? std::nullopt : value;
}

Verdict verify_cloudflare_live(std::string_view header, const Credentials& credentials) {
  Verdict verdict;
  for (std::size_t i = 0; i < credentials.secrets.size(); ++i) {
    if (!credentials.secrets[i].empty() &&
        crypto::constant_time_equal(credentials.secrets[i].reveal(), header)) {
      verdict.accepted = true;
      verdict.reason = "ok";
      verdict.secret_index = i;
      return verdict;
    }
  }
  return refuse("mismatch", "the cf-webhook-auth header holds another secret",
                "compare it with the secret of the notification destination");
}

/// The digest of the body in another spelling than LiveKit's, by name; empty when it is another
/// digest.
std::string_view other_spelling(std::string_view claimed, std::string_view body) {
  const auto digest = crypto::sha256(body);
  const auto bytes = crypto::bytes_of(digest);
  if (to_lower(claimed) == crypto::hex_encode(bytes)) return "hex";
  std::string standard(trim(claimed));
  const bool url = standard.find_first_of("-_") != std::string::npos;
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0 && standard.size() < 44) standard.push_back('=');
  if (standard != crypto::base64_encode(bytes)) return {};
  return url ? "base64url" : "base64 without its padding or with blanks";
}

/// What the SDKs refuse after the signature: bodies that are no event.
Verdict check_livekit_body(const Delivery& delivery, Verdict verdict) {
  const auto reject = [&verdict](std::string_view reason, std::string detail) {
    verdict.accepted = false;
    verdict.reason = reason;
    verdict.detail = std::move(detail);
    return std::move(verdict);
  };
  if (is_usual_livekit_event(delivery.body)) return verdict;
  if (delivery.body.empty())
    return reject("body_empty", "the signature is right, of an empty body");
  if (!is_utf8(delivery.body)) return reject("body_not_utf8", "the signed body is not UTF-8");
  if (delivery.body.starts_with("\xEF\xBB\xBF")) {
    return reject("body_not_json", "the signed body begins with a byte order mark");
  }
  const auto json = parse_json(delivery.body, "the body", ErrorKind::kRemote,
                               {.max_bytes = kMaxBodyBytes, .max_depth = 512});
  if (!json.ok()) return reject("body_not_json", json.error().message);
  if (const auto event = parse_event(Provider::kLivekit, json.value(), delivery.body);
      !event.ok()) {
    return reject("body_not_event", event.error().message);
  }
  return verdict;
}

Verdict verify_livekit(const Delivery& delivery, const Credentials& credentials, WallTime now,
                       const VerifyOptions& options) {
  const auto header = find_header(delivery.headers, "authorization");
  if (!header || header->empty()) {
    return refuse("missing_header", "the request has no Authorization header",
                  "pass every header as received; some proxies drop this one");
  }
  livekit::TokenVerdict token;
  std::size_t index = 0;
  for (std::size_t i = 0; i < credentials.secrets.size(); ++i) {
    if (credentials.secrets[i].empty()) continue;
    token = livekit::verify_token(*header, credentials.livekit_key, credentials.secrets[i], now,
                                  {.leeway = options.leeway});
    index = i;
    if (token.fault != livekit::TokenFault::kBadSignature) break;
  }
  if (!token.accepted()) {
    auto verdict = refuse(livekit::to_string(token.fault), token.detail, token.hint);
    if (token.fault == livekit::TokenFault::kBadSignature) {
      verdict.detail = "the token is signed with another secret";
      verdict.hint = "compare LIVEKIT_API_SECRET with the server's webhook key";
    }
    // What the token's own reader advises is about tokens that people mint.
    if (token.fault == livekit::TokenFault::kExpired) {
      verdict.hint =
          "a replay, or a queue held it: have it sent again, or sign the same bytes anew with ts "
          "webhook sign (ts webhook replay --resign)";
    } else if (token.fault == livekit::TokenFault::kMissingExpiry) {
      verdict.hint = "livekit-server's own have one: look at what signs these";
    }
    return verdict;
  }
  Verdict verdict;
  verdict.secret_index = index;
  verdict.signed_at = token.claims.not_before;
  const std::string& claimed = token.claims.sha256;
  if (claimed.empty()) {
    verdict.reason = "checksum_missing";
    verdict.detail = "the token is genuine but vouches for no body (it has no sha256)";
    verdict.hint = "this is an API or join token, not a webhook's";
    return verdict;
  }
  const auto checksum = [](std::string_view body) {
    return crypto::base64_encode(crypto::bytes_of(crypto::sha256(body)));
  };
  if (!crypto::constant_time_equal(checksum(delivery.body), claimed)) {
    verdict.reason = "checksum_mismatch";
    verdict.detail = "the token is genuine, but of another body: it was altered on its way";
    verdict.hint = "verify the raw bytes before anything parses them";
    if (const auto spelling = other_spelling(claimed, delivery.body); !spelling.empty()) {
      verdict.detail = fmt::format(
          "the sha256 claim is the digest of this body, but in {} instead of base64", spelling);
      verdict.hint = "have the sender write it in standard base64 with padding";
    } else if (options.diagnose) {
      explain_alteration(verdict, delivery, true, [&](std::string_view candidate) {
        return checksum(candidate) == claimed;
      });
    }
    return verdict;
  }
  verdict.accepted = true;
  verdict.reason = "ok";
  return check_livekit_body(delivery, std::move(verdict));
}

}  // namespace

Verdict verify(Provider provider, const Delivery& delivery, const Credentials& credentials,
               WallTime now, const VerifyOptions& options) {
  if (!has_secret(credentials) ||
      (provider == Provider::kLivekit && credentials.livekit_key.empty())) {
    return no_secret(provider);
  }
  if (delivery.body.size() > kMaxBodyBytes) {
    return refuse("body-too-large", fmt::format("the body has {} bytes, above the limit of {}",
                                                delivery.body.size(), kMaxBodyBytes));
  }
  switch (provider) {
    case Provider::kLivekit:
      return verify_livekit(delivery, credentials, now, options);
    case Provider::kMux:
      return verify_scheme(kMuxScheme, delivery, credentials, now, options);
    case Provider::kCloudflare: {
      const auto shared = shared_secret(delivery.headers);
      if (shared && !find_header(delivery.headers, kCloudflareScheme.header)) {
        return verify_cloudflare_live(*shared, credentials);
      }
      return verify_scheme(kCloudflareScheme, delivery, credentials, now, options);
    }
  }
  return refuse("unknown-provider", "an unknown provider");
}

std::optional<std::string_view> find_header(
    std::span<const std::pair<std::string, std::string>> headers, std::string_view name) noexcept {
  for (const auto& [key, value] : headers) {
    if (is_same_name(key, name)) return value;
  }
  return std::nullopt;
}

std::optional<Provider> guess_provider(const Delivery& delivery) noexcept {
  if (find_header(delivery.headers, kMuxScheme.header)) return Provider::kMux;
  if (find_header(delivery.headers, kCloudflareScheme.header) || shared_secret(delivery.headers)) {
    return Provider::kCloudflare;
  }
  if (find_header(delivery.headers, "authorization")) return Provider::kLivekit;
  return std::nullopt;
}

}  // namespace ts::webhook
