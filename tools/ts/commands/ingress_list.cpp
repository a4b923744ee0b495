// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/ingress_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_ingress_list {

struct Options {
  std::string room;
};

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto all,
         livekit::IngressClient(service).list({.room_name = options.room}, context.stop()));
  Json body;
  body["ingress"] = Json::array();
  for (const auto& ingress : all) {
    context.log().scrub(ingress.stream_key);
    body["ingress"].push_back(ingress_json(ingress, false));
  }
  const Json document = document_of("ingress", body);
  const std::string ids = id_lines(all, &livekit::IngressInfo::ingress_id);
  if (context.out().format() == Format::kId && ids.empty()) return ok_status();
  return context.out().report({.document = &document, .text = ingress_table(all), .id = ids});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--room", options->room, "Only of this room");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_ingress_list

Command ingress_list() {
  return {
      .path = "ingress list",
      .summary = "List ingress",
      .example = "ts ingress list --room main",
      .bind = in_ingress_list::bind,
  };
}

}  // namespace ts::cli
