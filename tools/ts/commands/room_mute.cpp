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
namespace in_room_mute {

struct Options {
  std::string identity;
  std::string room;
  std::string source;
  std::string track;
};

/// The tracks meant: the one given, or every track of the source.
Result<std::vector<std::string>> tracks_of(const Options& options, livekit::RoomClient& client,
                                           Context& context) {
  if (options.track.empty() == options.source.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give --source or --track",
                 .hint = "such as --source microphone"};
  }
  if (!options.track.empty()) return std::vector<std::string>{options.track};
  const auto source = livekit::parse_track_source(options.source);
  if (!source || *source == livekit::TrackSource::kUnknown) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("there is no source '{}'", shorten(options.source, 40)),
                 .hint = "use camera, microphone, screen_share or screen_share_audio"};
  }
  TS_TRY(const auto participant,
         client.participant(options.room, options.identity, context.stop()));
  std::vector<std::string> out;
  for (const auto& track : participant.tracks) {
    if (track.source == *source) out.push_back(track.sid);
  }
  if (out.empty()) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = fmt::format("'{}' publishes no {} in room '{}'", options.identity,
                                        options.source, options.room),
                 .hint = fmt::format("see its tracks with ts room who {}", options.room)};
  }
  return out;
}

Status run(const Options& options, bool muted, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  livekit::RoomClient client(service);
  TS_TRY(const auto sids, tracks_of(options, client, context));
  Json body;
  body["name"] = options.room;
  body["identity"] = options.identity;
  body["tracks"] = Json::array();
  std::string text;
  for (const std::string& sid : sids) {
    TS_TRY(const auto track,
           client.mute(options.room, options.identity, sid, muted, context.stop()));
    body["tracks"].push_back({{"sid", track.sid},
                              {"source", livekit::track_source_word(track.source)},
                              {"muted", track.muted}});
    text += fmt::format("{} of {} {}\n", track.sid, options.identity,
                        track.muted ? "is muted" : "is not muted");
  }
  const Json document = document_of("room", body);
  return context.out().report({.document = &document, .text = text, .id = sids.front()});
}

template <bool kMuted>
Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("identity", options->identity, "Who")->required();
  app.add_option("--room", options->room, "Room name")->required();
  app.add_option("--source", options->source,
                 "camera, microphone, screen_share or screen_share_audio");
  app.add_option("--track", options->track, "A track id instead (TR_...)");
  return [options](Context& context) { return run(*options, kMuted, context); };
}

}  // namespace in_room_mute

Command room_mute() {
  return {
      .path = "room mute",
      .summary = "Mute a participant's track",
      .example = "ts room mute cam-1 --room main --source microphone",
      .forms = "id",
      .bind = in_room_mute::bind<true>,
  };
}

Command room_unmute() {
  return {
      .path = "room unmute",
      .summary = "Unmute a participant's track",
      .example = "ts room unmute cam-1 --room main --source microphone",
      .forms = "id",
      .bind = in_room_mute::bind<false>,
      .details = "The server allows it only with room.enable_remote_unmute.",
  };
}

}  // namespace ts::cli
