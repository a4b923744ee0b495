// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/egress_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_egress_layout {

struct Options {
  std::string id;
  std::string layout;
};

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  livekit::EgressClient client(service);
  TS_TRY(const auto egress, client.update_layout(options.id, options.layout, context.stop()));
  const Json document = document_of("egress", egress_json(egress));
  return context.out().report(
      {.document = &document, .text = egress_text(egress, context.out()), .id = egress.egress_id});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("id", options->id, "Egress id")->required()->type_name("ID");
  app.add_option("layout", options->layout, "grid, speaker, single-speaker, or your template's own")
      ->required();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_egress_layout

Command egress_layout() {
  return {
      .path = "egress layout",
      .summary = "Change the layout of a running room composite egress",
      .example = "ts egress layout EG_abcdefghijkl speaker",
      .forms = "id",
      .bind = in_egress_layout::bind,
      .details =
          "LiveKit's bundled template reads its layout only at the start: there the call "
          "succeeds without visible effect. Custom templates react.",
  };
}

}  // namespace ts::cli
