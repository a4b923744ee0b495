// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "egress_request.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "livekit/room_client.hpp"
#include "livekit/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_room_create {

struct Options {
  std::string name;
  std::string empty_timeout;
  std::string departure_timeout;
  std::uint32_t max_participants = 0;
  std::string metadata;
  std::string preset;
  std::string min_playout_delay;
  std::string max_playout_delay;
  bool sync_streams = false;
  std::vector<std::string> tags;
  std::string auto_egress;
  std::string request;
  std::string ref;
};

/// Whole seconds of a timeout; LiveKit takes 0 for "its default", so 0 is refused.
Result<std::uint32_t> timeout_seconds(const std::string& text, std::string_view flag) {
  if (text.empty()) return 0U;
  TS_TRY(const auto duration, parse_duration(text));
  const auto whole = std::chrono::ceil<seconds>(duration).count();
  if (whole < 1 || whole > 31'536'000) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{} is not between 1s and 365 days", flag),
                 .hint = "leave it out for the server's default"};
  }
  return static_cast<std::uint32_t>(whole);
}

Result<std::uint32_t> delay_ms(const std::string& text, std::string_view flag) {
  if (text.empty()) return 0U;
  TS_TRY(const auto duration, parse_duration(text));
  if (duration > seconds{60}) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("{} is over 60s", flag)};
  }
  return static_cast<std::uint32_t>(duration.count());
}

/// LiveKit's own CreateRoomRequest, which the flags are laid over.
Result<livekit::CreateRoomRequest> request_from_file(const Options& options, Context& context) {
  if (options.request.empty()) return livekit::CreateRoomRequest{};
  TS_TRY(const auto text, context.text_or_file(options.request));
  TS_TRY(const auto json, parse_json(text, "--request", ErrorKind::kUsage, kWrittenByPeople));
  auto request = livekit::from_json<livekit::CreateRoomRequest>(
      json, livekit::UnknownFields::kRefuse, ErrorKind::kUsage);
  if (!request.ok()) return std::move(request).error().with_context("--request");
  if (!request.value().name.empty() && !options.name.empty() &&
      request.value().name != options.name) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("--request is for room '{}', not for '{}'",
                               shorten(request.value().name, 80), shorten(options.name, 80)),
        .hint = "name the same room, or none in the request"};
  }
  return request;
}

Status lay_over(const Options& options, Context& context, livekit::CreateRoomRequest& request) {
  const auto seconds_of = [](const std::string& text, const char* flag,
                             std::uint32_t& field) -> Status {
    if (text.empty()) return ok_status();
    TS_TRY(field, timeout_seconds(text, flag));
    return ok_status();
  };
  const auto ms_of = [](const std::string& text, const char* flag, std::uint32_t& field) -> Status {
    if (text.empty()) return ok_status();
    TS_TRY(field, delay_ms(text, flag));
    return ok_status();
  };
  if (!options.name.empty()) request.name = options.name;
  if (request.name.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "no room is named",
                 .hint = "ts room create NAME, or --ref NAME"};
  }
  if (!options.preset.empty()) request.room_preset = options.preset;
  if (options.max_participants != 0) request.max_participants = options.max_participants;
  if (options.sync_streams) request.sync_streams = true;
  TS_CHECK(seconds_of(options.empty_timeout, "--empty-timeout", request.empty_timeout));
  TS_CHECK(seconds_of(options.departure_timeout, "--departure-timeout", request.departure_timeout));
  TS_CHECK(ms_of(options.min_playout_delay, "--min-playout-delay", request.min_playout_delay));
  TS_CHECK(ms_of(options.max_playout_delay, "--max-playout-delay", request.max_playout_delay));
  if (request.max_playout_delay != 0 && request.min_playout_delay > request.max_playout_delay) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the smallest playout delay, {} ms, is above the largest, "
                                        "{} ms",
                                        request.min_playout_delay, request.max_playout_delay),
                 .hint = "give --min-playout-delay at most the --max-playout-delay"};
  }
  if (!options.metadata.empty()) {
    TS_TRY(request.metadata, context.text_or_file(options.metadata));
  }
  for (const std::string& tag : options.tags) {
    const auto equals = tag.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("--tag '{}' is not NAME=VALUE", shorten(tag, 60))};
    }
    request.tags[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  if (!options.auto_egress.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.auto_egress));
    TS_TRY(const auto json, parse_json(text, "--auto-egress", ErrorKind::kUsage, kWrittenByPeople));
    auto egress = livekit::from_json<livekit::RoomEgress>(json, livekit::UnknownFields::kRefuse,
                                                          ErrorKind::kUsage);
    if (!egress.ok()) return std::move(egress).error().with_context("--auto-egress");
    request.egress = std::move(egress).value();
  }
  return ok_status();
}

/// LiveKit finds a room again by its name: that is its ref.
Result<Options> named(Options options) {
  if (options.ref.empty() && options.name.empty() && options.request.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "no room is named",
                 .hint = "ts room create NAME, or --ref NAME"};
  }
  if (!options.ref.empty() && !options.name.empty() && options.ref != options.name) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--ref is kept as the room's name: leave the other one out"};
  }
  if (options.name.empty()) options.name = options.ref;
  return options;
}

Status run(const Options& given, Context& context) {
  TS_TRY(const auto options, named(given));
  TS_TRY(auto request, request_from_file(options, context));
  TS_CHECK(lay_over(options, context, request));
  scrub_difference(livekit::to_json(request), livekit::to_redacted_json(request), context.log());
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto room, livekit::RoomClient(service).create(request, context.stop()));
  const auto differs = [](auto wanted, auto got) {
    return wanted != decltype(wanted){} && wanted != got;
  };
  if (!context.dry_run() && (differs(request.empty_timeout, room.empty_timeout) ||
                             differs(request.departure_timeout, room.departure_timeout) ||
                             differs(request.max_participants, room.max_participants) ||
                             differs(request.metadata, room.metadata))) {
    context.out().warn(
        fmt::format("room {} was there already, and its settings are not those asked for; "
                    "delete it first to change them (metadata: ts room update)",
                    room.name));
  }
  const Json document = document_of("room", room_json(room));
  return context.out().report({.document = &document,
                               .text = room_text(room),
                               .id = room.name,
                               .raw = room.name,
                               .env = {{"ROOM_NAME", room.name}, {"ROOM_SID", room.sid}}});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "Room name (required: here, as --ref or in --request)");
  app.add_option("--ref", options->ref, "The same: a room is found again by its name");
  app.add_option("--empty-timeout", options->empty_timeout,
                 "How long it stays when nobody ever joins (server: 5m)");
  app.add_option("--departure-timeout", options->departure_timeout,
                 "How long it stays after the last one left (server: 20s)");
  app.add_option("--max-participants", options->max_participants, "Most at one time");
  app.add_option("--metadata", options->metadata, "Text, @file or - (at most 512 KiB)");
  app.add_option("--preset", options->preset, "A room configuration of the server, by name");
  app.add_option("--min-playout-delay", options->min_playout_delay, "Such as 100ms");
  app.add_option("--max-playout-delay", options->max_playout_delay, "Such as 500ms");
  app.add_flag("--sync-streams", options->sync_streams, "Keep audio and video in step");
  app.add_option("--tag", options->tags, "NAME=VALUE")->expected(1, 64)->allow_extra_args(false);
  app.add_option("--auto-egress", options->auto_egress,
                 "Egress that starts with the room: RoomEgress as @file.json");
  app.add_option("--request", options->request,
                 "LiveKit's own request (@file.json, -, or text); flags are laid over it");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_create

Command room_create() {
  return {
      .path = "room create",
      .summary = "Make a room, or find the one of that name",
      .example =
          "ts room create main\n"
          "ts room create main --empty-timeout 10m --departure-timeout 2m "
          "--max-participants 12",
      .forms = "id raw env",
      .bind = in_room_create::bind,
      .details =
          "The name is the key: making a room twice gives the same room. A server leaves one "
          "that is there as it is; what differs from what was asked for is told.",
  };
}

}  // namespace ts::cli
