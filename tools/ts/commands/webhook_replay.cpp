// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/webhook_shared.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "serve/forwarder.hpp"
#include "store/events.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {
namespace in_webhook_replay {

struct Options {
  std::vector<std::string> events, secret_files;
  std::string to, provider;
  bool unhandled = false;
  bool resign = false;
};

/// Their bodies may be large: so many are read at once.
constexpr std::int64_t kPage = 200;

/// @param after  of --unhandled, those of a higher number.
Result<std::vector<store::EventRow>> choose(const Options& options, store::Database& database,
                                            std::int64_t after) {
  store::EventFilter filter{.after = after, .unhandled_only = true, .limit = kPage};
  if (!options.provider.empty()) {
    TS_TRY(const auto provider, webhook::parse_provider(options.provider));
    filter.provider = webhook::to_string(provider);
  }
  if (options.unhandled) return store::list_events(database, filter);
  std::vector<store::EventRow> rows;
  for (const auto& name : options.events) {
    if (const auto seq = parse_u64(name); seq && *seq <= INT64_MAX) {
      TS_TRY(auto row, store::get_event(database, static_cast<std::int64_t>(*seq)));
      if (!filter.provider.empty() && filter.provider != row.provider) {
        return Error{.kind = ErrorKind::kNotFound,
                     .message = fmt::format("webhook {} is of {}, not of {}", row.seq, row.provider,
                                            filter.provider),
                     .hint = fmt::format("leave out --provider, or list them: ts webhook events "
                                         "--provider {}",
                                         filter.provider)};
      }
      rows.push_back(std::move(row));
      continue;
    }
    std::optional<store::EventRow> found;
    for (const std::string_view provider : {"livekit", "mux", "cloudflare"}) {
      if (!filter.provider.empty() && filter.provider != provider) continue;
      auto row = store::find_event(database, provider, name);
      if (row.ok()) found = std::move(row).value();
      if (!row.ok() && row.error().kind != ErrorKind::kNotFound) return std::move(row).error();
    }
    if (!found) {
      return Error{.kind = ErrorKind::kNotFound,
                   .message = fmt::format("no webhook '{}' was received", shorten(name, 80)),
                   .hint = "list them: ts webhook events"};
    }
    rows.push_back(std::move(*found));
  }
  return rows;
}

/// New time and signature over the same bytes.
Status sign_again(store::EventRow& row, const Options& options, Context& context) {
  TS_TRY(const auto provider, webhook::parse_provider(row.provider));
  TS_TRY(const auto credentials, webhook_credentials(context, provider, options.secret_files));
  // As `webhook::verify` tells the two schemes apart.
  const bool live = provider == webhook::Provider::kCloudflare &&
                    !webhook::find_header(row.headers, "webhook-signature");
  TS_TRY(const auto headers,
         live ? webhook::sign_cloudflare_live(credentials)
              : webhook::sign(provider, row.body, credentials, context.clock().now()));
  const auto& signature = headers.back();
  std::erase_if(row.headers, [&](const auto& field) {
    return to_lower(field.first) == to_lower(signature.first);
  });
  row.headers.push_back(signature);
  return ok_status();
}

Status run(const Options& options, Context& context) {
  if (options.events.empty() == !options.unhandled) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = options.unhandled ? "--unhandled chooses the webhooks already"
                                              : "there is no webhook to replay",
                 .hint = "name one by its number or id, or give --unhandled"};
  }
  TS_CHECK(check_post_url("--to", options.to));
  TS_TRY(auto database, open_database(context));
  TS_TRY(auto rows, choose(options, database, 0));
  std::size_t chosen = rows.size();
  Json document;
  document["schema"] = "ts.webhook/1";
  document["events"] = Json::array();
  std::string text;
  std::vector<std::string> failed;
  std::string problem;
  bool again = true;
  std::size_t next = 0;
  bool stopped = false;
  const auto more = [&]() -> Result<bool> {
    if (next < rows.size()) return true;
    if (!options.unhandled || static_cast<std::int64_t>(rows.size()) < kPage) return false;
    TS_TRY(rows, choose(options, database, rows.back().seq));
    next = 0;
    chosen += rows.size();
    return !rows.empty();
  };
  while (true) {
    TS_TRY(const bool left, more());
    if (!left) break;
    if (context.stop().stop_requested()) {
      stopped = true;
      break;
    }
    auto& row = rows[next++];
    if (options.resign) TS_CHECK(sign_again(row, options, context));
    if (context.dry_run()) {
      // Kept instead of sent; it ends with the error that says so.
      static_cast<void>(
          context.transport().send(serve::forward_request(row, options.to, seconds{10}), {}).ok());
      continue;
    }
    const auto delivery = serve::deliver(row, {.url = options.to, .tries = 3}, database,
                                         context.transport(), context.clock(), context.stop());
    if (delivery.delivered) {
      // Delivered is handled: the row says when, if that could be kept.
      if (auto kept = store::get_event(database, row.seq); kept.ok()) {
        row.handled_at = kept.value().handled_at;
      }
    }
    Json entry = stored_event_json(row);
    entry["delivered"] = delivery.delivered;
    entry["status"] = delivery.status;
    entry["tries"] = delivery.tries;
    if (!delivery.problem.empty()) entry["problem"] = delivery.problem;
    document["events"].push_back(std::move(entry));
    text += fmt::format("{} {} {}\n", row.seq, row.type,
                        delivery.delivered ? fmt::format("delivered ({})", delivery.status)
                                           : "failed: " + delivery.problem);
    if (delivery.delivered) continue;
    if (context.stop().stop_requested()) {
      stopped = true;
      break;
    }
    // Of many, each is told when it fails, not at the end.
    if (chosen > 1) context.out().status(fmt::format("webhook {}: {}", row.seq, delivery.problem));
    failed.push_back(fmt::format("webhook {}", row.seq));
    problem = delivery.problem;
    again = again && (delivery.status == 0 || delivery.status >= 500);
  }
  if (stopped) {
    const std::size_t tried = document["events"].size();
    return Error{.kind = ErrorKind::kInterrupted,
                 .message = fmt::format("stopped; {} of the webhooks were delivered",
                                        tried - std::min(tried, failed.size())),
                 .hint = "those that were not are still unhandled: ts webhook events --unhandled"};
  }
  if (!failed.empty()) {
    const bool none = failed.size() == chosen;
    return Error{.kind = none ? ErrorKind::kRemote : ErrorKind::kPartial,
                 .message = fmt::format("{} of {} webhooks were not delivered to {}: {}",
                                        failed.size(), chosen, masked_url(options.to), problem),
                 // Not --unhandled: what was named may have been handled before.
                 .hint = none || options.unhandled
                             ? "look at the receiver, then run the same command again"
                             : "look at the receiver, then replay those that failed",
                 .retryable = again,
                 .residue = std::move(failed)};
  }
  return context.out().report(
      {.document = &document, .text = text.empty() ? "nothing to replay" : text});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("event", options->events, "Number (SEQ of ts webhook events) or provider's id");
  app.add_option("--to", options->to, "URL that receives them")->required();
  app.add_option("--provider", options->provider, "Only of livekit, mux or cloudflare");
  app.add_flag("--unhandled", options->unhandled, "All whose effect was not taken, oldest first");
  app.add_flag("--resign", options->resign,
               "Sign the same bytes anew: for receivers that check the time");
  app.add_option("--secret-file", options->secret_files, "File with the secret for --resign")
      ->allow_extra_args(false);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_replay

Command webhook_replay() {
  return {.path = "webhook replay",
          .summary = "Deliver received webhooks once more, byte for byte",
          .example =
              "ts webhook replay 12 --to http://localhost:3000/api/webhooks/mux\n"
              "ts webhook replay --unhandled --resign --to http://localhost:3000/hook",
          .forms = "none",
          .bind = in_webhook_replay::bind};
}

}  // namespace ts::cli
