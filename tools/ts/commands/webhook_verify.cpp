// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/token_shared.hpp"
#include "commands/webhook_shared.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_webhook_verify {

struct Options {
  std::string provider, body, http, leeway = "60s", tolerance = "300s";
  std::vector<std::string> headers, secret_files;
};

struct Received {
  webhook::Headers headers{};
  std::string body{};
};

Result<Received> read_delivery(const Options& options, Context& context) {
  Received received;
  if (!options.http.empty()) {
    if (!options.body.empty() || !options.headers.empty()) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "--http holds headers and body already",
                   .hint = "leave out --body and --header"};
    }
    // Room for the head and chunk sizes beside a body of 16 MiB.
    constexpr std::size_t kMaxRaw = webhook::kMaxBodyBytes * 2;
    TS_TRY(const auto raw,
           options.http == "-" ? context.read_stdin(kMaxRaw) : read_file(options.http, kMaxRaw));
    TS_TRY(auto request, webhook::parse_raw_request(raw));
    received.headers = std::move(request.headers);
    received.body = std::move(request.body);
    return received;
  }
  if (options.body.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is no delivery to verify",
                 .hint = "give --body FILE with --header lines, or --http FILE"};
  }
  TS_TRY(received.headers, read_headers(options.headers));
  TS_TRY(received.body, read_webhook_body(context, options.body));
  return received;
}

Result<webhook::Provider> choose_provider(const Options& options, const Received& received) {
  if (!options.provider.empty()) return webhook::parse_provider(options.provider);
  const auto guess = webhook::guess_provider({.headers = received.headers});
  if (guess) return *guess;
  return Error{.kind = ErrorKind::kUsage,
               .message = "no header tells which provider this is from",
               .hint = "add --provider livekit, mux or cloudflare"};
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto leeway, parse_duration(options.leeway));
  TS_TRY(const auto tolerance, parse_duration(options.tolerance));
  if (!options.provider.empty()) {
    TS_TRY([[maybe_unused]] const auto checked, webhook::parse_provider(options.provider));
  }
  TS_TRY(const auto received, read_delivery(options, context));
  TS_TRY(const auto provider, choose_provider(options, received));
  TS_TRY(const auto credentials, webhook_credentials(context, provider, options.secret_files));
  const auto now = context.clock().now();
  const auto whole_seconds = [](milliseconds length) {
    return std::chrono::duration_cast<std::chrono::seconds>(length);
  };
  const auto verdict = webhook::verify(
      provider, {.headers = received.headers, .body = received.body}, credentials, now,
      {.tolerance = whole_seconds(tolerance), .leeway = whole_seconds(leeway), .diagnose = true});
  if (!verdict.accepted) {
    return Error{
        .kind = verdict.reason == "no-secret" ? ErrorKind::kConfig : ErrorKind::kCheckFailed,
        .message = fmt::format("not a genuine {} webhook ({}): {}", webhook::to_string(provider),
                               verdict.reason, verdict.detail),
        .hint = verdict.hint,
        .code = verdict.reason};
  }
  Json document;
  document["schema"] = "ts.webhook/1";
  document["valid"] = true;
  document["provider"] = webhook::to_string(provider);
  document["reason"] = verdict.reason;
  if (verdict.signed_at) {
    document["signed_at"] = time_json(*verdict.signed_at);
    document["age_s"] =
        std::chrono::floor<seconds>(now).time_since_epoch().count() - *verdict.signed_at;
  }
  document["secret"] = verdict.secret_index.value_or(0) + 1;
  document["body_bytes"] = received.body.size();
  std::string what = "a body that is no event";
  std::string id;
  // Mux and Cloudflare sign any bytes: that they are an event is a second question.
  if (const auto event = webhook::parse_event(provider, received.body); event.ok()) {
    document["event"] = event_json(event.value());
    what = fmt::format("{} {}", shorten(event.value().type, 80), shorten(event.value().id, 80));
    id = event.value().id;
  } else {
    context.out().warn(fmt::format("the signature is right, but {}", event.error().message));
  }
  return context.out().report(
      {.document = &document,
       .text = fmt::format("genuine: {}, {}", webhook::to_string(provider), what),
       .id = id,
       .raw = "ok"});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--provider", options->provider,
                 "livekit, mux or cloudflare (without: what the headers say)");
  app.add_option("--body", options->body, "File with the raw body, or -");
  app.add_option("--header", options->headers,
                 "'Name: value' as received, or @FILE with such lines; repeatable")
      ->allow_extra_args(false);
  app.add_option("--http", options->http, "File with a whole raw HTTP request, or -");
  app.add_option("--secret-file", options->secret_files,
                 "File with a secret; repeatable, for a rotation; the setting is tried, too")
      ->allow_extra_args(false);
  app.add_option("--leeway", options->leeway, "LiveKit: how far the clocks may differ")
      ->capture_default_str();
  app.add_option("--tolerance", options->tolerance,
                 "Mux, Cloudflare: how old or new the signed time may be")
      ->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_verify

Command webhook_verify() {
  return {
      .path = "webhook verify",
      .summary = "Check that a webhook is genuine, and say exactly why not",
      .example =
          "ts webhook verify --provider mux --body body.json --header 'Mux-Signature: t=1,v1=ab'\n"
          "ts webhook verify --provider livekit --http request.txt\n"
          "ts webhook verify --provider cloudflare --body - --header @headers.txt --json",
      .bind = in_webhook_verify::bind,
      .details =
          "Exit 0 when genuine, 10 with the reason when not, 3 without a secret.\n"
          "The secret: LIVEKIT_API_KEY and LIVEKIT_API_SECRET, MUX_WEBHOOK_SECRET or\n"
          "CLOUDFLARE_WEBHOOK_SECRET, or --secret-file. A body that was altered on its way\n"
          "(JSON written again, newline, line ends, byte order mark, charset, gzip, base64) is\n"
          "named as such where that can be told. Cloudflare's live notifications carry the secret\n"
          "itself in cf-webhook-auth; that is checked when there is no Webhook-Signature.\n"};
}

}  // namespace ts::cli
