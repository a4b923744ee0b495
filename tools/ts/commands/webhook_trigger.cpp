// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/webhook_shared.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/json.hpp"
#include "net/answer_text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_webhook_trigger {

struct Options {
  std::string type, provider, to;
  std::vector<std::string> set, secret_files;
  bool list = false;
  bool reveal = false;
};

Status list_types(const Options& options, Context& context) {
  Json document;
  document["schema"] = "ts.webhook/1";
  document["events"] = Json::array();
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const auto provider :
       {webhook::Provider::kLivekit, webhook::Provider::kMux, webhook::Provider::kCloudflare}) {
    const std::string name(webhook::to_string(provider));
    if (!options.provider.empty() && options.provider != name) continue;
    for (const auto type : webhook::event_types(provider)) {
      document["events"].push_back({{"provider", name}, {"type", type}});
      rows.push_back({name, std::string(type)});
      ids += fmt::format("{}\n", type);
    }
  }
  return context.out().report(
      {.document = &document, .text = table({"PROVIDER", "EVENT"}, rows, ""), .id = ids});
}

/// Posts the sample and says what the receiver answered.
Status send(const std::string& to, const std::string& body, const webhook::Headers& headers,
            Json& document, Context& context) {
  net::HttpRequest request{.method = "POST", .url = to, .has_body = true, .body = body};
  for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
  TS_TRY(const auto response, context.transport().send(request, context.stop()));
  document["status"] = response.status;
  document["elapsed_ms"] = response.elapsed.count();
  if (!response.ok()) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("{} answered {}: {}", masked_url(to), response.status,
                                        shorten(net::answer_text(response))),
                 .hint = "a receiver should answer 2xx to every genuine event",
                 .http_status = response.status};
  }
  return context.out().report({.document = &document,
                               .text = fmt::format("{} answered {} in {} ms", masked_url(to),
                                                   response.status, response.elapsed.count()),
                               .id = document.at("event").at("id").get<std::string>(),
                               .raw = body});
}

Status run(const Options& options, Context& context) {
  if (!options.provider.empty()) {
    TS_TRY([[maybe_unused]] const auto checked, webhook::parse_provider(options.provider));
  }
  if (options.list) return list_types(options, context);
  if (options.type.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is no event to trigger",
                 .hint = "name one, or see ts webhook trigger --list"};
  }
  TS_TRY(const auto provider, provider_of(options.provider, options.type));
  if (!options.to.empty()) TS_CHECK(check_post_url("--to", options.to));
  const auto now = context.clock().now();
  TS_TRY(auto body, webhook::sample_body(provider, options.type, now));
  for (const auto& change : options.set) {
    const std::size_t equals = change.find('=');
    if (equals == std::string::npos) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("a change is PATH=VALUE, not '{}'", shorten(change, 60)),
                   .hint = "write --set data.status=idle"};
    }
    TS_TRY(auto changed,
           webhook::set_in_body(body, change.substr(0, equals), change.substr(equals + 1)));
    body = std::move(changed.body);
    if (!changed.news.empty()) context.out().warn(changed.news + ": it was added");
  }
  TS_TRY(const auto credentials, webhook_credentials(context, provider, options.secret_files));
  // Cloudflare's live notifications go by the shared secret, its video webhooks by a signature.
  const bool live =
      provider == webhook::Provider::kCloudflare && options.type.starts_with("live_input.");
  TS_TRY(const auto headers, live ? webhook::sign_cloudflare_live(credentials)
                                  : webhook::sign(provider, body, credentials, now));
  Json document;
  document["schema"] = "ts.webhook/1";
  document["provider"] = webhook::to_string(provider);
  if (const auto event = webhook::parse_event(provider, body); event.ok()) {
    document["event"] = event_json(event.value());
  } else {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "after --set the body is no event any more: " + event.error().message};
  }
  document["headers"] = Json::object();
  std::string request;
  for (const auto& [name, value] : headers) {
    const std::string shown = shown_value(name, value, options.reveal);
    document["headers"][name] = shown;
    request += fmt::format("{}: {}\n", name, shown);
  }
  document["body"] = body;
  if (!options.to.empty()) return send(options.to, body, headers, document, context);

  request =
      fmt::format("POST /webhook HTTP/1.1\n{}Content-Length: {}\n\n{}", request, body.size(), body);
  return context.out().report({.document = &document,
                               .text = request,
                               .id = document.at("event").at("id").get<std::string>(),
                               .raw = body});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("event", options->type, "Event type, such as video.live_stream.active");
  app.add_option("--provider", options->provider, "livekit, mux or cloudflare");
  app.add_option("--to", options->to, "Send it to this URL; without, it is printed");
  app.add_option("--set", options->set,
                 "Change the sample: PATH=VALUE, such as data.status=idle; repeatable")
      ->allow_extra_args(false);
  app.add_option("--secret-file", options->secret_files, "File with the secret")
      ->allow_extra_args(false);
  app.add_flag("--reveal", options->reveal,
               "Print the secret that Cloudflare's live notifications carry");
  app.add_flag("--list", options->list, "List every event type");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_trigger

Command webhook_trigger() {
  return {.path = "webhook trigger",
          .summary = "Make a correctly signed sample of any event, and send it",
          .example =
              "ts webhook trigger video.live_stream.active --to http://localhost:3000/hooks\n"
              "ts webhook trigger egress_ended --set egressInfo.status=EGRESS_FAILED\n"
              "ts webhook trigger --list --provider mux",
          .forms = "id raw",
          .bind = in_webhook_trigger::bind,
          .details =
              "Without --to it prints the raw request, which ts webhook verify --http -\n"
              "reads; -o raw prints the body alone.\n"};
}

}  // namespace ts::cli
