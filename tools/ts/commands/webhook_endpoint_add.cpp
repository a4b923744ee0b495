// SPDX-License-Identifier: Apache-2.0
#include "cloudflare_common.hpp"
#include "commands.hpp"
#include "mux_common.hpp"
#include "ref_note.hpp"
#include "webhook_endpoints.hpp"

#include "core/file.hpp"
#include "core/json.hpp"
#include "net/url.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_webhook_endpoint_add {

using webhook::Provider;

struct Options {
  std::string url;
  std::string provider;
  std::string secret_to;
  bool reveal = false;
  bool replace = false;
  std::string ref;
};

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
  if (!options.secret_to.empty() || options.reveal) return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = "the signing secret is told only once: say where it goes",
               .hint = "add --secret-to FILE (made with mode 0600), or --reveal to print it"};
}

bool secret_file_is_there(const Options& options) {
  std::error_code failure;
  return !options.secret_to.empty() && std::filesystem::exists(options.secret_to, failure);
}

Status check_new_secret_file(const Options& options) {
  if (options.secret_to.empty()) return ok_status();
  if (!secret_file_is_there(options)) return check_writable(options.secret_to);
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("{} is there already", options.secret_to),
               .hint = "name a new file: a secret is never written over another"};
}

std::string_view secret_variable(Provider provider) {
  return provider == Provider::kMux ? "MUX_WEBHOOK_SECRET" : "CLOUDFLARE_WEBHOOK_SECRET";
}

Status report_added(const Options& options, const WebhookEndpoint& endpoint, const Secret& secret,
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

/// What --ref found: its secret is in the file that was written when it was made.
Status report_found(const Options& options, const WebhookEndpoint& endpoint, Context& context) {
  if (options.reveal || !secret_file_is_there(options)) {
    return Error{
        .kind = ErrorKind::kConflict,
        .message = fmt::format("webhook endpoint {} is there already, and its secret is told only "
                               "when it is made",
                               endpoint.id),
        .hint =
            fmt::format("name the file that has it with --secret-to; or remove the endpoint and "
                        "add it again: ts webhook endpoint remove {} --provider {} --yes",
                        endpoint.provider == Provider::kMux ? endpoint.id : endpoint.url,
                        webhook::to_string(endpoint.provider)),
        .code = "secret_untold"};
  }
  Json document{{"schema", "ts.webhook/1"}};
  document.update(endpoint_json(endpoint));
  document["secret_file"] = options.secret_to;
  return context.out().report(
      {.document = &document,
       .text = fmt::format("webhook endpoint {} for {}", endpoint.id, endpoint.url),
       .id = endpoint.id,
       .env = {{fmt::format("{}_FILE", secret_variable(endpoint.provider)), options.secret_to}}});
}

Status add_cloudflare(const Options& options, Context& context) {
  TS_TRY(const auto client, cloudflare_client(context));
  TS_TRY(const auto base_url, context.settings().base_url("CLOUDFLARE_BASE_URL"));
  TS_TRY(const auto account, context.cloudflare());
  TS_TRY(
      auto note,
      RefNote::take(context, fmt::format("cloudflare.webhook {} {}", base_url, account.account_id),
                    options.ref));
  auto present = client->get_webhook(context.stop());
  if (!present.ok() && present.error().kind != ErrorKind::kNotFound) {
    return std::move(present).error();
  }
  if (present.ok()) {
    TS_TRY(const auto old, cloudflare_endpoint(present.value()));
    if (!old.url.empty() && old.url != options.url && old.url == note.made()) {
      return note.mismatch(old.url);
    }
    if (!options.ref.empty() && old.url == options.url) {
      note.note(old.url);
      note.tell_found();
      return report_found(options, old, context);
    }
    if (!old.url.empty() && old.url != options.url && !options.replace) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("the account posts to {} already, and has one webhook "
                                          "address only",
                                          old.url),
                   .hint = "add --replace to post to the new one instead",
                   .code = "webhook_taken"};
    }
  }
  TS_CHECK(check_new_secret_file(options));
  TS_TRY(const auto answer, client->set_webhook(options.url, context.stop()));
  TS_TRY(auto endpoint, cloudflare_endpoint(answer));
  if (endpoint.url.empty()) endpoint.url = options.url;
  note.note(endpoint.url);
  const JsonReader reader(answer, ErrorKind::kRemote, "$.result");
  TS_TRY(const auto secret, reader.string_or("secret"));
  return report_added(options, endpoint, Secret(secret), context);
}

/// The endpoint with that address: Mux has each once.
Result<std::optional<WebhookEndpoint>> find_mux(mux::MuxClient& client, const Options& options,
                                                const RefNote& note, Context& context) {
  std::optional<WebhookEndpoint> found;
  TS_TRY(const auto all, client.list_webhooks(context.stop()));
  for (const mux::WebhookEndpoint& endpoint : all) {
    if (endpoint.address == options.url) found = endpoint_of(endpoint);
    if (endpoint.id == note.made() && endpoint.address != options.url) {
      return note.mismatch(endpoint.address);
    }
  }
  return found;
}

Status add_mux(const Options& options, Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto base_url, context.settings().base_url("MUX_BASE_URL"));
  TS_TRY(auto note, RefNote::take(context, "mux.webhook " + base_url, options.ref));
  if (!options.ref.empty()) {
    TS_TRY(const auto found, find_mux(*client, options, note, context));
    if (found) {
      note.note(found->id);
      note.tell_found();
      return report_found(options, *found, context);
    }
  }
  TS_CHECK(check_new_secret_file(options));
  TS_TRY(const auto made, client->create_webhook(options.url, context.stop()));
  note.note(made.id);
  return report_added(options, endpoint_of(made), made.signing_secret, context);
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto provider, webhook::parse_provider(options.provider));
  TS_CHECK(check_url(options.url));
  if (provider == Provider::kLivekit) return report_livekit_steps(options.url, context);
  TS_CHECK(check_secret_way(options));
  if (context.out().format() == Format::kRaw) TS_CHECK(context.out().check_reveal(options.reveal));
  // With --ref it may be the one that the first run wrote.
  if (options.ref.empty()) TS_CHECK(check_new_secret_file(options));
  return provider == Provider::kMux ? add_mux(options, context) : add_cloudflare(options, context);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("URL", options->url, "Public https:// address of the receiver")->required();
  add_provider_option(app, options->provider, true);
  app.add_option("--secret-to", options->secret_to,
                 "Write the signing secret into this new file (mode 0600)")
      ->type_name("FILE");
  app.add_flag("--reveal", options->reveal, "Print the signing secret");
  app.add_flag("--replace", options->replace,
               "Cloudflare: instead of the address it has (there is one an account)");
  app.add_option("--ref", options->ref,
                 "The same key finds the same endpoint again (noted on this machine)")
      ->type_name("KEY");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_endpoint_add

Command webhook_endpoint_add() {
  return {
      .path = "webhook endpoint add",
      .summary = "Make a vendor post its webhooks to an address",
      .example =
          "ts webhook endpoint add https://live.example.com/api/webhooks/mux --provider mux "
          "--secret-to mux-webhook.secret\n"
          "ts webhook endpoint add https://live.example.com/hook --provider livekit",
      .forms = "id raw env",
      .bind = in_webhook_endpoint_add::bind,
      .details =
          "The signing secret is told once: --secret-to keeps it in a file that\n"
          "MUX_WEBHOOK_SECRET_FILE (or CLOUDFLARE_WEBHOOK_SECRET_FILE) then names. Mux wants an\n"
          "access token with the System permission. Cloudflare has one address an account, for\n"
          "video events; live-input notifications are set up in its dashboard (Notifications >\n"
          "Destinations). LiveKit has no API for it: the steps are printed. With --ref an\n"
          "endpoint that is there is found again; --secret-to then names the file that the first\n"
          "run wrote.\n"};
}

}  // namespace ts::cli
