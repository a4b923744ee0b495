// SPDX-License-Identifier: Apache-2.0
#include "livekit/room_client.hpp"

#include "core/text.hpp"
#include "crypto/random.hpp"
#include "livekit/access_token.hpp"
#include "livekit/client_internal.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

namespace ts::livekit {
namespace {

constexpr std::size_t kMaxDataBytes = std::size_t{64} * 1024;
/// What LiveKit's SDKs take in one direction.
constexpr std::size_t kMaxRpcBytes = std::size_t{15} * 1024;

CallGrant admin_of(std::string_view room) {
  return {.kind = CallGrant::Kind::kRoomAdmin, .room = std::string(room)};
}

Status check_attributes(const std::map<std::string, std::string>& attributes) {
  std::size_t total = 0;
  for (const auto& [key, value] : attributes) total += key.size() + value.size();
  if (total <= kMaxAttributesBytes) return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("the attributes hold {} bytes, at most {} are allowed", total,
                                      kMaxAttributesBytes)};
}

}  // namespace

Status check_name(std::string_view value, std::string_view what) {
  if (value.empty()) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("the {} is empty", what)};
  }
  if (value.size() > kMaxRoomNameBytes) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the {} has {} bytes, at most {} are allowed", what,
                                        value.size(), kMaxRoomNameBytes)};
  }
  if (!is_utf8(value)) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("the {} is not UTF-8", what)};
  }
  return ok_status();
}

Status check_id(std::string_view value, std::string_view what) {
  auto segment = net::path_segment(value, what);
  if (!segment.ok()) return std::move(segment).error();
  return ok_status();
}

Status check_metadata(std::string_view value, std::string_view what) {
  if (value.size() <= kMaxMetadataBytes) return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("the {} has {} bytes, at most {} are allowed", what,
                                      value.size(), kMaxMetadataBytes)};
}

Result<Room> RoomClient::create(const CreateRoomRequest& request, std::stop_token stop) {
  TS_CHECK(check_name(request.name, "room name"));
  TS_CHECK(check_metadata(request.metadata, "room metadata"));
  return typed_call<Room>(*service_, "RoomService/CreateRoom", request,
                          {.kind = CallGrant::Kind::kRoomCreate}, {}, std::move(stop));
}

Result<std::vector<Room>> RoomClient::list(std::vector<std::string> names, std::stop_token stop) {
  for (const std::string& name : names) TS_CHECK(check_name(name, "room name"));
  TS_TRY(auto answer,
         typed_call<ListRoomsResponse>(*service_, "RoomService/ListRooms",
                                       ListRoomsRequest{.names = std::move(names)},
                                       {.kind = CallGrant::Kind::kRoomList}, {}, std::move(stop)));
  return std::move(answer.rooms);
}

Result<Room> RoomClient::get(std::string_view room, std::stop_token stop) {
  TS_TRY(auto rooms, list({std::string(room)}, std::move(stop)));
  for (Room& candidate : rooms) {
    if (candidate.name == room) return std::move(candidate);
  }
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("there is no room '{}'", room),
               .hint = "list the rooms with ts room list"};
}

Status RoomClient::remove(std::string_view room, std::stop_token stop) {
  TS_CHECK(check_name(room, "room name"));
  TS_CHECK(typed_call<EmptyResponse>(*service_, "RoomService/DeleteRoom",
                                     DeleteRoomRequest{.room = std::string(room)},
                                     {.kind = CallGrant::Kind::kRoomCreate}, {}, std::move(stop)));
  return ok_status();
}

Result<Room> RoomClient::update_metadata(std::string_view room, std::string_view metadata,
                                         std::stop_token stop) {
  TS_CHECK(check_name(room, "room name"));
  TS_CHECK(check_metadata(metadata, "room metadata"));
  return typed_call<Room>(
      *service_, "RoomService/UpdateRoomMetadata",
      UpdateRoomMetadataRequest{.room = std::string(room), .metadata = std::string(metadata)},
      admin_of(room), {}, std::move(stop));
}

Result<std::vector<ParticipantInfo>> RoomClient::participants(std::string_view room,
                                                              std::stop_token stop) {
  TS_CHECK(check_name(room, "room name"));
  TS_TRY(auto answer,
         typed_call<ListParticipantsResponse>(*service_, "RoomService/ListParticipants",
                                              ListParticipantsRequest{.room = std::string(room)},
                                              admin_of(room), {}, std::move(stop)));
  return std::move(answer.participants);
}

Result<ParticipantInfo> RoomClient::participant(std::string_view room, std::string_view identity,
                                                std::stop_token stop) {
  TS_CHECK(check_name(room, "room name"));
  TS_CHECK(check_name(identity, "identity"));
  return typed_call<ParticipantInfo>(
      *service_, "RoomService/GetParticipant",
      RoomParticipantIdentity{.room = std::string(room), .identity = std::string(identity)},
      admin_of(room), {}, std::move(stop));
}

Status RoomClient::remove_participant(std::string_view room, std::string_view identity,
                                      std::int64_t revoke_before, std::stop_token stop) {
  TS_CHECK(check_name(room, "room name"));
  TS_CHECK(check_name(identity, "identity"));
  TS_CHECK(typed_call<EmptyResponse>(*service_, "RoomService/RemoveParticipant",
                                     RoomParticipantIdentity{.room = std::string(room),
                                                             .identity = std::string(identity),
                                                             .revoke_token_ts = revoke_before},
                                     admin_of(room), {}, std::move(stop)));
  return ok_status();
}

Result<TrackInfo> RoomClient::mute(std::string_view room, std::string_view identity,
                                   std::string_view track_sid, bool muted, std::stop_token stop) {
  TS_CHECK(check_name(room, "room name"));
  TS_CHECK(check_name(identity, "identity"));
  TS_CHECK(check_id(track_sid, "track id"));
  TS_TRY(auto answer,
         typed_call<MuteRoomTrackResponse>(*service_, "RoomService/MutePublishedTrack",
                                           MuteRoomTrackRequest{.room = std::string(room),
                                                                .identity = std::string(identity),
                                                                .track_sid = std::string(track_sid),
                                                                .muted = muted},
                                           admin_of(room), {}, std::move(stop)));
  if (answer.track) return std::move(*answer.track);
  TrackInfo track;
  track.sid = std::string(track_sid);
  track.muted = muted;
  return track;
}

Result<ParticipantInfo> RoomClient::update_participant(const UpdateParticipantRequest& request,
                                                       std::stop_token stop) {
  TS_CHECK(check_name(request.room, "room name"));
  TS_CHECK(check_name(request.identity, "identity"));
  if (!request.name.empty()) TS_CHECK(check_name(request.name, "participant name"));
  TS_CHECK(check_metadata(request.metadata, "participant metadata"));
  TS_CHECK(check_attributes(request.attributes));
  return typed_call<ParticipantInfo>(*service_, "RoomService/UpdateParticipant", request,
                                     admin_of(request.room), {}, std::move(stop));
}

Status RoomClient::update_subscriptions(const UpdateSubscriptionsRequest& request,
                                        std::stop_token stop) {
  TS_CHECK(check_name(request.room, "room name"));
  TS_CHECK(check_name(request.identity, "identity"));
  for (const std::string& sid : request.track_sids) TS_CHECK(check_id(sid, "track id"));
  TS_CHECK(typed_call<EmptyResponse>(*service_, "RoomService/UpdateSubscriptions", request,
                                     admin_of(request.room), {}, std::move(stop)));
  return ok_status();
}

Status RoomClient::send_data(SendDataRequest request, std::stop_token stop) {
  TS_CHECK(check_name(request.room, "room name"));
  if (request.data.size() > kMaxDataBytes) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the data has {} bytes, at most {} are sent at once",
                                        request.data.size(), kMaxDataBytes),
                 .hint = "browsers take about 15 kB in one message"};
  }
  if (request.nonce.empty()) request.nonce = crypto::random_bytes(16);
  TS_CHECK(typed_call<EmptyResponse>(*service_, "RoomService/SendData", request,
                                     admin_of(request.room), {}, std::move(stop)));
  return ok_status();
}

Result<std::string> RoomClient::perform_rpc(const PerformRpcRequest& request,
                                            std::stop_token stop) {
  TS_CHECK(check_name(request.room, "room name"));
  TS_CHECK(check_name(request.destination_identity, "identity"));
  TS_CHECK(check_name(request.method, "method"));
  if (request.payload.size() > kMaxRpcBytes) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the payload has {} bytes, at most {} are taken",
                                        request.payload.size(), kMaxRpcBytes)};
  }
  // The participant's answer is waited for: longer than any other call takes.
  TS_TRY(auto answer,
         typed_call<PerformRpcResponse>(*service_, "RoomService/PerformRpc", request,
                                        admin_of(request.room), {}, std::move(stop), true));
  return std::move(answer.payload);
}

Status RoomClient::transfer(std::string_view method, const ParticipantTransfer& transfer,
                            std::stop_token stop) {
  TS_CHECK(check_name(transfer.room, "room name"));
  TS_CHECK(check_name(transfer.identity, "identity"));
  TS_CHECK(check_name(transfer.destination_room, "name of the other room"));
  if (transfer.room == transfer.destination_room) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("'{}' is both rooms", shorten(transfer.room, 80)),
                 .hint = "name another room with --to"};
  }
  CallGrant grant = admin_of(transfer.room);
  grant.destination_room = transfer.destination_room;
  TS_CHECK(typed_call<EmptyResponse>(*service_, method, transfer, grant, {}, std::move(stop)));
  return ok_status();
}

Status RoomClient::forward_participant(const ParticipantTransfer& transfer, std::stop_token stop) {
  return this->transfer("RoomService/ForwardParticipant", transfer, std::move(stop));
}

Status RoomClient::move_participant(const ParticipantTransfer& transfer, std::stop_token stop) {
  return this->transfer("RoomService/MoveParticipant", transfer, std::move(stop));
}

}  // namespace ts::livekit
