// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_room_remove {

struct Options {
  std::string identity;
  std::string room;
  bool revoke = false;
};

Status run(const Options& options, Context& context) {
  TS_CHECK(
      context.confirm(fmt::format("remove '{}' from room '{}'?", options.identity, options.room)));
  TS_TRY(auto service, livekit_service(context));
  const std::int64_t revoke_before =
      options.revoke
          ? std::chrono::duration_cast<seconds>(context.clock().now().time_since_epoch()).count()
          : 0;
  TS_CHECK(livekit::RoomClient(service).remove_participant(options.room, options.identity,
                                                           revoke_before, context.stop()));
  Json body;
  body["name"] = options.room;
  body["identity"] = options.identity;
  body["removed"] = true;
  const Json document = document_of("room", body);
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} removed from room {}", options.identity, options.room),
       .id = options.identity});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("identity", options->identity, "Who")->required();
  app.add_option("--room", options->room, "Room name")->required();
  app.add_flag("--revoke", options->revoke, "Refuse the token it joined with (LiveKit Cloud)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_remove

Command room_remove() {
  return {
      .path = "room remove",
      .summary = "Disconnect a participant",
      .example = "ts room remove cam-1 --room main --yes",
      .forms = "id",
      .bind = in_room_remove::bind,
      .details = "A self-hosted server lets the participant join again while its token lasts.",
  };
}

}  // namespace ts::cli
