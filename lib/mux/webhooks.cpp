// SPDX-License-Identifier: Apache-2.0
// Where Mux posts an environment's events to.
#include "client_internal.hpp"

#include "mux/client.hpp"
#include "mux/wire.hpp"

#include <fmt/format.h>

namespace ts::mux {

Result<WebhookEndpoint> MuxClient::create_webhook(std::string_view address, std::stop_token stop) {
  if (address.empty() || address.size() > 2048) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "a webhook address has 1 to 2048 bytes",
                 .hint = "give the public https:// address of the receiver"};
  }
  const Json body{{"address", std::string(address)}};
  return create_once<WebhookEndpoint>(
      {.method = "POST",
       .path = "/system/v1/webhooks",
       .body = &body,
       .what = "create webhook endpoint"},
      &read_webhook_endpoint,
      [&]() -> Result<std::optional<WebhookEndpoint>> {
        TS_TRY(auto present, list_webhooks(stop));
        for (WebhookEndpoint& candidate : present) {
          if (candidate.address == address) return std::optional(std::move(candidate));
        }
        return std::optional<WebhookEndpoint>{};
      },
      stop);
}

Result<std::vector<WebhookEndpoint>> MuxClient::list_webhooks(std::stop_token stop) {
  TS_TRY(const auto all, pages({.path = "/system/v1/webhooks",
                                .query = {{"limit", "100"}},
                                .what = "webhook endpoints"},
                               stop));
  return read_list(all, &read_webhook_endpoint);
}

Status MuxClient::delete_webhook(std::string_view id, std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(id, "webhook endpoint id"));
  return act({.method = "DELETE",
              .path = "/system/v1/webhooks/" + segment,
              .what = fmt::format("webhook endpoint '{}'", id),
              .no_answer = true},
             stop);
}

}  // namespace ts::mux
