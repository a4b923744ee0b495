// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "livekit/limits.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_room_subscribe {

struct Options {
  std::string identity;
  std::string room;
  std::vector<std::string> tracks;
  std::vector<std::string> publishers;
};

Status run(const Options& options, bool subscribe, Context& context) {
  if (options.tracks.empty() && options.publishers.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give --track or --from",
                 .hint = fmt::format("see the tracks with ts room who {}", options.room)};
  }
  TS_TRY(auto service, livekit_service(context));
  livekit::RoomClient client(service);
  livekit::UpdateSubscriptionsRequest request{.room = options.room,
                                              .identity = options.identity,
                                              .track_sids = options.tracks,
                                              .subscribe = subscribe};
  // Asking for the publishers' tracks comes before the call that would refuse it.
  TS_CHECK(livekit::check_name(options.identity, "identity"));
  for (const std::string& publisher : options.publishers) {
    TS_TRY(const auto participant, client.participant(options.room, publisher, context.stop()));
    livekit::ParticipantTracks tracks{.participant_sid = participant.sid};
    for (const auto& track : participant.tracks) tracks.track_sids.push_back(track.sid);
    if (tracks.track_sids.empty()) {
      return Error{
          .kind = ErrorKind::kNotFound,
          .message = fmt::format("'{}' publishes nothing in room '{}'", publisher, options.room)};
    }
    request.participant_tracks.push_back(std::move(tracks));
  }
  TS_CHECK(client.update_subscriptions(request, context.stop()));
  Json body;
  body["name"] = options.room;
  body["identity"] = options.identity;
  body["subscribed"] = subscribe;
  body["tracks"] = Json::array();
  std::size_t count = 0;
  const auto add = [&](const std::string& sid) {
    body["tracks"].push_back(sid);
    ++count;
  };
  for (const std::string& sid : request.track_sids) add(sid);
  for (const auto& tracks : request.participant_tracks) {
    for (const std::string& sid : tracks.track_sids) add(sid);
  }
  const Json document = document_of("room", body);
  return context.out().report({.document = &document,
                               .text = fmt::format("{} {} {} track{}", options.identity,
                                                   subscribe ? "receives" : "no longer receives",
                                                   count, count == 1 ? "" : "s"),
                               .id = options.identity});
}

template <bool kSubscribe>
Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("identity", options->identity, "Who receives")->required();
  app.add_option("--room", options->room, "Room name")->required();
  app.add_option("--track", options->tracks, "Track id (TR_...)")
      ->expected(1, 64)
      ->allow_extra_args(false);
  app.add_option("--from", options->publishers, "Every track of this identity")
      ->expected(1, 64)
      ->allow_extra_args(false);
  return [options](Context& context) { return run(*options, kSubscribe, context); };
}

}  // namespace in_room_subscribe

Command room_subscribe() {
  return {
      .path = "room subscribe",
      .summary = "Make a participant receive tracks",
      .example = "ts room subscribe monitor --room main --from cam-1",
      .forms = "id",
      .bind = in_room_subscribe::bind<true>,
  };
}

Command room_unsubscribe() {
  return {
      .path = "room unsubscribe",
      .summary = "Stop a participant from receiving tracks",
      .example = "ts room unsubscribe monitor --room main --track TR_VCxx",
      .forms = "id",
      .bind = in_room_subscribe::bind<false>,
  };
}

}  // namespace ts::cli
