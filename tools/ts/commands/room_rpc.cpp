// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_room_rpc {

constexpr seconds kLongest{55};

struct Options {
  std::string identity;
  std::string method;
  std::string payload;
  std::string room;
  std::string timeout;
};

Status run(const Options& options, Context& context) {
  livekit::PerformRpcRequest request{
      .room = options.room, .destination_identity = options.identity, .method = options.method};
  if (!options.timeout.empty()) {
    TS_TRY(const auto timeout, parse_duration(options.timeout));
    if (timeout < seconds{1} || timeout > kLongest) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "--timeout is not between 1s and 55s",
                   .hint = "leave it out for the server's 15s"};
    }
    request.response_timeout_ms = static_cast<std::uint32_t>(timeout.count());
  }
  TS_TRY(request.payload, context.text_or_file(options.payload));
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto answer, livekit::RoomClient(service).perform_rpc(request, context.stop()));
  Json body;
  body["name"] = options.room;
  body["identity"] = options.identity;
  body["method"] = options.method;
  body["answer"] = answer;
  const Json document = document_of("room", body);
  return context.out().report({.document = &document, .text = answer, .raw = answer});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("identity", options->identity, "Whose method")->required();
  app.add_option("method", options->method, "Its name, as the participant registered it")
      ->required();
  app.add_option("payload", options->payload, "Text, @file or - (at most 15 KiB)");
  app.add_option("--room", options->room, "Room name")->required();
  app.add_option("--timeout", options->timeout, "How long it may take to answer (server: 15s)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_rpc

Command room_rpc() {
  return {
      .path = "room rpc",
      .summary = "Call a method of a participant and print its answer",
      .example =
          "ts room rpc switcher take '{\"scene\":\"wide\"}' --room main\n"
          "ts room rpc cam-1 status --room main --timeout 3s",
      .forms = "raw",
      .bind = in_room_rpc::bind,
      .details =
          "Apps register such methods with LiveKit's SDKs; a publisher over RTMP or WHIP has none.",
  };
}

}  // namespace ts::cli
