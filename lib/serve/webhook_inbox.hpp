// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "httpd/router.hpp"
#include "store/database.hpp"
#include "store/events.hpp"
#include "webhook/event.hpp"
#include "webhook/webhook.hpp"

#include <functional>
#include <map>
#include <string>

namespace ts::serve {

/// What became of one delivery.
struct Receipt {
  int status = 0;  ///< What the sender is answered.
  /// Of the signature, and of the rest once that is right: a genuine delivery that was refused is
  /// not accepted either, with a reason of "body_…" or "not_stored".
  webhook::Verdict verdict{};
  store::EventRow row{};  ///< As stored; `seq` is 0 when it was not.
  webhook::Event event{};
  bool repeated = false;  ///< Stored before: a retry of the sender.
};

struct InboxOptions {
  /// Providers without an entry are answered 503: the sender keeps trying.
  std::map<webhook::Provider, webhook::Credentials> credentials{};
  webhook::VerifyOptions verify{};
  /// Told of every delivery after it was answered or refused; from any worker thread.
  std::function<void(webhook::Provider, const Receipt&)> on_receipt{};
};

/// Receives webhooks: verifies the raw bytes, stores genuine ones durably, answers 200. A repeated
/// delivery is answered 200 and stored once. Thread-safe.
class WebhookInbox {
 public:
  /// @param database, clock  outlive the inbox.
  WebhookInbox(store::Database& database, const Clock& clock, InboxOptions options);

  /// One delivery. The answer: 200 stored (or stored before), 401 not genuine, 413 too large,
  /// 422 genuine but no event, 503 when it cannot be verified or stored now.
  Receipt receive(webhook::Provider provider, const webhook::Headers& headers,
                  std::string_view body);

  /// POST /api/webhooks/{livekit,mux,cloudflare} and /api/livekit/webhook.
  void mount(httpd::Router& router);
  /// POST to any path: the provider is told by its headers. For `ts webhook listen`.
  void mount_everywhere(httpd::Router& router);

 private:
  httpd::Response answer(webhook::Provider provider, const httpd::Request& request);

  store::Database& database_;
  const Clock& clock_;
  InboxOptions options_;
};

}  // namespace ts::serve
