// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/webhook_shared.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "crypto/random.hpp"
#include "net/answer_text.hpp"
#include "store/events.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_webhook_test {

struct Options {
  std::string url, provider, timeout = "30s";
  std::vector<std::string> secret_files;
};

/// A genuine event that nobody acts on, with an id nobody has seen.
std::string nonce_body(webhook::Provider provider, const std::string& nonce, WallTime now) {
  const auto seconds_now = std::chrono::floor<seconds>(now).time_since_epoch().count();
  Json body;
  switch (provider) {
    case webhook::Provider::kLivekit:
      body = {{"event", "ts_test"}, {"id", nonce}, {"createdAt", std::to_string(seconds_now)}};
      break;
    case webhook::Provider::kMux:
      body = {{"type", "ts.test"},
              {"id", nonce},
              {"created_at", format_rfc3339(now)},
              {"object", {{"type", "test"}, {"id", nonce}}},
              {"data", {{"id", nonce}}}};
      break;
    case webhook::Provider::kCloudflare:
      body = {{"uid", nonce}, {"status", {{"state", "ts_test"}}}, {"created", format_rfc3339(now)}};
      break;
  }
  return dump_json(body);
}

/// By what the address ends with, as those of ts webhook listen do.
std::optional<webhook::Provider> provider_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto named = webhook::parse_provider(url.substr(url.find_last_of('/') + 1));
  return named.ok() ? std::optional(named.value()) : std::nullopt;
}

Result<webhook::Provider> choose_provider(const Options& options, Context& context) {
  if (!options.provider.empty()) return webhook::parse_provider(options.provider);
  if (const auto named = provider_of(options.url)) return *named;
  if (context.settings().find("MUX_WEBHOOK_SECRET") != nullptr) return webhook::Provider::kMux;
  return webhook::Provider::kLivekit;
}

/// Waits until the event stands in the store of the receiver, which is ours.
Result<store::EventRow> wait_for(store::Database& database, std::string_view dedupe_key,
                                 std::string_view provider, milliseconds timeout,
                                 Context& context) {
  const auto deadline = context.clock().steady_now() + timeout;
  const auto stop = context.stop();
  while (true) {
    TS_TRY(const auto rows,
           store::list_events(
               database, {.provider = std::string(provider), .newest_first = true, .limit = 50}));
    for (const auto& row : rows) {
      if (row.dedupe_key == dedupe_key) return row;
    }
    if (context.clock().steady_now() >= deadline) {
      return Error{.kind = ErrorKind::kDeadline,
                   .message = fmt::format("the test webhook was answered 2xx but did not arrive "
                                          "here within {}",
                                          format_duration(timeout)),
                   .hint =
                       "run ts webhook listen behind that address, on this "
                       "machine's database"};
    }
    if (!context.clock().wait_for(milliseconds{100}, stop)) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "stopped waiting"};
    }
  }
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_CHECK(check_post_url("the address", options.url));
  TS_TRY(const auto provider, choose_provider(options, context));
  auto known = webhook_credentials(context, provider, options.secret_files);
  if (!known.ok() && options.provider.empty()) {
    Error error = std::move(known).error();
    error.hint += fmt::format("; it was taken for {}: --provider names another sender",
                              webhook::to_string(provider));
    return error;
  }
  TS_TRY(const auto credentials, std::move(known));
  const std::string nonce = "ts-test-" + crypto::random_alphanumeric(24);
  const auto now = context.clock().now();
  const std::string body = nonce_body(provider, nonce, now);
  TS_TRY(const auto headers, webhook::sign(provider, body, credentials, now));
  TS_TRY(const auto event, webhook::parse_event(provider, body));
  net::HttpRequest request{
      .method = "POST", .url = options.url, .has_body = true, .body = body, .timeout = timeout};
  for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
  TS_TRY(const auto response, context.transport().send(request, context.stop()));
  if (!response.ok()) {
    const bool refused = response.status == 401 || response.status == 403;
    return Error{.kind = ErrorKind::kCheckFailed,
                 .message = fmt::format("{} answered {}: {}", masked_url(options.url),
                                        response.status, shorten(net::answer_text(response))),
                 .hint = refused ? "the receiver has another secret, or something altered the body "
                                   "on its way"
                                 : "check the path and what answers behind that address",
                 .http_status = response.status};
  }
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto row,
         wait_for(database, event.dedupe_key, webhook::to_string(provider), timeout, context));
  const bool same = row.body == body;
  if (!same) {
    return Error{.kind = ErrorKind::kCheckFailed,
                 .message = "the test webhook arrived with other bytes than were sent",
                 .hint = "look for a proxy that rewrites bodies"};
  }
  // Taken: nothing else acts on it.
  TS_CHECK(store::mark_event_handled(database, row.seq, context.clock().now()));
  Json document;
  document["schema"] = "ts.webhook/1";
  document["provider"] = webhook::to_string(provider);
  document["url"] = masked_url(options.url);
  document["status"] = response.status;
  document["elapsed_ms"] = response.elapsed.count();
  document["arrived"] = true;
  document["seq"] = row.seq;
  return context.out().report(
      {.document = &document,
       .text =
           fmt::format("{} answered {} in {} ms, and the webhook arrived unaltered (#{})",
                       masked_url(options.url), response.status, response.elapsed.count(), row.seq),
       .id = std::to_string(row.seq),
       .raw = "ok"});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("url", options->url, "The public address that the provider would post to")
      ->required();
  app.add_option("--provider", options->provider,
                 "livekit, mux or cloudflare; else as the address ends");
  app.add_option("--secret-file", options->secret_files, "File with the secret")
      ->allow_extra_args(false);
  app.add_option("--timeout", options->timeout, "How long to wait for it to arrive")
      ->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_test

Command webhook_test() {
  return {.path = "webhook test",
          .summary = "Send a signed test webhook through an address and see it arrive",
          .example =
              "ts webhook test https://live.example.com/api/webhooks/mux --provider mux\n"
              "ts webhook test https://live.example.com/api/webhooks/livekit --timeout 10s",
          .forms = "id raw",
          .bind = in_webhook_test::bind,
          .details = "The receiver is ts webhook listen on this machine's database.\n"};
}

}  // namespace ts::cli
