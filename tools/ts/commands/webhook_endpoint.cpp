// SPDX-License-Identifier: Apache-2.0
// Where the vendors post their webhooks to: add, list, remove.
#include "cloudflare_common.hpp"
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "net/url.hpp"
#include "webhook/webhook.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_webhook_endpoint {

using webhook::Provider;

struct Options {
  std::string target;  ///< A URL; for remove also an id.
  std::string provider;
  std::string secret_to;
  bool reveal = false;
  bool replace = false;
};

/// One endpoint, whoever's.
struct Endpoint {
  Provider provider = Provider::kMux;
  std::string id{};
  std::string url{};
  bool enabled = true;
  std::string created{};
};

Json endpoint_json(const Endpoint& endpoint) {
  Json json{{"provider", webhook::to_string(endpoint.provider)},
            {"id", endpoint.id},
            {"url", endpoint.url},
            {"enabled", endpoint.enabled}};
  if (!endpoint.created.empty()) json["created_at"] = endpoint.created;
  return json;
}

/// A vendor has to reach it, and what it is sent must not be read on the way.
Status check_url(std::string_view text) {
  TS_TRY(const auto url, net::Url::parse(text));
  const bool local = url.is_loopback();
  if (url.scheme != "https" && !(url.scheme == "http" && local)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{}://{} is no https address", url.scheme, url.authority()),
                 .hint = "give the public https:// address of the receiver"};
  }
  if (!url.userinfo.empty() || !url.fragment.empty() || text.size() > 2048) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = "a webhook address has neither user nor fragment, and at most 2048 bytes",
        .hint = "give it as https://host/path"};
  }
  return ok_status();
}

/// The secret is told once: where it goes is settled before anything is sent.
Status check_secret_way(const Options& options) {
  if (options.secret_to.empty() && !options.reveal) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the signing secret is told only once: say where it goes",
                 .hint = "add --secret-to FILE (made with mode 0600), or --reveal to print it"};
  }
  std::error_code failure;
  if (!options.secret_to.empty() && std::filesystem::exists(options.secret_to, failure)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{} is there already", options.secret_to),
                 .hint = "name a new file: a secret is never written over another"};
  }
  return ok_status();
}

std::string_view secret_variable(Provider provider) {
  return provider == Provider::kMux ? "MUX_WEBHOOK_SECRET" : "CLOUDFLARE_WEBHOOK_SECRET";
}

Status report_added(const Options& options, const Endpoint& endpoint, const Secret& secret,
                    Context& context) {
  if (secret.empty()) {
    return Error{.kind = ErrorKind::kPartial,
                 .message = fmt::format("webhook endpoint {} is there, but its secret was not told",
                                        endpoint.id),
                 .hint = fmt::format("remove it and add it again: ts webhook endpoint remove {} "
                                     "--provider {} --yes",
                                     endpoint.id, webhook::to_string(endpoint.provider)),
                 .residue = {fmt::format("webhook endpoint {}", endpoint.id)}};
  }
  Json document{{"schema", "ts.webhook/1"}};
  document.update(endpoint_json(endpoint));
  std::string text = fmt::format("webhook endpoint {} for {}\n", endpoint.id, endpoint.url);
  const std::string_view variable = secret_variable(endpoint.provider);
  if (!options.secret_to.empty()) {
    const Status written =
        write_file_atomic(options.secret_to, fmt::format("{}\n", secret.reveal()), 0600);
    if (!written.ok()) {
      Error error = written.error();
      error.kind = ErrorKind::kPartial;
      error.residue.push_back(fmt::format("webhook endpoint {} (its secret is lost)", endpoint.id));
      error.hint = fmt::format(
          "remove it and add it again: ts webhook endpoint remove {} "
          "--provider {} --yes",
          endpoint.id, webhook::to_string(endpoint.provider));
      return error;
    }
    document["secret_file"] = options.secret_to;
    text += fmt::format("its secret is in {}: set {}_FILE={}\n", options.secret_to, variable,
                        options.secret_to);
  } else {
    context.log().scrub(secret);
  }
  Report report{.document = &document, .id = endpoint.id};
  if (options.reveal) {
    const std::string shown(secret.reveal());
    document["signing_secret"] = shown;
    text += fmt::format("{}={}\n", variable, shown);
    report.raw = shown;
    report.env = {{std::string(variable), shown}};
  } else {
    report.env = {{fmt::format("{}_FILE", variable), options.secret_to}};
  }
  report.text = std::move(text);
  return context.out().report(report);
}

/// LiveKit has no call for it: the dashboard, or the server's own configuration.
Status livekit_steps(const Options& options, Context& context) {
  TS_TRY(const auto key, context.settings().text("LIVEKIT_API_KEY"));
  const std::string url =
      options.target.empty() ? "https://YOUR-HOST/api/webhooks/livekit" : options.target;
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

Result<Endpoint> cloudflare_endpoint(const Json& answer) {
  const JsonReader reader(answer, ErrorKind::kRemote, "$.result");
  Endpoint out{.provider = Provider::kCloudflare, .id = "account"};
  if (!reader.is_object()) return out;
  TS_TRY(const auto url, reader.find_any({"notificationUrl", "notification_url"}));
  if (url) {
    TS_TRY(out.url, url->as_string());
  }
  TS_TRY(out.created, reader.string_or("modified"));
  return out;
}

Status add_cloudflare(const Options& options, Context& context) {
  TS_TRY(const auto client, cloudflare_client(context));
  auto present = client->get_webhook(context.stop());
  if (!present.ok() && present.error().kind != ErrorKind::kNotFound) {
    return std::move(present).error();
  }
  if (present.ok()) {
    TS_TRY(const auto old, cloudflare_endpoint(present.value()));
    if (!old.url.empty() && old.url != options.target && !options.replace) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("the account posts to {} already, and has one webhook "
                                          "address only",
                                          old.url),
                   .hint = "add --replace to post to the new one instead",
                   .code = "webhook_taken"};
    }
  }
  TS_TRY(const auto answer, client->set_webhook(options.target, context.stop()));
  TS_TRY(auto endpoint, cloudflare_endpoint(answer));
  if (endpoint.url.empty()) endpoint.url = options.target;
  const JsonReader reader(answer, ErrorKind::kRemote, "$.result");
  TS_TRY(const auto secret, reader.string_or("secret"));
  return report_added(options, endpoint, Secret(secret), context);
}

Endpoint of_mux(const mux::WebhookEndpoint& endpoint) {
  return {.provider = Provider::kMux,
          .id = endpoint.id,
          .url = endpoint.address,
          .enabled = endpoint.enabled,
          .created = endpoint.created_at ? format_rfc3339(*endpoint.created_at) : std::string()};
}

Status add(const Options& options, Context& context) {
  TS_TRY(const auto provider, webhook::parse_provider(options.provider));
  TS_CHECK(check_url(options.target));
  if (provider == Provider::kLivekit) return livekit_steps(options, context);
  TS_CHECK(check_secret_way(options));
  if (provider == Provider::kCloudflare) return add_cloudflare(options, context);
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto made, client->create_webhook(options.target, context.stop()));
  return report_added(options, of_mux(made), made.signing_secret, context);
}

Result<std::vector<Endpoint>> endpoints_of(Provider provider, Context& context) {
  std::vector<Endpoint> out;
  if (provider == Provider::kMux) {
    TS_TRY(const auto client, mux_client(context));
    TS_TRY(const auto all, client->list_webhooks(context.stop()));
    for (const auto& endpoint : all) out.push_back(of_mux(endpoint));
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
  if (providers.front() == Provider::kLivekit) return livekit_steps(options, context);
  Json document{{"schema", "ts.webhook/1"}, {"endpoints", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const Provider provider : providers) {
    TS_TRY(const auto endpoints, endpoints_of(provider, context));
    for (const Endpoint& endpoint : endpoints) {
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
  if (provider == Provider::kLivekit) return livekit_steps(options, context);
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

void add_provider(CLI::App& app, Options& options, bool required) {
  app.add_option("--provider", options.provider, "mux, cloudflare, or livekit for the steps")
      ->required(required);
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("URL", options->target, "Public https:// address of the receiver")->required();
  add_provider(app, *options, true);
  app.add_option("--secret-to", options->secret_to,
                 "Write the signing secret into this new file (mode 0600)")
      ->type_name("FILE");
  app.add_flag("--reveal", options->reveal, "Print the signing secret");
  app.add_flag("--replace", options->replace,
               "Cloudflare: instead of the address it has (there is one an account)");
  return [options](Context& context) { return add(*options, context); };
}

Runner bind_list(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_provider(app, *options, false);
  return [options](Context& context) { return list(*options, context); };
}

Runner bind_remove(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ENDPOINT", options->target,
                 "Mux: its id or URL. Cloudflare: nothing, or its URL");
  add_provider(app, *options, true);
  return [options](Context& context) { return remove(*options, context); };
}

}  // namespace in_webhook_endpoint

Command webhook_endpoint_add() {
  using namespace in_webhook_endpoint;
  return {
      .path = "webhook endpoint add",
      .summary = "Make a vendor post its webhooks to an address",
      .example =
          "ts webhook endpoint add https://live.example.com/api/webhooks/mux --provider mux "
          "--secret-to mux-webhook.secret\n"
          "ts webhook endpoint add https://live.example.com/hook --provider livekit",
      .bind = bind_add,
      .details =
          "The signing secret is told once: --secret-to keeps it in a file that\n"
          "MUX_WEBHOOK_SECRET_FILE (or CLOUDFLARE_WEBHOOK_SECRET_FILE) then names. Mux wants an\n"
          "access token with the System permission. Cloudflare has one address an account, for\n"
          "video events; live-input notifications are set up in its dashboard (Notifications >\n"
          "Destinations). LiveKit has no API for it: the steps are printed.\n"};
}

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
