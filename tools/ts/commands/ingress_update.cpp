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
namespace in_ingress_update {

struct Options {
  livekit::UpdateIngressRequest request;
  std::string metadata;
};

Status run(const Options& options, Context& context) {
  livekit::UpdateIngressRequest request = options.request;
  TS_TRY(request.participant_metadata, context.text_or_file(options.metadata));
  if (request.name.empty() && request.room_name.empty() && request.participant_identity.empty() &&
      request.participant_name.empty() && request.participant_metadata.empty() &&
      !request.enable_transcoding && !request.enabled) {
    return Error{.kind = ErrorKind::kUsage, .message = "there is nothing to change"};
  }
  TS_TRY(auto service, livekit_service(context));
  if (request.enabled == false) {
    TS_CHECK(context.confirm(
        fmt::format("disable ingress {}? Whoever publishes to it is cut off", request.ingress_id)));
  }
  TS_TRY(const auto ingress, livekit::IngressClient(service).update(request, context.stop()));
  context.log().scrub(ingress.stream_key);
  const Json document = document_of("ingress", ingress_json(ingress, false));
  return context.out().report(
      {.document = &document, .text = ingress_text(ingress, false), .id = ingress.ingress_id});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto& request = options->request;
  app.add_option("id", request.ingress_id, "Ingress id")->required()->type_name("ID");
  app.add_option("--name", request.name,
                 "Name of the ingress; ingress create --ref finds it by that");
  app.add_option("--room", request.room_name, "Room it publishes into");
  app.add_option("--identity", request.participant_identity, "Participant it becomes");
  app.add_option("--participant-name", request.participant_name, "Display name in the room");
  app.add_option("--metadata", options->metadata, "Participant metadata: text, @file or -");
  app.add_option("--transcode", request.enable_transcoding, "true or false (WHIP)");
  app.add_option("--enabled", request.enabled,
                 "true or false; false asks, as it cuts off who publishes");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_ingress_update

Command ingress_update() {
  return {
      .path = "ingress update",
      .summary = "Change an RTMP or WHIP ingress",
      .example =
          "ts ingress update IN_abcdefghijkl --room rehearsal\n"
          "ts ingress update IN_abcdefghijkl --enabled false --yes",
      .forms = "id",
      .bind = in_ingress_update::bind,
  };
}

}  // namespace ts::cli
