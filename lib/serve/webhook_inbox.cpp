// SPDX-License-Identifier: Apache-2.0
#include "serve/webhook_inbox.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace ts::serve {
namespace {

int status_of(const webhook::Verdict& verdict) {
  if (verdict.reason == "no-secret") return 503;
  if (verdict.reason == "body-too-large") return 413;
  if (verdict.reason.starts_with("body_")) return 422;
  return 401;
}

/// What is wrong with a genuine body that is no event, in the words of `webhook::verify`.
std::string_view body_fault(std::string_view body) {
  if (body.empty()) return "body_empty";
  if (!is_utf8(body)) return "body_not_utf8";
  const auto json = parse_json(body, "the body", ErrorKind::kRemote,
                               {.max_bytes = webhook::kMaxBodyBytes, .max_depth = 512});
  return json.ok() ? "body_not_event" : "body_not_json";
}

}  // namespace

WebhookInbox::WebhookInbox(store::Database& database, const Clock& clock, InboxOptions options)
    : database_(database), clock_(clock), options_(std::move(options)) {}

Receipt WebhookInbox::receive(webhook::Provider provider, const webhook::Headers& headers,
                              std::string_view body) {
  static const webhook::Credentials kNone;
  Receipt receipt;
  const auto found = options_.credentials.find(provider);
  receipt.verdict = webhook::verify(provider, {.headers = headers, .body = body},
                                    found == options_.credentials.end() ? kNone : found->second,
                                    clock_.now(), options_.verify);
  if (!receipt.verdict.accepted) {
    receipt.status = status_of(receipt.verdict);
    return receipt;
  }
  auto event = webhook::parse_event(provider, body);
  if (!event.ok()) {
    // Genuine all the same: refused for good, so that the sender stops.
    receipt.verdict.accepted = false;
    receipt.verdict.reason = body_fault(body);
    receipt.verdict.detail = fmt::format("the signature is right, but {}", event.error().message);
    receipt.status = 422;
    return receipt;
  }
  receipt.event = std::move(event).value();
  receipt.row = {.provider = std::string(webhook::to_string(provider)),
                 .event_id = receipt.event.id,
                 .type = receipt.event.type,
                 .dedupe_key = receipt.event.dedupe_key,
                 .received_at = clock_.now(),
                 .headers = headers,
                 .body = std::string(body)};
  const auto appended = store::append_event(database_, receipt.row);
  if (!appended.ok()) {
    receipt.verdict.accepted = false;
    receipt.verdict.reason = "not_stored";
    receipt.verdict.detail = appended.error().message;
    receipt.status = 503;
    return receipt;
  }
  receipt.row.seq = appended.value().seq;
  receipt.repeated = !appended.value().inserted;
  receipt.status = 200;
  return receipt;
}

httpd::Response WebhookInbox::answer(webhook::Provider provider, const httpd::Request& request) {
  const webhook::Headers headers(request.headers.begin(), request.headers.end());
  const auto receipt = receive(provider, headers, request.body);
  if (options_.on_receipt) options_.on_receipt(provider, receipt);
  if (receipt.status == 200) return httpd::Response::text(200, "ok\n");
  // The reason is a fixed word; details could help a forger.
  return httpd::Response::text(
      receipt.status,
      fmt::format("{}\n", receipt.status == 503 ? "try again later" : receipt.verdict.reason));
}

void WebhookInbox::mount(httpd::Router& router) {
  const httpd::RouteOptions limits{.max_body_bytes = webhook::kMaxBodyBytes};
  const auto add = [&](const char* path, webhook::Provider provider) {
    router.on(
        "POST", path,
        [this, provider](const httpd::Request& request) { return answer(provider, request); },
        limits);
  };
  add("/api/livekit/webhook", webhook::Provider::kLivekit);
  add("/api/webhooks/livekit", webhook::Provider::kLivekit);
  add("/api/webhooks/mux", webhook::Provider::kMux);
  add("/api/webhooks/cloudflare", webhook::Provider::kCloudflare);
}

void WebhookInbox::mount_everywhere(httpd::Router& router) {
  mount(router);
  router.on("POST", "/{path*}",
            [this](const httpd::Request& request) {
              const webhook::Headers headers(request.headers.begin(), request.headers.end());
              const auto provider = webhook::guess_provider({.headers = headers});
              if (!provider) return httpd::Response::text(401, "no signature header\n");
              return answer(*provider, request);
            },
            {.max_body_bytes = webhook::kMaxBodyBytes});
}

}  // namespace ts::serve
