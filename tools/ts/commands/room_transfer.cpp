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
namespace in_room_transfer {

using Call = Status (livekit::RoomClient::*)(const livekit::ParticipantTransfer&, std::stop_token);

struct Options {
  std::string identity;
  std::string room;
  std::string to;
};

/// LiveKit's own server answers both calls like one that it does not know.
Error explained(Error error) {
  const bool unserved = error.http_status == 404 || error.http_status == 501 ||
                        error.http_status == 503 || error.code == "bad_route" ||
                        error.code == "unimplemented" || error.code == "unavailable";
  if (unserved) {
    error.hint =
        "only LiveKit Cloud forwards and moves participants; check room and identity with "
        "ts room who";
  }
  return error;
}

Status run(const Options& options, Context& context, Call call, std::string_view done) {
  TS_TRY(auto service, livekit_service(context));
  livekit::RoomClient rooms(service);
  auto status = (rooms.*call)(
      {.room = options.room, .identity = options.identity, .destination_room = options.to},
      context.stop());
  if (!status.ok()) return explained(std::move(status).error());
  Json body;
  body["name"] = options.room;
  body["identity"] = options.identity;
  body["destination_room"] = options.to;
  const Json document = document_of("room", body);
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} {} room {}", options.identity, done, options.to),
       .id = options.identity});
}

std::shared_ptr<Options> add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("identity", options->identity, "Who")->required();
  app.add_option("--room", options->room, "The room it is in")->required();
  app.add_option("--to", options->to, "The other room")->required();
  return options;
}

Runner bind_forward(CLI::App& app) {
  const auto options = add_options(app);
  return [options](Context& context) {
    return run(*options, context, &livekit::RoomClient::forward_participant, "is seen in");
  };
}

Runner bind_move(CLI::App& app) {
  const auto options = add_options(app);
  return [options](Context& context) -> Status {
    TS_CHECK(context.confirm(fmt::format("move '{}' from room '{}' to '{}'?", options->identity,
                                         options->room, options->to)));
    return run(*options, context, &livekit::RoomClient::move_participant, "moved to");
  };
}

}  // namespace in_room_transfer

Command room_forward() {
  return {
      .path = "room forward",
      .summary = "Show a participant in a second room, too (LiveKit Cloud)",
      .example = "ts room forward cam-1 --room main --to overflow",
      .forms = "id",
      .bind = in_room_transfer::bind_forward,
  };
}

Command room_move() {
  return {
      .path = "room move",
      .summary = "Take a participant to another room (LiveKit Cloud)",
      .example = "ts room move cam-1 --room waiting --to main --yes",
      .forms = "id",
      .bind = in_room_transfer::bind_move,
  };
}

}  // namespace ts::cli
