// SPDX-License-Identifier: Apache-2.0
#include "sandbox/livekit_service.hpp"

#include "sandbox/livekit_internal.hpp"

#include <array>

namespace ts::sandbox {
namespace {

enum class Need : std::uint8_t { kCreate, kList, kAdmin, kDestination, kRecord, kIngress };

using Handler = Outcome (LiveKitService::Impl::*)(const Json&);

struct Method {
  std::string_view service;
  std::string_view name;
  std::string_view request;
  std::string_view answer;
  Need need;
  Handler handler;  ///< nullptr: handled by name (Start…) or not implemented by the open server.
};

using Impl = LiveKitService::Impl;

constexpr auto kMethods = std::to_array<Method>({
    {"RoomService", "CreateRoom", "CreateRoomRequest", "Room", Need::kCreate, &Impl::create_room},
    {"RoomService", "ListRooms", "ListRoomsRequest", "ListRoomsResponse", Need::kList,
     &Impl::list_rooms},
    {"RoomService", "DeleteRoom", "DeleteRoomRequest", "DeleteRoomResponse", Need::kCreate,
     &Impl::delete_room},
    {"RoomService", "ListParticipants", "ListParticipantsRequest", "ListParticipantsResponse",
     Need::kAdmin, &Impl::list_participants},
    {"RoomService", "GetParticipant", "RoomParticipantIdentity", "ParticipantInfo", Need::kAdmin,
     &Impl::get_participant},
    {"RoomService", "RemoveParticipant", "RoomParticipantIdentity", "RemoveParticipantResponse",
     Need::kAdmin, &Impl::remove_participant},
    {"RoomService", "MutePublishedTrack", "MuteRoomTrackRequest", "MuteRoomTrackResponse",
     Need::kAdmin, &Impl::mute_track},
    {"RoomService", "UpdateParticipant", "UpdateParticipantRequest", "ParticipantInfo",
     Need::kAdmin, &Impl::update_participant},
    {"RoomService", "UpdateSubscriptions", "UpdateSubscriptionsRequest",
     "UpdateSubscriptionsResponse", Need::kAdmin, &Impl::update_subscriptions},
    {"RoomService", "SendData", "SendDataRequest", "SendDataResponse", Need::kAdmin,
     &Impl::send_data},
    {"RoomService", "UpdateRoomMetadata", "UpdateRoomMetadataRequest", "Room", Need::kAdmin,
     &Impl::update_room_metadata},
    {"RoomService", "ForwardParticipant", "ForwardParticipantRequest", "", Need::kDestination,
     nullptr},
    {"RoomService", "MoveParticipant", "MoveParticipantRequest", "", Need::kDestination, nullptr},
    {"RoomService", "PerformRpc", "PerformRpcRequest", "", Need::kAdmin, &Impl::perform_rpc},
    {"Egress", "StartEgress", "StartEgressRequest", "EgressInfo", Need::kRecord, nullptr},
    {"Egress", "StartRoomCompositeEgress", "RoomCompositeEgressRequest", "EgressInfo",
     Need::kRecord, nullptr},
    {"Egress", "StartWebEgress", "WebEgressRequest", "EgressInfo", Need::kRecord, nullptr},
    {"Egress", "StartParticipantEgress", "ParticipantEgressRequest", "EgressInfo", Need::kRecord,
     nullptr},
    {"Egress", "StartTrackCompositeEgress", "TrackCompositeEgressRequest", "EgressInfo",
     Need::kRecord, nullptr},
    {"Egress", "StartTrackEgress", "TrackEgressRequest", "EgressInfo", Need::kRecord, nullptr},
    {"Egress", "UpdateLayout", "UpdateLayoutRequest", "EgressInfo", Need::kRecord,
     &Impl::update_layout},
    {"Egress", "UpdateStream", "UpdateStreamRequest", "EgressInfo", Need::kRecord,
     &Impl::update_stream},
    {"Egress", "ListEgress", "ListEgressRequest", "ListEgressResponse", Need::kRecord,
     &Impl::list_egress},
    {"Egress", "StopEgress", "StopEgressRequest", "EgressInfo", Need::kRecord, &Impl::stop_egress},
    {"Ingress", "CreateIngress", "CreateIngressRequest", "IngressInfo", Need::kIngress,
     &Impl::create_ingress},
    {"Ingress", "UpdateIngress", "UpdateIngressRequest", "IngressInfo", Need::kIngress,
     &Impl::update_ingress},
    {"Ingress", "ListIngress", "ListIngressRequest", "ListIngressResponse", Need::kIngress,
     &Impl::list_ingress},
    {"Ingress", "DeleteIngress", "DeleteIngressRequest", "IngressInfo", Need::kIngress,
     &Impl::delete_ingress},
});

bool permitted(Need need, const RoomGrants& grants, const Json& request) {
  switch (need) {
    case Need::kCreate:
      return grants.room_create;
    case Need::kList:
      return grants.room_list;
    case Need::kAdmin:
      return grants.room_admin && grants.room == text_of(request, "room");
    case Need::kDestination:
      return grants.room_admin && grants.room == text_of(request, "room") &&
             grants.destination_room == text_of(request, "destination_room");
    case Need::kRecord:
      return grants.room_record;
    case Need::kIngress:
      return grants.ingress_admin;
  }
  return false;
}

int http_status(std::string_view code) {
  static const std::map<std::string_view, int> kStatus{{"canceled", 408},
                                                       {"unknown", 500},
                                                       {"invalid_argument", 400},
                                                       {"malformed", 400},
                                                       {"deadline_exceeded", 408},
                                                       {"not_found", 404},
                                                       {"bad_route", 404},
                                                       {"already_exists", 409},
                                                       {"permission_denied", 403},
                                                       {"unauthenticated", 401},
                                                       {"resource_exhausted", 429},
                                                       {"failed_precondition", 412},
                                                       {"aborted", 409},
                                                       {"out_of_range", 400},
                                                       {"unimplemented", 501},
                                                       {"internal", 500},
                                                       {"unavailable", 503},
                                                       {"dataloss", 500}};
  const auto found = kStatus.find(code);
  return found == kStatus.end() ? 500 : found->second;
}

}  // namespace

std::string text_of(const Json& object, std::string_view key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

bool flag_of(const Json& object, std::string_view key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_boolean() && member->get<bool>();
}

std::int64_t number_of(const Json& object, std::string_view key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_number_integer() ? member->get<std::int64_t>() : 0;
}

Reply twirp_error(std::string_view code, std::string_view message, std::string_view meta) {
  Json body{{"code", code}, {"msg", message}};
  if (!meta.empty()) body["meta"] = Json::parse(meta, nullptr, false);
  return {http_status(code), "application/json", dump_json(body)};
}

std::int64_t LiveKitService::Impl::now_ms() const { return clock.now().time_since_epoch().count(); }
std::int64_t LiveKitService::Impl::now_ns() const { return now_ms() * 1'000'000; }
std::int64_t LiveKitService::Impl::now_s() const { return now_ms() / 1'000; }

std::string LiveKitService::Impl::new_id(std::string_view prefix) {
  return std::string(prefix) + options.random(12);
}

void LiveKitService::Impl::emit(std::string_view event, std::string queue, Json members) {
  Json plain{{"event", event}};
  plain.update(members);
  plain["id"] = new_id("EV_");
  plain["created_at"] = now_s();
  effects.push_back(WebhookDue{.vendor = Vendor::kLiveKit,
                               .queue = std::move(queue),
                               .type = std::string(event),
                               .body = dump_json(livekit_schema().event("WebhookEvent", plain))});
}

Outcome LiveKitService::Impl::dispatch(std::string_view service, std::string_view method,
                                       const Json& request,
                                       const std::optional<RoomGrants>& grants) {
  for (const auto& entry : kMethods) {
    if (entry.service != service || entry.name != method) continue;
    if (!grants || !permitted(entry.need, *grants, request)) {
      return Refusal{"unauthenticated", "permissions denied"};
    }
    if (entry.handler != nullptr) return (this->*entry.handler)(request);
    if (service == "Egress") return start_egress(method, request);
    // Forward and move are answered by LiveKit Cloud only: nobody serves them here.
    if (text_of(request, "room") == text_of(request, "destination_room")) {
      return Refusal{"invalid_argument", "destination room cannot be the same as source room ",
                     "destination room cannot be the same as source room"};
    }
    return no_worker();
  }
  return Refusal{"bad_route", ""};
}

LiveKitService::LiveKitService(Options options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
LiveKitService::~LiveKitService() = default;

Reply LiveKitService::call(std::string_view service, std::string_view method, std::string_view body,
                           const std::optional<RoomGrants>& grants) {
  for (const auto& entry : kMethods) {
    if (entry.service != service || entry.name != method) continue;
    auto parsed = parse_json(body, "the request", ErrorKind::kUsage,
                             {.max_bytes = std::size_t{10} << 20U, .max_depth = 64});
    if (!parsed) return twirp_error("malformed", "the json request could not be decoded");
    const auto request = livekit_schema().read(entry.request, parsed.value());
    if (!request) return twirp_error("malformed", "the json request could not be decoded");
    auto outcome = impl_->dispatch(service, method, request.value(), grants);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
      return twirp_error(
          refusal->code, refusal->message,
          refusal->argument.empty() ? "" : dump_json(Json{{"argument", refusal->argument}}));
    }
    return {200, "application/json",
            dump_json(livekit_schema().answer(entry.answer, std::get<Json>(outcome)))};
  }
  const auto path = "/twirp/livekit." + std::string(service) + "/" + std::string(method);
  return twirp_error("bad_route", "no handler for path \"" + path + "\"",
                     dump_json(Json{{"twirp_invalid_route", "POST " + path}}));
}

Status LiveKitService::publish_begins(std::string_view stream_key, PublishId publish) {
  return impl_->begin_feed(stream_key, publish);
}
void LiveKitService::publish_described(PublishId publish, const StreamInfo& info) {
  if (!impl_->describe_composed(publish, info)) impl_->describe_feed(publish, info);
}
void LiveKitService::publish_ended(PublishId publish, std::string_view error) {
  impl_->end_composed(publish);
  impl_->end_feed(publish, error);
}
Status LiveKitService::composite_begins(std::string_view key, PublishId publish) {
  return impl_->begin_composed(key, publish);
}
void LiveKitService::composite_over(RelayId composite, std::string_view error, bool crashed) {
  impl_->composite_is_over(composite, error, crashed);
}
void LiveKitService::relay_connected(RelayId relay) { impl_->relay_is_up(relay); }
void LiveKitService::relay_wrote(RelayId relay, RelayLeft left) {
  impl_->relay_has_written(relay, left);
}
void LiveKitService::relay_ended(RelayId relay, std::string_view error, RelayLeft left) {
  impl_->relay_is_over(relay, error, left);
}

void LiveKitService::tick() {
  impl_->tick_egress();
  impl_->tick_rooms();
}

Effects LiveKitService::take_effects() { return std::exchange(impl_->effects, {}); }

Json LiveKitService::describe() const {
  Json out{{"rooms", Json::array()}, {"ingress", Json::array()}, {"egress", Json::array()}};
  for (const auto& [name, room] : impl_->rooms) {
    Json people = Json::array();
    for (const auto& [identity, participant] : room.participants) {
      Json tracks = Json::array();
      for (const auto& track : participant.info.value("tracks", Json::array())) {
        tracks.push_back({{"sid", text_of(track, "sid")},
                          {"type", text_of(track, "type")},
                          {"mime_type", text_of(track, "mime_type")},
                          {"muted", flag_of(track, "muted")}});
      }
      people.push_back({{"identity", identity},
                        {"kind", text_of(participant.info, "kind")},
                        {"tracks", std::move(tracks)}});
    }
    out["rooms"].push_back(
        {{"name", name}, {"sid", text_of(room.info, "sid")}, {"participants", std::move(people)}});
  }
  for (const auto& [id, info] : impl_->ingress) {
    const auto state = info.value("state", Json::object());
    out["ingress"].push_back({{"id", id},
                              {"input", info.value("input_type", "RTMP_INPUT")},
                              {"room", text_of(info, "room_name")},
                              {"identity", text_of(info, "participant_identity")},
                              {"status", state.value("status", "ENDPOINT_INACTIVE")}});
  }
  for (const auto& [id, egress] : impl_->egress) {
    Json streams = Json::array();
    for (const auto& output : egress.outputs) {
      streams.push_back({{"url", text_of(output.info, "url")},
                         {"status", output.info.value("status", "ACTIVE")},
                         {"connected", number_of(output.info, "started_at") != 0}});
    }
    out["egress"].push_back({{"id", id},
                             {"room", text_of(egress.info, "room_name")},
                             {"status", egress.info.value("status", "EGRESS_STARTING")},
                             {"error", text_of(egress.info, "error")},
                             {"streams", std::move(streams)}});
  }
  return out;
}

void LiveKitService::reset() {
  for (const auto& [id, egress] : impl_->egress) {
    for (const auto& output : egress.outputs) {
      if (output.running) impl_->effects.push_back(RelayStop{output.relay});
    }
    if (egress.composite != 0) impl_->effects.push_back(CompositeStop{egress.composite});
  }
  for (const auto& [publish, feed] : impl_->feeds) {
    impl_->effects.push_back(PublisherKick{publish, "the sandbox was reset"});
  }
  impl_->egress.clear();
  impl_->feeds.clear();
  impl_->ingress.clear();
  impl_->rooms.clear();
}

}  // namespace ts::sandbox
