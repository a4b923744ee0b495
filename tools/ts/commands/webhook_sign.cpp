// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/webhook_shared.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_webhook_sign {

struct Options {
  std::string provider, body;
  std::vector<std::string> secret_files;
  bool live = false;
  bool reveal = false;
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto provider, webhook::parse_provider(options.provider));
  if (options.live && provider != webhook::Provider::kCloudflare) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--live is a scheme of Cloudflare",
                 .hint = "leave it out, or use --provider cloudflare"};
  }
  if (options.live) TS_CHECK(context.out().check_reveal(options.reveal));
  TS_TRY(const auto body, read_webhook_body(context, options.body));
  TS_TRY(const auto credentials, webhook_credentials(context, provider, options.secret_files));
  TS_TRY(const auto headers,
         options.live ? webhook::sign_cloudflare_live(credentials)
                      : webhook::sign(provider, body, credentials, context.clock().now()));
  Json document;
  document["schema"] = "ts.webhook/1";
  document["provider"] = webhook::to_string(provider);
  document["headers"] = Json::object();
  std::string text;
  for (const auto& [name, value] : headers) {
    const std::string shown = shown_value(name, value, options.reveal);
    document["headers"][name] = shown;
    text += fmt::format("{}: {}\n", name, shown);
  }
  document["body_bytes"] = body.size();
  return context.out().report({.document = &document, .text = text, .raw = headers.back().second});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--provider", options->provider, "livekit, mux or cloudflare")->required();
  app.add_option("--body", options->body, "File with the raw body, or -")->required();
  app.add_option("--secret-file", options->secret_files, "File with the secret; the first signs")
      ->allow_extra_args(false);
  app.add_flag("--live", options->live, "Cloudflare: the header of live input notifications");
  app.add_flag("--reveal", options->reveal, "With --live: show the header, which is the secret");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_sign

Command webhook_sign() {
  return {.path = "webhook sign",
          .summary = "Print the headers that make a body a genuine webhook",
          .example =
              "ts webhook sign --provider mux --body body.json\n"
              "ts webhook sign --provider livekit --body body.json -o raw",
          .bind = in_webhook_sign::bind,
          .details =
              "-o raw prints the value of the signature header alone. Cloudflare's live input\n"
              "notifications (--live) carry the secret itself: that takes --reveal.\n"};
}

}  // namespace ts::cli
