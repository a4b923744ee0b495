// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/ingress_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_ingress_delete {

struct Options {
  std::string id;
};

Status run(const Options& options, Context& context) {
  TS_CHECK(context.confirm(
      fmt::format("delete ingress '{}'? its address and key stop working", options.id)));
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto ingress, livekit::IngressClient(service).remove(options.id, context.stop()));
  context.log().scrub(ingress.stream_key);
  Json body = ingress_json(ingress, false);
  body["ingress_id"] = options.id;
  body["deleted"] = true;
  const Json document = document_of("ingress", body);
  return context.out().report({.document = &document,
                               .text = fmt::format("ingress {} deleted", options.id),
                               .id = options.id});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("id", options->id, "Ingress id")->required()->type_name("ID");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_ingress_delete

Command ingress_delete() {
  return {
      .path = "ingress delete",
      .summary = "Delete an ingress",
      .example = "ts ingress delete IN_abcdefghijkl --yes",
      .forms = "id",
      .bind = in_ingress_delete::bind,
  };
}

}  // namespace ts::cli
