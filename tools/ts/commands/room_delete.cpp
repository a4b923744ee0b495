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
namespace in_room_delete {

struct Options {
  std::string name;
};

Status run(const Options& options, Context& context) {
  TS_CHECK(context.confirm(
      fmt::format("delete room '{}' and disconnect everybody in it?", options.name)));
  TS_TRY(auto service, livekit_service(context));
  TS_CHECK(livekit::RoomClient(service).remove(options.name, context.stop()));
  Json body;
  body["name"] = options.name;
  body["deleted"] = true;
  const Json document = document_of("room", body);
  return context.out().report({.document = &document,
                               .text = fmt::format("room {} deleted", options.name),
                               .id = options.name});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Room name")->required();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_delete

Command room_delete() {
  return {
      .path = "room delete",
      .summary = "End a room and disconnect everybody in it",
      .example = "ts room delete main --yes",
      .forms = "id",
      .bind = in_room_delete::bind,
  };
}

}  // namespace ts::cli
