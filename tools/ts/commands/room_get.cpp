// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_room_get {

struct Options {
  std::string name;
};

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto room, livekit::RoomClient(service).get(options.name, context.stop()));
  const Json document = document_of("room", room_json(room));
  return context.out().report(
      {.document = &document, .text = room_text(room), .id = room.name, .raw = room.name});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Room name")->required();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_get

Command room_get() {
  return {
      .path = "room get",
      .summary = "Show one room",
      .example = "ts room get main",
      .bind = in_room_get::bind,
  };
}

}  // namespace ts::cli
