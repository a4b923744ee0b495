// SPDX-License-Identifier: Apache-2.0
#include "webhook_endpoints.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {

Json endpoint_json(const WebhookEndpoint& endpoint) {
  Json json{{"provider", webhook::to_string(endpoint.provider)},
            {"id", endpoint.id},
            {"url", endpoint.url},
            {"enabled", endpoint.enabled}};
  if (!endpoint.created.empty()) json["created_at"] = endpoint.created;
  return json;
}

WebhookEndpoint endpoint_of(const mux::WebhookEndpoint& endpoint) {
  return {.provider = webhook::Provider::kMux,
          .id = endpoint.id,
          .url = endpoint.address,
          .enabled = endpoint.enabled,
          .created = endpoint.created_at ? format_rfc3339(*endpoint.created_at) : std::string()};
}

Result<WebhookEndpoint> cloudflare_endpoint(const Json& answer) {
  const JsonReader reader(answer, ErrorKind::kRemote, "$.result");
  WebhookEndpoint out{.provider = webhook::Provider::kCloudflare, .id = "account"};
  if (!reader.is_object()) return out;
  TS_TRY(const auto url, reader.find_any({"notificationUrl", "notification_url"}));
  if (url) {
    TS_TRY(out.url, url->as_string());
  }
  TS_TRY(out.created, reader.string_or("modified"));
  return out;
}

Status report_livekit_steps(const std::string& given, Context& context) {
  TS_TRY(const auto key, context.settings().text("LIVEKIT_API_KEY"));
  const std::string url = given.empty() ? "https://YOUR-HOST/api/webhooks/livekit" : given;
  const std::string shown_key = key.empty() ? "YOUR_API_KEY" : key;
  const std::vector<std::string> steps{
      "open https://cloud.livekit.io, choose the project, then Settings > Webhooks",
      fmt::format("add (or remove) {} and choose the signing key {}", url, shown_key),
      "own server: put the lines under `config` into livekit.yaml and restart livekit-server",
      fmt::format("then: ts webhook test {} --provider livekit", url)};
  const std::string config =
      fmt::format("webhook:\n  api_key: {}\n  urls:\n    - {}\n", shown_key, url);
  const Json document{{"schema", "ts.webhook/1"},
                      {"provider", "livekit"},
                      {"manual", true},
                      {"steps", steps},
                      {"config", config}};
  std::string text = "LiveKit has no API for webhook endpoints:\n";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    text += fmt::format("  {}. {}\n", i + 1, steps[i]);
  }
  text += "\nconfig:\n" + config;
  return context.out().report({.document = &document, .text = text, .raw = config});
}

void add_provider_option(CLI::App& app, std::string& provider, bool required) {
  app.add_option("--provider", provider, "mux, cloudflare, or livekit for the steps")
      ->required(required);
}

}  // namespace ts::cli
