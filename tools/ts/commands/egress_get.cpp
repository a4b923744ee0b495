// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/egress_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_egress_get {

constexpr seconds kPollInterval{2};

struct Options {
  std::string id;
  bool watch = false;
};

Status show(const livekit::EgressInfo& egress, Context& context) {
  const Json document = document_of("egress", egress_json(egress));
  return context.out().report({.document = &document,
                               .text = egress_text(egress, context.out()),
                               .id = egress.egress_id,
                               .raw = livekit::egress_state_word(egress.status)});
}

/// Every change until it is over; a JSON line each with --json.
Status watch(livekit::EgressClient& client, const std::string& id, Context& context) {
  std::string last;
  const std::stop_token stop = context.stop();
  for (;;) {
    TS_TRY(const auto egress, client.get(id, stop));
    Json body = egress_json(egress);
    Json compared = body;
    compared.erase("updated_at");
    if (const std::string now = dump_json(compared); now != last) {
      last = now;
      if (context.out().json()) {
        TS_CHECK(context.out().json_line(document_of("egress", body)));
      } else {
        TS_CHECK(context.out().print(egress_text(egress, context.out())));
      }
    }
    if (livekit::is_terminal(egress.status)) {
      if (auto failed = livekit::failure(egress)) return std::move(*failed);
      return ok_status();
    }
    // Leaving a watch changes nothing: not a failure.
    if (!context.clock().wait_for(kPollInterval, stop)) return ok_status();
  }
}

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  livekit::EgressClient client(service);
  if (options.watch) return watch(client, options.id, context);
  TS_TRY(const auto egress, client.get(options.id, context.stop()));
  return show(egress, context);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("id", options->id, "Egress id")->required()->type_name("ID");
  app.add_flag("--watch", options->watch, "Print every change until it is over");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_egress_get

Command egress_get() {
  return {
      .path = "egress get",
      .summary = "Show one egress with the state of each output",
      .example = "ts egress get EG_abcdefghijkl\nts egress get EG_abcdefghijkl --watch --json",
      .bind = in_egress_get::bind,
  };
}

}  // namespace ts::cli
