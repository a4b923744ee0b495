// SPDX-License-Identifier: Apache-2.0
#include "livekit/wire_egress_fields_internal.hpp"
#include "livekit/wire_track_fields_internal.hpp"

namespace ts::livekit {
namespace wire {

template <>
struct Fields<Codec> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("mime", m.mime);
    v.field("fmtp_line", m.fmtp_line);
  }
};

template <>
struct Fields<Room> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("sid", m.sid);
    v.field("name", m.name);
    v.field("empty_timeout", m.empty_timeout);
    v.field("departure_timeout", m.departure_timeout);
    v.field("max_participants", m.max_participants);
    v.field("creation_time", m.creation_time);
    v.field("creation_time_ms", m.creation_time_ms);
    v.field("turn_password", m.turn_password);
    v.field("enabled_codecs", m.enabled_codecs);
    v.field("metadata", m.metadata);
    v.field("num_participants", m.num_participants);
    v.field("num_publishers", m.num_publishers);
    v.field("active_recording", m.active_recording);
  }
};

template <>
struct Fields<ParticipantPermission> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("can_subscribe", m.can_subscribe);
    v.field("can_publish", m.can_publish);
    v.field("can_publish_data", m.can_publish_data);
    v.field("can_publish_sources", m.can_publish_sources);
    v.field("hidden", m.hidden);
    v.field("recorder", m.recorder);
    v.field("can_update_metadata", m.can_update_metadata);
    v.field("agent", m.agent);
    v.field("can_subscribe_metrics", m.can_subscribe_metrics);
    v.field("can_manage_agent_session", m.can_manage_agent_session);
  }
};

template <>
struct Fields<ParticipantInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("sid", m.sid);
    v.field("identity", m.identity);
    v.field("state", m.state);
    v.field("tracks", m.tracks);
    v.field("metadata", m.metadata);
    v.field("joined_at", m.joined_at);
    v.field("joined_at_ms", m.joined_at_ms);
    v.field("name", m.name);
    v.field("version", m.version);
    v.field("permission", m.permission);
    v.field("region", m.region);
    v.field("is_publisher", m.is_publisher);
    v.field("kind", m.kind);
    v.field("attributes", m.attributes);
    v.enum_text("disconnect_reason", m.disconnect_reason, "UNKNOWN_REASON");
  }
};

template <>
struct Fields<AutoTrackEgress> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("filepath", m.filepath);
    v.field("disable_manifest", m.disable_manifest);
    v.flat(m.storage);
  }
};

template <>
struct Fields<AutoParticipantEgress> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.exclusive({"preset", "advanced"});
    v.oneof("preset", m.preset);
    v.oneof("advanced", m.advanced);
    v.field("file_outputs", m.file_outputs);
    v.field("segment_outputs", m.segment_outputs);
  }
};

template <>
struct Fields<RoomEgress> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("participant", m.participant);
    v.field("tracks", m.tracks);
  }
};

template <>
struct Fields<RoomAgentDispatch> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("agent_name", m.agent_name);
    v.field("metadata", m.metadata);
    v.enum_text("restart_policy", m.restart_policy, "JRP_ON_FAILURE");
    v.field("deployment", m.deployment);
    v.field("attributes", m.attributes);
  }
};

template <>
struct Fields<AgentJobState> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.enum_text("status", m.status, "JS_PENDING");
    v.field("error", m.error);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
    v.field("updated_at", m.updated_at);
    v.field("participant_identity", m.participant_identity);
    v.field("worker_id", m.worker_id);
    v.field("agent_id", m.agent_id);
  }
};

template <>
struct Fields<AgentJob> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("id", m.id);
    v.field("dispatch_id", m.dispatch_id);
    v.enum_text("type", m.type, "JT_ROOM");
    v.field("room", m.room);
    v.field("participant", m.participant);
    v.field("namespace", m.name_space);
    v.field("metadata", m.metadata);
    v.field("agent_name", m.agent_name);
    v.field("state", m.state);
    v.field("enable_recording", m.enable_recording);
    v.field("deployment", m.deployment);
    v.field("attributes", m.attributes);
  }
};

template <>
struct Fields<CreateRoomRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("name", m.name);
    v.field("room_preset", m.room_preset);
    v.field("empty_timeout", m.empty_timeout);
    v.field("departure_timeout", m.departure_timeout);
    v.field("max_participants", m.max_participants);
    v.field("node_id", m.node_id);
    v.field("metadata", m.metadata);
    v.field("tags", m.tags);
    v.field("egress", m.egress);
    v.field("min_playout_delay", m.min_playout_delay);
    v.field("max_playout_delay", m.max_playout_delay);
    v.field("sync_streams", m.sync_streams);
    v.field("replay_enabled", m.replay_enabled);
    v.field("agents", m.agents);
  }
};

template <>
struct Fields<ListRoomsRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("names", m.names);
  }
};

template <>
struct Fields<ListRoomsResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("rooms", m.rooms);
  }
};

template <>
struct Fields<DeleteRoomRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
  }
};

template <>
struct Fields<ListParticipantsRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
  }
};

template <>
struct Fields<ListParticipantsResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("participants", m.participants);
  }
};

template <>
struct Fields<RoomParticipantIdentity> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("identity", m.identity);
    v.field("revoke_token_ts", m.revoke_token_ts);
  }
};

template <>
struct Fields<MuteRoomTrackRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("identity", m.identity);
    v.field("track_sid", m.track_sid);
    v.field("muted", m.muted);
  }
};

template <>
struct Fields<MuteRoomTrackResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("track", m.track);
  }
};

template <>
struct Fields<UpdateParticipantRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("identity", m.identity);
    v.field("metadata", m.metadata);
    v.field("permission", m.permission);
    v.field("name", m.name);
    v.field("attributes", m.attributes);
  }
};

template <>
struct Fields<ParticipantTracks> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("participant_sid", m.participant_sid);
    v.field("track_sids", m.track_sids);
  }
};

template <>
struct Fields<UpdateSubscriptionsRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("identity", m.identity);
    v.field("track_sids", m.track_sids);
    v.field("subscribe", m.subscribe);
    v.field("participant_tracks", m.participant_tracks);
  }
};

template <>
struct Fields<SendDataRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.bytes("data", m.data);
    v.field("kind", m.kind);
    v.field("destination_sids", m.destination_sids);
    v.field("destination_identities", m.destination_identities);
    v.field("topic", m.topic);
    v.bytes("nonce", m.nonce);
  }
};

template <>
struct Fields<UpdateRoomMetadataRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("metadata", m.metadata);
  }
};

template <>
struct Fields<ParticipantTransfer> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("identity", m.identity);
    v.field("destination_room", m.destination_room);
  }
};

template <>
struct Fields<PerformRpcRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room", m.room);
    v.field("destination_identity", m.destination_identity);
    v.field("method", m.method);
    v.field("payload", m.payload);
    v.field("response_timeout_ms", m.response_timeout_ms);
  }
};

template <>
struct Fields<PerformRpcResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("payload", m.payload);
  }
};

template <>
struct Fields<EmptyResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {}
};

}  // namespace wire

TS_WIRE_MESSAGE(Room);
TS_WIRE_MESSAGE(ParticipantPermission);
TS_WIRE_MESSAGE(ParticipantInfo);
TS_WIRE_MESSAGE(TrackInfo);
TS_WIRE_MESSAGE(RoomEgress);
TS_WIRE_MESSAGE(AgentJob);
TS_WIRE_MESSAGE(CreateRoomRequest);
TS_WIRE_MESSAGE(ListRoomsRequest);
TS_WIRE_MESSAGE(ListRoomsResponse);
TS_WIRE_MESSAGE(DeleteRoomRequest);
TS_WIRE_MESSAGE(ListParticipantsRequest);
TS_WIRE_MESSAGE(ListParticipantsResponse);
TS_WIRE_MESSAGE(RoomParticipantIdentity);
TS_WIRE_MESSAGE(MuteRoomTrackRequest);
TS_WIRE_MESSAGE(MuteRoomTrackResponse);
TS_WIRE_MESSAGE(UpdateParticipantRequest);
TS_WIRE_MESSAGE(UpdateSubscriptionsRequest);
TS_WIRE_MESSAGE(SendDataRequest);
TS_WIRE_MESSAGE(UpdateRoomMetadataRequest);
TS_WIRE_MESSAGE(ParticipantTransfer);
TS_WIRE_MESSAGE(PerformRpcRequest);
TS_WIRE_MESSAGE(PerformRpcResponse);
TS_WIRE_MESSAGE(EmptyResponse);
template bool scans_as<Room>(JsonScanner&);
template bool scans_as<ParticipantInfo>(JsonScanner&);
template bool scans_as<TrackInfo>(JsonScanner&);

}  // namespace ts::livekit
