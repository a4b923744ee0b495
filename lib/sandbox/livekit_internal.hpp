// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "sandbox/livekit_outputs.hpp"
#include "sandbox/livekit_schema.hpp"
#include "sandbox/livekit_service.hpp"

#include <list>
#include <map>
#include <set>
#include <variant>
#include <vector>

namespace ts::sandbox {

/// Why a call was refused, as Twirp says it.
struct Refusal {
  std::string code{};
  std::string message{};
  /// What the server names in `meta.argument`; empty: there is no meta.
  std::string argument{};
};
using Outcome = std::variant<Json, Refusal>;

/// An error of the layer below the API, which comes out with this prefix.
inline Refusal service_error(std::string code, std::string_view text) {
  return {std::move(code), "twirp error unknown: " + std::string(text)};
}
inline Refusal invalid_url(const std::string& url, std::string_view why) {
  return service_error("invalid_argument", "invalid url " + url + ": " + std::string(why));
}
/// Of an egress status: nothing follows it.
inline bool is_terminal(std::string_view status) {
  return status != "EGRESS_STARTING" && status != "EGRESS_ACTIVE" && status != "EGRESS_ENDING";
}
/// As without a worker, since no worker here can do it.
/// @param what  what the sandbox does not make; empty where no worker is meant.
inline Refusal no_worker(std::string_view what = {}) {
  std::string text = "no response from servers";
  if (!what.empty()) text += ": the sandbox makes no " + std::string(what);
  return service_error("unavailable", text);
}

std::string text_of(const Json& object, std::string_view key);
bool flag_of(const Json& object, std::string_view key);
std::int64_t number_of(const Json& object, std::string_view key);

/// One publisher that feeds a room.
struct Feed {
  PublishId publish = 0;
  std::string ingress{};
  std::string room{};
  std::string identity{};
  StreamInfo info{};
  bool joined = false;
  SteadyTime described{};  ///< When its first track was known.
};

struct Participant {
  Json info{};  ///< Plain ParticipantInfo with its tracks.
  PublishId publish = 0;
  std::string egress{};  ///< Of a recorder: its egress id.
};

struct Room {
  Json info{};  ///< Plain Room without its counters.
  std::map<std::string, Participant, std::less<>> participants{};
  std::optional<SteadyTime> closes{};  ///< When it has nobody in it.
};

struct EgressOutput {
  enum class Kind : std::uint8_t { kStream, kFile, kSegments, kImages };
  Kind kind = Kind::kStream;
  std::string path{};  ///< Of a file or folder, below the one for egress files.
  StillsWanted stills{};
  std::string error{};  ///< Why it ended before it should; empty: it did not.
  RelayId relay = 0;
  std::string url{};       ///< Expanded and whole: a secret, never leaves in an answer.
  std::string original{};  ///< As requested.
  Json info{};             ///< Plain StreamInfo, FileInfo, SegmentsInfo or ImagesInfo.
  bool running = false;    ///< A relay exists.
  bool removed = false;    ///< Taken out by UpdateStream.
};

struct Egress {
  Json info{};  ///< Plain EgressInfo without results.
  std::list<EgressOutput> outputs{};
  std::string deprecated{};  ///< "stream", "file" or "segments": that single result is filled, too.

  enum class Source : std::uint8_t { kRoom, kParticipant, kTracks };
  Source source = Source::kRoom;
  std::string identity{};
  std::string audio_track{};
  std::string video_track{};
  bool audio = true;
  bool video = true;
  PublishId publish = 0;  ///< The feed it forwards, once it runs.

  // Of a room's composite.
  std::string layout{};
  CompositeFormat format{};
  RelayId composite = 0;        ///< 0: nothing is composed.
  std::string composite_key{};  ///< What the composite is published with.
  PublishId composed = 0;       ///< The composite's publish, while it is there.
  CompositeView view{};         ///< Told last.
  std::optional<SteadyTime> track_deadline{};
  std::string end_reason{};
  std::optional<SteadyTime> forget{};
};

struct LiveKitService::Impl {
  Impl(Options o, const Clock& c) : options(std::move(o)), clock(c) {}

  // livekit_service.cpp
  Outcome dispatch(std::string_view service, std::string_view method, const Json& request,
                   const std::optional<RoomGrants>& grants);
  [[nodiscard]] std::int64_t now_ns() const;
  [[nodiscard]] std::int64_t now_ms() const;
  [[nodiscard]] std::int64_t now_s() const;
  std::string new_id(std::string_view prefix);
  void emit(std::string_view event, std::string queue, Json members);

  // livekit_rooms.cpp
  Outcome create_room(const Json& request);
  Outcome list_rooms(const Json& request);
  Outcome delete_room(const Json& request);
  Outcome list_participants(const Json& request);
  Outcome get_participant(const Json& request);
  Outcome remove_participant(const Json& request);
  Outcome mute_track(const Json& request);
  Outcome update_participant(const Json& request);
  Outcome update_subscriptions(const Json& request);
  Outcome send_data(const Json& request);
  Outcome update_room_metadata(const Json& request);
  Outcome perform_rpc(const Json& request);
  Room& open_room(const std::string& name);
  [[nodiscard]] Json room_json(const Room& room) const;
  Participant& join(Room& room, const std::string& identity, Json info);
  void publish_track(Room& room, Participant& participant, Json track);
  void leave(const std::string& room, const std::string& identity);
  void close_room(const std::string& name);
  void arm_timeout(Room& room);
  [[nodiscard]] Room* find_room(std::string_view name);
  [[nodiscard]] Participant* find_participant(std::string_view room, std::string_view identity);
  [[nodiscard]] const Json* find_track(std::string_view room, std::string_view sid) const;
  void tick_rooms();

  // livekit_ingress.cpp
  Outcome create_ingress(const Json& request);
  Outcome update_ingress(const Json& request);
  Outcome list_ingress(const Json& request);
  Outcome delete_ingress(const Json& request);
  Status begin_feed(std::string_view key, PublishId publish);
  void describe_feed(PublishId publish, const StreamInfo& info);
  void end_feed(PublishId publish, std::string_view error);
  void join_feed(Feed& feed);

  // livekit_egress.cpp
  Outcome start_egress(std::string_view method, const Json& request);
  Outcome update_layout(const Json& request);
  Outcome update_stream(const Json& request);
  Outcome list_egress(const Json& request);
  Outcome stop_egress(const Json& request);
  [[nodiscard]] Json egress_json(const Egress& item) const;
  EgressOutput make_output(const std::string& url);
  EgressOutput make_file(EgressOutput::Kind kind, const Json& wanted, const NameParts& parts);
  [[nodiscard]] std::optional<Refusal> wrong_url(const WantedOutputs& wanted) const;
  Outcome plan_source(std::string_view method, const Json& request, Egress& item);
  void egress_event(std::string_view event, const Egress& item);
  [[nodiscard]] const Feed* pick_feed(const Egress& item, bool& audio, bool& video) const;
  void try_to_run(Egress& item);
  void run(Egress& item, PublishId publish);
  void launch(Egress& item, EgressOutput& output);
  void begin_end(Egress& item, std::string reason);
  void finish(Egress& item, std::string_view status, std::string error, int error_code,
              std::string details);
  void settle(Egress& item);
  void source_gone(PublishId publish);
  void relay_is_up(RelayId relay);
  void relay_has_written(RelayId relay, RelayLeft left);
  void relay_is_over(RelayId relay, std::string_view error, RelayLeft left);
  void tick_egress();
  void run_waiting_egress();
  void room_closed(const std::string& name);
  [[nodiscard]] std::pair<Egress*, EgressOutput*> find_relay(RelayId relay);

  // livekit_composite.cpp
  /// Refuses what cannot be made, else notes layout and format.
  std::optional<Refusal> plan_composite(const Json& request, const Json& source, Egress& item);
  [[nodiscard]] CompositeView view_of(const Egress& item) const;
  void try_to_compose(Egress& item);
  /// Tells running composites who is there by now.
  void tell_composites();
  void stop_composite(Egress& item);
  Status begin_composed(std::string_view key, PublishId publish);
  /// @return false when the publish is no composite.
  bool describe_composed(PublishId publish, const StreamInfo& info);
  void end_composed(PublishId publish);
  void composite_is_over(RelayId composite, std::string_view error, bool crashed);

  Options options;
  const Clock& clock;
  Effects effects{};
  std::map<std::string, Room, std::less<>> rooms{};
  std::map<std::string, Json, std::less<>> ingress{};  ///< Plain IngressInfo by id.
  std::map<PublishId, Feed> feeds{};
  std::map<std::string, Egress, std::less<>> egress{};
  RelayId next_relay = 1;
};

}  // namespace ts::sandbox
