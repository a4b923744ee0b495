// SPDX-License-Identifier: Apache-2.0
// Signing keys and the tokens of signed URLs.
#include "crypto/encoding.hpp"
#include "crypto/jwt.hpp"
#include "crypto/rsa_jwk.hpp"
#include "sandbox/cloudflare_internal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::sandbox {
namespace {

using cloudflare::bad;
using cloudflare::not_found;
using cloudflare::ok;
using cloudflare::refused;
using cloudflare::wrong_method;

/// What the account may have at once.
constexpr std::size_t kMostKeys = 1000;
constexpr seconds kLife{3600};
constexpr seconds kLongestLife{24 * 3600};
constexpr double kLatest = 1e11;

void check_rules(FieldCheck& check, const Json& body) {
  if (!check.list("accessRules", 100)) return;
  for (std::size_t i = 0; i < body["accessRules"].size(); ++i) {
    const auto& rule = body["accessRules"][i];
    FieldCheck one(rule, fmt::format("accessRules[{}].", i));
    if (!one.one_of("type", {"any", "ip.src", "ip.geoip.country"})) {
      one.fail("accessRules needs a type");
    }
    if (!one.one_of("action", {"allow", "block"})) one.fail("accessRules needs an action");
    one.list("ip", 100);
    one.list("country", 300);
    one.no_others();
    check.add(one);
  }
}

}  // namespace

Reply CloudflareService::Impl::key_calls(const Call& call, const std::vector<std::string>& parts) {
  if (parts.size() == 1) {
    if (call.method != "DELETE") return wrong_method();
    // With the key all its tokens end.
    if (keys.erase(parts[0]) == 0) return not_found();
    std::erase(key_order, parts[0]);
    return ok("");
  }
  if (!parts.empty()) return not_found();
  if (call.method == "GET") {
    Json list = Json::array();
    for (const auto& id : key_order) {
      list.push_back({{"id", id}, {"created", keys.at(id).created}});
    }
    return ok(std::move(list));
  }
  if (call.method != "POST") return wrong_method();
  if (keys.size() >= kMostKeys) return bad("the account has as many keys as it may");
  if (!options.make_signing_key) return cloudflare_error(500, 10000, "no key can be made here");
  auto encoded = options.make_signing_key();
  if (!encoded) return cloudflare_error(500, 10000, encoded.error().message);
  const auto id = new_uid();
  const auto key = crypto::RsaPrivateKey::parse(Secret(encoded.value()));
  if (!key) return cloudflare_error(500, 10000, key.error().message);
  const auto jwk = crypto::private_jwk(key.value(), id);
  if (!jwk) return cloudflare_error(500, 10000, jwk.error().message);
  keys[id] = {.created = now_text(), .encoded_pem = encoded.value()};
  key_order.push_back(id);
  return ok({{"id", id},
             {"pem", encoded.value()},
             {"jwk", crypto::base64_encode(jwk.value().reveal())},
             {"created", keys[id].created}});
}

Reply CloudflareService::Impl::make_token(const Call& call, const std::string& uid,
                                          const Json& body) {
  if (call.method != "POST") return wrong_method();
  if (find_input(uid) == nullptr && !videos_by_uid.contains(uid)) return not_found();
  const auto now = std::chrono::duration_cast<seconds>(clock.now().time_since_epoch()).count();
  FieldCheck check(body);
  check.text("id", 64);
  check.text("pem", 16'384);
  check.flag("downloadable");
  check.object("flags");
  check_rules(check, body);
  const bool ends = check.number("exp", 0, kLatest);
  const bool begins = check.number("nbf", 0, kLatest);
  check.no_others();
  const auto exp = ends ? body["exp"].get<std::int64_t>() : now + kLife.count();
  if (ends && exp <= now) check.fail("exp must be in the future");
  if (ends && exp > now + kLongestLife.count()) {
    check.fail("exp must be at most 24 hours from now");
  }
  if (begins && body["nbf"].get<std::int64_t>() > exp) check.fail("nbf must be before exp");
  if (body.contains("id") != body.contains("pem")) check.fail("id and pem go together");
  if (auto wrong = refused(check)) return *wrong;

  std::string key_id = account_key_id;
  std::string encoded = account_key;
  if (body.contains("id")) {
    key_id = body["id"].get<std::string>();
    encoded = body["pem"].get<std::string>();
    if (!keys.contains(key_id)) return bad("id names no signing key of this account");
  } else if (encoded.empty()) {
    if (!options.make_signing_key) return cloudflare_error(500, 10000, "no key can be made here");
    auto made = options.make_signing_key();
    if (!made) return cloudflare_error(500, 10000, made.error().message);
    account_key = encoded = std::move(made).value();
    account_key_id = key_id = new_uid();
  }
  const auto key = crypto::RsaPrivateKey::parse(Secret(encoded));
  if (!key) return bad("pem is no signing key");
  Json claims{{"sub", uid}, {"kid", key_id}, {"exp", exp}};
  claims["nbf"] = begins ? body["nbf"].get<std::int64_t>() : now - kLife.count();
  for (const auto* name : {"accessRules", "downloadable", "flags"}) {
    if (body.contains(name)) claims[name] = body[name];
  }
  const auto token = crypto::jwt_rs256(dump_json(Json{{"alg", "RS256"}, {"kid", key_id}}),
                                       dump_json(claims), key.value());
  if (!token) return cloudflare_error(500, 10000, token.error().message);
  return ok({{"token", token.value()}});
}

std::optional<std::string> CloudflareService::signing_key(std::string_view id) const {
  if (!id.empty() && id == impl_->account_key_id) return impl_->account_key;
  const auto found = impl_->keys.find(id);
  if (found == impl_->keys.end()) return std::nullopt;
  return found->second.encoded_pem;
}

}  // namespace ts::sandbox
