// SPDX-License-Identifier: Apache-2.0
#include "sandbox/livekit_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxMetadata = std::size_t{512} << 10U;
constexpr std::size_t kMaxAttributes = std::size_t{64} << 10U;
constexpr std::int64_t kEmptyTimeout = 300;
constexpr std::int64_t kDepartureTimeout = 20;

Refusal no_room() { return service_error("not_found", "requested room does not exist"); }
Refusal no_participant() { return service_error("not_found", "participant does not exist"); }
/// Nobody serves the topic of an absent room or participant: the server waits, then gives up.
Refusal nobody_answers() { return no_worker(); }
Refusal metadata_too_long() {
  return {"invalid_argument", "metadata size exceeds limits " + std::to_string(kMaxMetadata),
          "metadata size exceeds limits"};
}

/// Recorders and agents neither keep a room open nor are counted.
bool is_dependent(const Participant& participant) {
  const auto kind = text_of(participant.info, "kind");
  return kind == "EGRESS" || kind == "AGENT";
}

std::size_t base64_bytes(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  return text.size() * 3 / 4;
}

std::size_t size_of_map(const Json& map) {
  std::size_t total = 0;
  for (const auto& [key, value] : map.items()) {
    total += key.size() + value.get_ref<const std::string&>().size();
  }
  return total;
}

/// The room as track events carry it.
Json room_key(const Room& room) {
  return {{"sid", text_of(room.info, "sid")}, {"name", text_of(room.info, "name")}};
}
Json participant_key(const Participant& participant) {
  return {{"sid", text_of(participant.info, "sid")},
          {"identity", text_of(participant.info, "identity")}};
}

}  // namespace

Room* LiveKitService::Impl::find_room(std::string_view name) {
  const auto found = rooms.find(name);
  return found == rooms.end() ? nullptr : &found->second;
}

Participant* LiveKitService::Impl::find_participant(std::string_view room,
                                                    std::string_view identity) {
  auto* in = find_room(room);
  if (in == nullptr) return nullptr;
  const auto found = in->participants.find(identity);
  return found == in->participants.end() ? nullptr : &found->second;
}

const Json* LiveKitService::Impl::find_track(std::string_view room, std::string_view sid) const {
  const auto in = rooms.find(room);
  if (in == rooms.end()) return nullptr;
  for (const auto& [identity, participant] : in->second.participants) {
    const auto tracks = participant.info.find("tracks");
    if (tracks == participant.info.end()) continue;
    for (const auto& track : *tracks) {
      if (text_of(track, "sid") == sid) return &track;
    }
  }
  return nullptr;
}

Json LiveKitService::Impl::room_json(const Room& room) const {
  auto out = room.info;
  std::int64_t present = 0;
  std::int64_t publishing = 0;
  bool recording = false;
  for (const auto& [identity, participant] : room.participants) {
    if (!is_dependent(participant)) ++present;
    if (flag_of(participant.info, "is_publisher")) ++publishing;
    if (!participant.egress.empty()) recording = true;
  }
  out["num_participants"] = present;
  out["num_publishers"] = publishing;
  out["active_recording"] = recording;
  return out;
}

Room& LiveKitService::Impl::open_room(const std::string& name) {
  if (auto* room = find_room(name)) return *room;
  auto& room = rooms[name];
  room.info = {{"sid", new_id("RM_")},
               {"name", name},
               {"empty_timeout", kEmptyTimeout},
               {"departure_timeout", kDepartureTimeout},
               {"creation_time", now_s()},
               {"creation_time_ms", now_ms()},
               {"turn_password", options.random(44)},
               {"enabled_codecs", Json::array({{{"mime", "audio/opus"}, {"fmtp_line", ""}},
                                               {{"mime", "video/H264"}, {"fmtp_line", ""}}})}};
  arm_timeout(room);
  emit("room_started", name, {{"room", room_json(room)}});
  return room;
}

void LiveKitService::Impl::arm_timeout(Room& room) {
  const bool anybody = std::any_of(room.participants.begin(), room.participants.end(),
                                   [](const auto& entry) { return !is_dependent(entry.second); });
  if (anybody) {
    room.closes.reset();
    return;
  }
  const bool had = flag_of(room.info, "had_participants");
  const auto wait = number_of(room.info, had ? "departure_timeout" : "empty_timeout");
  room.closes = clock.steady_now() + seconds{wait};
}

Outcome LiveKitService::Impl::create_room(const Json& request) {
  // As the server does: an empty name is one, the metadata's size is not looked at, and a room that
  // is there stays as it is.
  const auto name = text_of(request, "name");
  if (name.size() > kMaxName) {
    return Refusal{"invalid_argument",
                   "twirp error unknown: room name length exceeds limits: max length 256"};
  }
  if (const auto* room = find_room(name)) return room_json(*room);
  if (!text_of(request, "room_preset").empty()) {
    return service_error("invalid_argument", "unknown room configuration in create room request");
  }
  const auto auto_egress = request.value("egress", Json::object()).value("room", Json());
  auto& room = open_room(name);
  for (const auto* key : {"empty_timeout", "departure_timeout", "max_participants"}) {
    if (number_of(request, key) > 0) room.info[key] = number_of(request, key);
  }
  if (!text_of(request, "metadata").empty()) room.info["metadata"] = text_of(request, "metadata");
  arm_timeout(room);
  if (auto_egress.is_object()) {
    auto start = auto_egress;
    start["room_name"] = name;
    auto outcome = start_egress("StartRoomCompositeEgress", start);
    if (std::holds_alternative<Refusal>(outcome)) {
      close_room(name);
      return outcome;
    }
  }
  return room_json(*find_room(name));
}

Outcome LiveKitService::Impl::list_rooms(const Json& request) {
  const auto names = request.value("names", Json::array());
  Json list = Json::array();
  for (const auto& [name, room] : rooms) {
    if (names.empty() || std::find(names.begin(), names.end(), Json(name)) != names.end()) {
      list.push_back(room_json(room));
    }
  }
  return Json{{"rooms", std::move(list)}};
}

Outcome LiveKitService::Impl::delete_room(const Json& request) {
  const auto name = text_of(request, "room");
  if (find_room(name) == nullptr) return no_room();
  close_room(name);
  return Json::object();
}

void LiveKitService::Impl::close_room(const std::string& name) {
  auto* room = find_room(name);
  if (room == nullptr) return;
  room_closed(name);
  std::vector<std::string> identities;
  for (const auto& [identity, participant] : room->participants) identities.push_back(identity);
  for (const auto& identity : identities) {
    const auto publish = room->participants.at(identity).publish;
    if (publish != 0) effects.push_back(PublisherKick{publish, "the room was closed"});
    leave(name, identity);
  }
  emit("room_finished", name, {{"room", room_json(*room)}});
  rooms.erase(name);
}

Participant& LiveKitService::Impl::join(Room& room, const std::string& identity, Json info) {
  auto& participant = room.participants[identity];
  participant.info = {{"sid", new_id("PA_")}, {"identity", identity},     {"state", "ACTIVE"},
                      {"joined_at", now_s()}, {"joined_at_ms", now_ms()}, {"version", 1}};
  participant.info.update(info);
  if (!is_dependent(participant)) room.info["had_participants"] = true;
  arm_timeout(room);
  emit("participant_joined", text_of(room.info, "name"),
       {{"room", room_json(room)}, {"participant", participant.info}});
  return participant;
}

void LiveKitService::Impl::publish_track(Room& room, Participant& participant, Json track) {
  participant.info["is_publisher"] = true;
  participant.info["version"] = number_of(participant.info, "version") + 1;
  participant.info["tracks"].push_back(track);
  emit("track_published", text_of(room.info, "name"),
       {{"room", room_key(room)},
        {"participant", participant_key(participant)},
        {"track", std::move(track)}});
}

void LiveKitService::Impl::leave(const std::string& name, const std::string& identity) {
  auto* room = find_room(name);
  auto* participant = find_participant(name, identity);
  if (room == nullptr || participant == nullptr) return;
  for (const auto& track : participant->info.value("tracks", Json::array())) {
    emit("track_unpublished", name,
         {{"room", room_key(*room)},
          {"participant", participant_key(*participant)},
          {"track", track}});
  }
  auto info = participant->info;
  info["state"] = "DISCONNECTED";
  info.erase("tracks");
  const auto publish = participant->publish;
  room->participants.erase(identity);
  emit("participant_left", name, {{"room", room_json(*room)}, {"participant", std::move(info)}});
  if (publish != 0) source_gone(publish);
  tell_composites();
  arm_timeout(*room);
}

Outcome LiveKitService::Impl::list_participants(const Json& request) {
  Json list = Json::array();
  if (const auto* room = find_room(text_of(request, "room"))) {
    for (const auto& [identity, participant] : room->participants) {
      list.push_back(participant.info);
    }
  }
  return Json{{"participants", std::move(list)}};
}

Outcome LiveKitService::Impl::get_participant(const Json& request) {
  const auto* participant =
      find_participant(text_of(request, "room"), text_of(request, "identity"));
  if (participant == nullptr) return no_participant();
  return participant->info;
}

Outcome LiveKitService::Impl::remove_participant(const Json& request) {
  const auto room = text_of(request, "room");
  const auto identity = text_of(request, "identity");
  const auto* participant = find_participant(room, identity);
  if (participant == nullptr) return no_participant();
  if (participant->publish != 0) {
    effects.push_back(PublisherKick{participant->publish, "removed from the room"});
  }
  leave(room, identity);
  return Json::object();
}

Outcome LiveKitService::Impl::mute_track(const Json& request) {
  auto* participant = find_participant(text_of(request, "room"), text_of(request, "identity"));
  if (participant == nullptr) return nobody_answers();
  auto tracks = participant->info.find("tracks");
  const bool muted = flag_of(request, "muted");
  if (tracks != participant->info.end()) {
    for (auto& track : *tracks) {
      if (text_of(track, "sid") != text_of(request, "track_sid")) continue;
      if (!muted && flag_of(track, "muted")) {
        return service_error("failed_precondition", "remote unmute not enabled");
      }
      track["muted"] = muted || flag_of(track, "muted");
      effects.push_back(TrackMute{.publish = participant->publish,
                                  .video = text_of(track, "type") == "VIDEO",
                                  .muted = flag_of(track, "muted")});
      return Json{{"track", track}};
    }
  }
  return service_error("not_found", "track is not found");
}

Outcome LiveKitService::Impl::update_participant(const Json& request) {
  const auto name = text_of(request, "name");
  const auto metadata = text_of(request, "metadata");
  const auto attributes = request.value("attributes", Json::object());
  if (name.size() > kMaxName)
    return Refusal{"invalid_argument", "name length exceeds limits 256",
                   "name length exceeds limits"};
  if (metadata.size() > kMaxMetadata) return metadata_too_long();
  if (size_of_map(attributes) > kMaxAttributes) {
    return Refusal{"invalid_argument",
                   "attribute size exceeds limits " + std::to_string(kMaxAttributes),
                   "attribute size exceeds limits"};
  }
  auto* participant = find_participant(text_of(request, "room"), text_of(request, "identity"));
  if (participant == nullptr) return no_participant();
  auto& info = participant->info;
  if (!metadata.empty()) info["metadata"] = metadata;
  if (!name.empty()) info["name"] = name;
  for (const auto& [key, value] : attributes.items()) {
    if (value.get_ref<const std::string&>().empty()) {
      if (info.contains("attributes")) info["attributes"].erase(key);
    } else {
      info["attributes"][key] = value;
    }
  }
  // The whole set is replaced: a flag left out of the request becomes false.
  if (request.contains("permission")) info["permission"] = request["permission"];
  info["version"] = number_of(info, "version") + 1;
  return info;
}

Outcome LiveKitService::Impl::update_subscriptions(const Json& request) {
  if (find_participant(text_of(request, "room"), text_of(request, "identity")) == nullptr) {
    return nobody_answers();
  }
  return Json::object();
}

Outcome LiveKitService::Impl::send_data(const Json& request) {
  const auto nonce = base64_bytes(text_of(request, "nonce"));
  if (nonce != 0 && nonce != 16) {
    return Refusal{"invalid_argument", "nonce should be 16-bytes or not present, got: " +
                                           std::to_string(nonce) + " bytes"};
  }
  if (find_room(text_of(request, "room")) == nullptr) return nobody_answers();
  return Json::object();
}

Outcome LiveKitService::Impl::update_room_metadata(const Json& request) {
  if (text_of(request, "metadata").size() > kMaxMetadata) return metadata_too_long();
  auto* room = find_room(text_of(request, "room"));
  if (room == nullptr) return no_room();
  room->info["metadata"] = text_of(request, "metadata");
  return room_json(*room);
}

Outcome LiveKitService::Impl::perform_rpc(const Json& request) {
  if (text_of(request, "destination_identity").empty()) {
    return service_error("invalid_argument", "destination identity is required");
  }
  // Publishers over RTMP and recorders register no method, as in the real server.
  return nobody_answers();
}

void LiveKitService::Impl::tick_rooms() {
  std::vector<std::string> due;
  for (const auto& [name, room] : rooms) {
    if (room.closes && clock.steady_now() >= *room.closes) due.push_back(name);
  }
  for (const auto& name : due) close_room(name);
}

}  // namespace ts::sandbox
