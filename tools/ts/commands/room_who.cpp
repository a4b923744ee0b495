// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_room_who {

struct Options {
  std::string room;
  std::string identity;
};

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  livekit::RoomClient client(service);
  std::vector<livekit::ParticipantInfo> participants;
  if (options.identity.empty()) {
    TS_TRY(participants, client.participants(options.room, context.stop()));
  } else {
    TS_TRY(auto one, client.participant(options.room, options.identity, context.stop()));
    participants.push_back(std::move(one));
  }
  Json body;
  body["name"] = options.room;
  body["participants"] = Json::array();
  for (const auto& participant : participants) {
    body["participants"].push_back(participant_json(participant));
  }
  const Json document = document_of("room", body);
  const std::string ids = id_lines(participants, &livekit::ParticipantInfo::identity);
  if (context.out().format() == Format::kId && ids.empty()) return ok_status();
  return context.out().report(
      {.document = &document, .text = participant_table(participants), .id = ids});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("room", options->room, "Room name")->required();
  app.add_option("--identity", options->identity, "Only this participant");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_who

Command room_who() {
  return {
      .path = "room who",
      .summary = "Show who is in a room, with their tracks",
      .example = "ts room who main\nts room who main --identity cam-1 --json",
      .bind = in_room_who::bind,
  };
}

}  // namespace ts::cli
