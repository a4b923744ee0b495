// SPDX-License-Identifier: Apache-2.0
// What belongs to an environment of Mux rather than to one stream: signing keys, webhook endpoints,
// playback restrictions.
#include "net/url.hpp"
#include "sandbox/mux_fields.hpp"
#include "sandbox/mux_internal.hpp"

#include <fmt/format.h>

namespace ts::sandbox {
namespace {

Reply data(int status, Json value) {
  return {status, "application/json", dump_json(Json{{"data", std::move(value)}})};
}
Reply empty() { return {204, "", ""}; }
Reply not_found() {
  return mux_error(404, "not_found",
                   "The requested resource either doesn't exist or you don't "
                   "have access to it.");
}
Reply wrong_method() { return mux_error(405, "invalid_request", "The method is not allowed."); }

std::optional<Reply> refused(const FieldCheck& check) {
  if (check.errors().empty()) return std::nullopt;
  return Reply{
      400, "application/json",
      dump_json(Json{{"error", {{"type", "invalid_parameters"}, {"messages", check.errors()}}}})};
}

void check_referrer(FieldCheck& check, const Json& body) {
  if (check.list("allowed_domains", 100)) {
    for (const auto& domain : body["allowed_domains"]) {
      if (!domain.is_string()) check.fail("allowed_domains must hold strings");
    }
  }
  check.flag("allow_no_referrer");
  check.no_others();
}

void check_user_agent(FieldCheck& check) {
  check.flag("allow_no_user_agent");
  check.flag("allow_high_risk_user_agent");
  check.no_others();
}

}  // namespace

Reply MuxService::Impl::system_calls(std::string_view method, const std::vector<std::string>& parts,
                                     const Json& body) {
  if (parts.size() == 1 && parts[0] == "whoami" && method == "GET") {
    return data(200, {{"environment_id", "sandbox"},
                      {"environment_name", "Sandbox"},
                      {"environment_type", "development"},
                      {"organization_id", "sandbox"},
                      {"organization_name", "ts sandbox"},
                      {"permissions",
                       Json::array({"video:read", "video:write", "system:read", "system:write"})}});
  }
  const std::vector<std::string> rest(parts.begin() + 1, parts.end());
  if (parts[0] == "signing-keys") return signing_key_calls(method, rest);
  if (parts[0] == "webhooks") return webhook_calls(method, rest, body);
  return not_found();
}

Reply MuxService::Impl::signing_key_calls(std::string_view method,
                                          const std::vector<std::string>& parts) {
  if (parts.empty()) {
    if (method == "GET") {
      Json list = Json::array();
      for (const auto& [id, key] : signing_keys) list.push_back(key.data);
      return data(200, std::move(list));
    }
    if (method != "POST") return wrong_method();
    if (!options.make_signing_key) return not_found();
    auto made = options.make_signing_key();
    if (!made) return mux_error(500, "internal", made.error().message);
    const auto id = new_id();
    auto& key = signing_keys[id];
    key.encoded_pem = std::move(made).value();
    key.data = {{"id", id}, {"created_at", now_text()}};
    auto answer = key.data;
    answer["private_key"] = key.encoded_pem;
    return data(201, std::move(answer));
  }
  const auto found = signing_keys.find(parts[0]);
  if (parts.size() != 1 || found == signing_keys.end()) return not_found();
  if (method == "GET") return data(200, found->second.data);
  if (method != "DELETE") return wrong_method();
  signing_keys.erase(found);
  return empty();
}

void MuxService::Impl::tell_endpoints() {
  WebhookEndpoints said{.vendor = Vendor::kMux};
  for (const auto& [id, endpoint] : webhooks) {
    if (!endpoint.data.value("enabled", true)) continue;
    said.endpoints.push_back(
        {.url = endpoint.data.value("address", std::string()), .secret = Secret(endpoint.secret)});
  }
  effects.push_back(std::move(said));
}

Reply MuxService::Impl::webhook_calls(std::string_view method,
                                      const std::vector<std::string>& parts, const Json& body) {
  const auto check_body = [&](FieldCheck& check, const std::string& own) {
    if (check.text("address", 2048)) {
      const auto address = body["address"].get<std::string>();
      const auto url = net::Url::parse(address);
      if (!url || (url.value().scheme != "http" && url.value().scheme != "https")) {
        check.fail("address must be an http(s) URL");
      }
      for (const auto& [id, endpoint] : webhooks) {
        if (id != own && endpoint.data["address"] == address) check.fail("address is taken");
      }
    }
    check.flag("enabled");
    check.no_others();
  };
  if (parts.empty()) {
    if (method == "GET") {
      Json list = Json::array();
      for (const auto& [id, endpoint] : webhooks) list.push_back(endpoint.data);
      return data(200, std::move(list));
    }
    if (method != "POST") return wrong_method();
    FieldCheck check(body);
    check_body(check, "");
    if (!body.contains("address")) check.fail("address is required");
    if (auto wrong = refused(check)) return *wrong;
    const auto id = new_id();
    auto& endpoint = webhooks[id];
    endpoint.secret = options.random(32);
    endpoint.data = {{"id", id},
                     {"address", body["address"]},
                     {"enabled", body.value("enabled", true)},
                     {"created_at", now_text()}};
    tell_endpoints();
    auto answer = endpoint.data;
    answer["signing_secret"] = endpoint.secret;
    return data(201, std::move(answer));
  }
  const auto found = webhooks.find(parts[0]);
  if (parts.size() != 1 || found == webhooks.end()) return not_found();
  if (method == "GET") return data(200, found->second.data);
  if (method == "PATCH") {
    FieldCheck check(body);
    check_body(check, found->first);
    if (auto wrong = refused(check)) return *wrong;
    found->second.data.update(body);
    tell_endpoints();
    return data(200, found->second.data);
  }
  if (method != "DELETE") return wrong_method();
  webhooks.erase(found);
  tell_endpoints();
  return empty();
}

Reply MuxService::Impl::restriction_calls(std::string_view method,
                                          const std::vector<std::string>& parts, const Json& body) {
  if (parts.empty()) {
    if (method == "GET") {
      Json list = Json::array();
      for (const auto& [id, restriction] : restrictions) list.push_back(restriction);
      return data(200, std::move(list));
    }
    if (method != "POST") return wrong_method();
    FieldCheck check(body);
    if (check.object("referrer")) {
      FieldCheck nested(body["referrer"], "referrer.");
      check_referrer(nested, body["referrer"]);
      check.add(nested);
    }
    if (check.object("user_agent")) {
      FieldCheck nested(body["user_agent"], "user_agent.");
      check_user_agent(nested);
      check.add(nested);
    }
    check.no_others();
    if (auto wrong = refused(check)) return *wrong;
    const auto id = new_id();
    auto& made = restrictions[id];
    made = {
        {"id", id},
        {"created_at", now_text()},
        {"updated_at", now_text()},
        {"referrer", {{"allowed_domains", Json::array()}, {"allow_no_referrer", false}}},
        {"user_agent", {{"allow_no_user_agent", false}, {"allow_high_risk_user_agent", false}}}};
    for (const auto* key : {"referrer", "user_agent"}) {
      if (body.contains(key)) made[key].update(body[key]);
    }
    return data(201, made);
  }
  const auto found = restrictions.find(parts[0]);
  if (found == restrictions.end()) return not_found();
  auto& restriction = found->second;
  if (parts.size() == 1) {
    if (method == "GET") return data(200, restriction);
    if (method != "DELETE") return wrong_method();
    restrictions.erase(found);
    return empty();
  }
  if (parts.size() != 2 || (parts[1] != "referrer" && parts[1] != "user_agent")) {
    return not_found();
  }
  if (method != "PUT") return wrong_method();
  FieldCheck check(body);
  if (parts[1] == "referrer") {
    check_referrer(check, body);
  } else {
    check_user_agent(check);
  }
  if (auto wrong = refused(check)) return *wrong;
  restriction[parts[1]].update(body);
  restriction["updated_at"] = now_text();
  return data(200, restriction);
}

Json MuxService::restriction(std::string_view id) const {
  const auto found = impl_->restrictions.find(id);
  return found == impl_->restrictions.end() ? Json() : found->second;
}

}  // namespace ts::sandbox
