// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "livekit/ingress_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_ingress_get {

struct Options {
  std::string id;
  bool reveal = false;
  std::string state = "publishing";
  std::string timeout = "60s";
};

Status show(const livekit::IngressInfo& ingress, bool reveal, Context& context) {
  if (!reveal) context.log().scrub(ingress.stream_key);
  const Json document = document_of("ingress", ingress_json(ingress, reveal));
  Report report{
      .document = &document, .text = ingress_text(ingress, reveal), .id = ingress.ingress_id};
  if (reveal) {
    report.raw = std::string(livekit::publish_target(ingress).reveal());
    report.env = {{"INGRESS_ID", ingress.ingress_id},
                  {"INGRESS_URL", ingress.url},
                  {"INGRESS_STREAM_KEY", std::string(ingress.stream_key.reveal())}};
  }
  return context.out().report(report);
}

Status get(const Options& options, Context& context) {
  TS_CHECK(context.out().check_reveal(options.reveal));
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto ingress, livekit::IngressClient(service).get(options.id, context.stop()));
  return show(ingress, options.reveal, context);
}

Result<livekit::IngressStatus> parse_state(const std::string& text) {
  for (const auto& row : livekit::enum_names(livekit::IngressStatus{})) {
    const auto status = static_cast<livekit::IngressStatus>(row.number);
    if (livekit::ingress_state_word(status) == text) return status;
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("cannot wait for the state '{}'", shorten(text, 40)),
               .hint = "use inactive, buffering, publishing, error or complete"};
}

Status wait(const Options& options, Context& context) {
  TS_TRY(const auto wanted, parse_state(options.state));
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto ingress,
         livekit::IngressClient(service).wait_for(
             options.id, wanted, timeout, context.stop(), [&](const livekit::IngressInfo& now) {
               context.out().progress(fmt::format(
                   "ingress {} {}", now.ingress_id,
                   livekit::ingress_state_word(now.state ? now.state->status
                                                         : livekit::IngressStatus::kInactive)));
             }));
  return show(ingress, false, context);
}

Runner bind_get(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("id", options->id, "Ingress id")->required()->type_name("ID");
  app.add_flag("--reveal", options->reveal, "Show the stream key");
  return [options](Context& context) { return get(*options, context); };
}

Runner bind_wait(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("id", options->id, "Ingress id")->required()->type_name("ID");
  app.add_option("--for,--wait,--state", options->state,
                 "State to wait for: publishing (media arrives), buffering, inactive, error or "
                 "complete")
      ->capture_default_str();
  app.add_option("--timeout", options->timeout, "Give up after this long (exit 9)")
      ->capture_default_str();
  return [options](Context& context) { return wait(*options, context); };
}

}  // namespace in_ingress_get

Command ingress_get() {
  using namespace in_ingress_get;
  return {
      .path = "ingress get",
      .summary = "Show one ingress and what it receives",
      .example = "ts ingress get IN_abcdefghijkl\nts ingress get IN_abcdefghijkl --reveal -o env",
      .bind = bind_get,
  };
}

Command ingress_wait() {
  using namespace in_ingress_get;
  return {
      .path = "ingress wait",
      .summary = "Wait until an ingress receives media",
      .example = "ts ingress wait IN_abcdefghijkl --for publishing --timeout 2m",
      .bind = bind_wait,
  };
}

}  // namespace ts::cli
