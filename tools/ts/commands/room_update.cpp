// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_room_update {

struct Options {
  std::string name;
  std::string metadata;
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto metadata, context.text_or_file(options.metadata));
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto room,
         livekit::RoomClient(service).update_metadata(options.name, metadata, context.stop()));
  const Json document = document_of("room", room_json(room));
  return context.out().report(
      {.document = &document, .text = room_text(room), .id = room.name, .raw = room.name});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Room name")->required();
  app.add_option("--metadata", options->metadata, "Text, @file or - (at most 512 KiB)")->required();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_update

Command room_update() {
  return {
      .path = "room update",
      .summary = "Replace a room's metadata",
      .example = "ts room update main --metadata '{\"state\":\"live\"}'",
      .forms = "id raw",
      .bind = in_room_update::bind,
      .details = "Timeouts and limits are set when a room is made: ts room create.",
  };
}

}  // namespace ts::cli
