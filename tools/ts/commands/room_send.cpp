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
namespace in_room_send {

struct Options {
  std::string room;
  std::string data;
  std::string topic;
  std::vector<std::string> to;
  bool lossy = false;
};

Status run(const Options& options, Context& context) {
  TS_TRY(auto data, context.text_or_file(options.data));
  const std::size_t bytes = data.size();
  TS_TRY(auto service, livekit_service(context));
  TS_CHECK(livekit::RoomClient(service).send_data(
      {.room = options.room,
       .data = std::move(data),
       .kind = options.lossy ? livekit::DataKind::kLossy : livekit::DataKind::kReliable,
       .topic = options.topic,
       .destination_identities = options.to},
      context.stop()));
  Json body;
  body["name"] = options.room;
  body["sent_bytes"] = bytes;
  body["topic"] = options.topic;
  body["to"] = options.to;
  const Json document = document_of("room", body);
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} bytes sent to {}", bytes,
                           options.to.empty() ? "everybody in room " + options.room
                                              : fmt::format("{}", fmt::join(options.to, ", ")))});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("room", options->room, "Room name")->required();
  app.add_option("data", options->data, "Text, @file or -")->required();
  app.add_option("--topic", options->topic, "Topic that receivers listen to");
  app.add_option("--to", options->to, "Only to this identity; repeat for more")
      ->expected(1, 256)
      ->allow_extra_args(false);
  app.add_flag("--lossy", options->lossy, "Send once, without repeats");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_send

Command room_send() {
  return {
      .path = "room send",
      .summary = "Send data to the participants of a room",
      .example =
          "ts room send main '{\"tally\":\"live\"}' --topic tally --to cam-1\n"
          "ts room send main @message.json",
      .forms = "none",
      .bind = in_room_send::bind,
  };
}

}  // namespace ts::cli
