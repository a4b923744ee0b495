// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "mux/types.hpp"
#include "webhook/webhook.hpp"

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): of CLI11
class App;
}

namespace ts::cli {

/// An address that a vendor posts its webhooks to, whoever's.
struct WebhookEndpoint {
  webhook::Provider provider = webhook::Provider::kMux;
  std::string id{};
  std::string url{};
  bool enabled = true;
  std::string created{};
};

Json endpoint_json(const WebhookEndpoint& endpoint);
WebhookEndpoint endpoint_of(const mux::WebhookEndpoint& endpoint);
/// Of Cloudflare's answer; its `url` is empty where the account posts nowhere.
Result<WebhookEndpoint> cloudflare_endpoint(const Json& answer);

/// LiveKit has no call for it: prints what to do in the dashboard, or in the server's own
/// configuration, for `url` (may be empty).
Status report_livekit_steps(const std::string& url, Context& context);

/// Declares --provider.
void add_provider_option(CLI::App& app, std::string& provider, bool required);

}  // namespace ts::cli
