// SPDX-License-Identifier: Apache-2.0
// Where the vendors post their webhooks to: list, remove.
#include "cloudflare_common.hpp"
#include "commands.hpp"
#include "mux_common.hpp"
#include "webhook_endpoints.hpp"

#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_webhook_endpoint {

using webhook::Provider;

struct Options {
  std::string target;  ///< An id or a URL.
  std::string provider;
};

Result<std::vector<WebhookEndpoint>> endpoints_of(Provider provider, Context& context) {
  std::vector<WebhookEndpoint> out;
  if (provider == Provider::kMux) {
    TS_TRY(const auto client, mux_client(context));
    TS_TRY(const auto all, client->list_webhooks(context.stop()));
    for (const auto& endpoint : all) out.push_back(endpoint_of(endpoint));
    return out;
  }
  TS_TRY(const auto client, cloudflare_client(context));
  auto answer = client->get_webhook(context.stop());
  if (!answer.ok()) {
    if (answer.error().kind == ErrorKind::kNotFound) return out;
    return std::move(answer).error();
  }
  TS_TRY(auto endpoint, cloudflare_endpoint(answer.value()));
  if (!endpoint.url.empty()) out.push_back(std::move(endpoint));
  return out;
}

/// Those asked about: --provider, or everybody whose credentials are set.
Result<std::vector<Provider>> providers_of(const Options& options, Context& context) {
  if (!options.provider.empty()) {
    TS_TRY(const auto provider, webhook::parse_provider(options.provider));
    return std::vector<Provider>{provider};
  }
  std::vector<Provider> out;
  if (context.settings().find("MUX_TOKEN_ID") != nullptr) out.push_back(Provider::kMux);
  if (context.settings().find("CLOUDFLARE_ACCOUNT_ID") != nullptr) {
    out.push_back(Provider::kCloudflare);
  }
  if (out.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "neither Mux nor Cloudflare credentials are set",
                 .hint = "set MUX_TOKEN_ID and MUX_TOKEN_SECRET, or name --provider livekit"};
  }
  return out;
}

Status list(const Options& options, Context& context) {
  TS_TRY(const auto providers, providers_of(options, context));
  if (providers.front() == Provider::kLivekit) return report_livekit_steps(options.target, context);
  Json document{{"schema", "ts.webhook/1"}, {"endpoints", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const Provider provider : providers) {
    TS_TRY(const auto endpoints, endpoints_of(provider, context));
    for (const WebhookEndpoint& endpoint : endpoints) {
      document["endpoints"].push_back(endpoint_json(endpoint));
      rows.push_back({std::string(webhook::to_string(provider)), endpoint.id,
                      endpoint.enabled ? "yes" : "no", endpoint.created, endpoint.url});
      ids += endpoint.id + "\n";
    }
  }
  return context.out().report(
      {.document = &document,
       .text = table({"PROVIDER", "ID", "ENABLED", "CREATED", "URL"}, rows, "no webhook endpoints"),
       .id = ids});
}

/// A Mux endpoint by its id, or by the URL it posts to.
Result<std::string> mux_id_of(const std::string& target, mux::MuxClient& client, Context& context) {
  if (target.find("://") == std::string::npos) return target;
  TS_TRY(const auto all, client.list_webhooks(context.stop()));
  for (const auto& endpoint : all) {
    if (endpoint.address == target) return endpoint.id;
  }
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("Mux posts nothing to {}", shorten(target, 100)),
               .hint = "list the addresses with ts webhook endpoint list --provider mux"};
}

Status remove(const Options& options, Context& context) {
  TS_TRY(const auto provider, webhook::parse_provider(options.provider));
  if (provider == Provider::kLivekit) {
    return Error{.kind = ErrorKind::kUsage,
                 .message =
                     "LiveKit's webhook addresses are in its configuration, which no call "
                     "changes",
                 .hint =
                     "take the address out of webhook.urls in livekit.yaml, or out of the "
                     "project's settings at cloud.livekit.io"};
  }
  if (provider == Provider::kMux && options.target.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is no webhook endpoint to remove",
                 .hint = "name its id or its URL: ts webhook endpoint list --provider mux"};
  }
  TS_CHECK(context.confirm(fmt::format(
      "stop {} from posting to {}? Events are not kept for it", webhook::to_string(provider),
      options.target.empty() ? "the account's webhook address" : shorten(options.target, 100))));
  std::string id = "account";
  if (provider == Provider::kMux) {
    TS_TRY(const auto client, mux_client(context));
    TS_TRY(id, mux_id_of(options.target, *client, context));
    TS_CHECK(client->delete_webhook(id, context.stop()));
  } else {
    TS_TRY(const auto client, cloudflare_client(context));
    if (!options.target.empty() && options.target != id) {
      TS_TRY(const auto answer, client->get_webhook(context.stop()));
      TS_TRY(const auto present, cloudflare_endpoint(answer));
      if (present.url != options.target && !context.dry_run()) {
        return Error{.kind = ErrorKind::kNotFound,
                     .message = fmt::format("Cloudflare posts to {}, not to that address",
                                            present.url.empty() ? "no address" : present.url),
                     .hint = "ts webhook endpoint list --provider cloudflare shows it"};
      }
    }
    TS_CHECK(client->delete_webhook(context.stop()));
  }
  const Json document{{"schema", "ts.webhook/1"},
                      {"provider", webhook::to_string(provider)},
                      {"id", id},
                      {"removed", true}};
  return context.out().report(
      {.document = &document, .text = fmt::format("webhook endpoint {}: removed", id), .id = id});
}

Runner bind_list(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_provider_option(app, options->provider, false);
  return [options](Context& context) { return list(*options, context); };
}

Runner bind_remove(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ENDPOINT", options->target,
                 "Mux: its id or URL. Cloudflare: nothing, or its URL");
  add_provider_option(app, options->provider, true);
  return [options](Context& context) { return remove(*options, context); };
}

}  // namespace in_webhook_endpoint

Command webhook_endpoint_list() {
  using namespace in_webhook_endpoint;
  return {.path = "webhook endpoint list",
          .summary = "List the addresses vendors post their webhooks to",
          .example = "ts webhook endpoint list\nts webhook endpoint list --provider mux --json",
          .bind = bind_list};
}

Command webhook_endpoint_remove() {
  using namespace in_webhook_endpoint;
  return {.path = "webhook endpoint remove",
          .summary = "Stop a vendor from posting to an address",
          .example =
              "ts webhook endpoint remove ENDPOINT_ID --provider mux --yes\n"
              "ts webhook endpoint remove --provider cloudflare --yes",
          .forms = "id",
          .bind = bind_remove};
}

}  // namespace ts::cli
