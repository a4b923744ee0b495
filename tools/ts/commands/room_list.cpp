// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_room_list {

struct Options {
  std::vector<std::string> names;
};

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto rooms, livekit::RoomClient(service).list(options.names, context.stop()));
  Json body;
  body["rooms"] = Json::array();
  for (const auto& room : rooms) body["rooms"].push_back(room_json(room));
  const Json document = document_of("room", body);
  const std::string names = id_lines(rooms, &livekit::Room::name);
  if (context.out().format() == Format::kId && names.empty()) return ok_status();
  return context.out().report({.document = &document, .text = room_table(rooms), .id = names});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("names", options->names, "Only these rooms")->type_name("NAME");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_list

Command room_list() {
  return {
      .path = "room list",
      .summary = "List rooms",
      .example = "ts room list\nts room list --json",
      .bind = in_room_list::bind,
  };
}

}  // namespace ts::cli
