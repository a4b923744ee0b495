// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/egress.hpp"
#include "livekit/open_enum.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ts::livekit {

enum class TrackType : std::uint8_t { kAudio = 0, kVideo = 1, kData = 2 };
enum class TrackSource : std::uint8_t {
  kUnknown = 0,
  kCamera = 1,
  kMicrophone = 2,
  kScreenShare = 3,
  kScreenShareAudio = 4,
};
enum class ParticipantState : std::uint8_t {
  kJoining = 0,
  kJoined = 1,
  kActive = 2,
  kDisconnected = 3,
};
enum class ParticipantKind : std::uint8_t {
  kStandard = 0,
  kIngress = 1,
  kEgress = 2,
  kSip = 3,
  kAgent = 4,
  kConnector = 7,
  kBridge = 8,
};
enum class DataKind : std::uint8_t { kReliable = 0, kLossy = 1 };

std::span<const EnumName> enum_names(TrackType) noexcept;
std::span<const EnumName> enum_names(TrackSource) noexcept;
std::span<const EnumName> enum_names(ParticipantState) noexcept;
std::span<const EnumName> enum_names(DataKind) noexcept;

/// "camera", "screen_share" … as tokens and flags spell a source; nullopt for anything else.
std::optional<TrackSource> parse_track_source(std::string_view text);
/// The same word for a source that came over the wire.
std::string track_source_word(const OpenEnum<TrackSource>& source);

struct Codec {
  std::string mime{};
  std::string fmtp_line{};
};

struct Room {
  std::string sid{};
  std::string name{};
  std::uint32_t empty_timeout = 0;  ///< s; how long an unjoined room stays.
  std::uint32_t max_participants = 0;
  std::int64_t creation_time = 0;  ///< s since 1970.
  std::string turn_password{};
  std::vector<Codec> enabled_codecs{};
  std::string metadata{};
  std::uint32_t num_participants = 0;
  bool active_recording = false;
  std::uint32_t num_publishers = 0;
  std::uint32_t departure_timeout = 0;  ///< s; how long it stays after the last one left.
  std::int64_t creation_time_ms = 0;
};

struct ParticipantPermission {
  bool can_subscribe = false;
  bool can_publish = false;
  bool can_publish_data = false;
  bool hidden = false;
  bool recorder = false;
  std::vector<OpenEnum<TrackSource>> can_publish_sources{};  ///< Empty: all.
  bool can_update_metadata = false;
  bool agent = false;
  bool can_subscribe_metrics = false;
  bool can_manage_agent_session = false;
};

struct VideoLayer {
  std::string quality{};  ///< LOW, MEDIUM, HIGH, OFF.
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t bitrate = 0;  ///< bit/s.
  std::uint32_t ssrc = 0;
  std::int32_t spatial_layer = 0;
  std::string rid{};
  std::uint32_t repair_ssrc = 0;
};

struct TrackInfo {
  std::string sid{};
  OpenEnum<TrackType> type{};
  std::string name{};
  bool muted = false;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool simulcast = false;
  bool disable_dtx = false;
  OpenEnum<TrackSource> source{};
  std::vector<VideoLayer> layers{};
  std::string mime_type{};
  std::string mid{};
  bool stereo = false;
  std::string stream{};
};

struct ParticipantInfo {
  std::string sid{};
  std::string identity{};
  OpenEnum<ParticipantState> state{};
  std::vector<TrackInfo> tracks{};
  std::string metadata{};
  std::int64_t joined_at = 0;  ///< s since 1970.
  std::string name{};
  std::uint32_t version = 0;
  std::optional<ParticipantPermission> permission{};
  std::string region{};
  bool is_publisher = false;
  OpenEnum<ParticipantKind> kind{};
  std::map<std::string, std::string> attributes{};
  std::string disconnect_reason{};
  std::int64_t joined_at_ms = 0;
};

/// What an agent is asked to do; webhooks of agents carry it.
struct AgentJobState {
  std::string status{};  ///< "JS_RUNNING" …; empty while pending.
  std::string error{};
  std::int64_t started_at = 0;  ///< ns since 1970.
  std::int64_t ended_at = 0;    ///< ns.
  std::int64_t updated_at = 0;  ///< ns.
  std::string participant_identity{};
  std::string worker_id{};
  std::string agent_id{};
};
struct AgentJob {
  std::string id{};
  std::string dispatch_id{};
  std::string type{};  ///< "JT_PUBLISHER" …; empty for a room's.
  std::optional<Room> room{};
  std::optional<ParticipantInfo> participant{};
  std::string name_space{};  ///< Deprecated.
  std::string metadata{};
  std::string agent_name{};
  std::optional<AgentJobState> state{};
  bool enable_recording = false;
  std::string deployment{};
  std::map<std::string, std::string> attributes{};
};

/// Egress that starts by itself with a room.
struct AutoTrackEgress {
  std::string filepath{};
  bool disable_manifest = false;
  Storage storage{};
};
struct AutoParticipantEgress {
  std::optional<OpenEnum<EncodingPreset>> preset{};
  std::optional<EncodingOptions> advanced{};
  std::vector<EncodedFileOutput> file_outputs{};
  std::vector<SegmentedFileOutput> segment_outputs{};
};
struct RoomEgress {
  std::optional<RoomCompositeEgressRequest> room{};
  std::optional<AutoParticipantEgress> participant{};
  std::optional<AutoTrackEgress> tracks{};
};
struct RoomAgentDispatch {
  std::string agent_name{};
  std::string metadata{};
  std::string restart_policy{};  ///< JRP_ON_FAILURE, JRP_NEVER.
  std::string deployment{};
  std::map<std::string, std::string> attributes{};
};

struct CreateRoomRequest {
  std::string name{};
  std::string room_preset{};
  std::uint32_t empty_timeout = 0;      ///< s; 0 keeps the server's 300.
  std::uint32_t departure_timeout = 0;  ///< s; 0 keeps the server's 20.
  std::uint32_t max_participants = 0;   ///< 0: no limit.
  std::string node_id{};
  std::string metadata{};
  std::optional<RoomEgress> egress{};
  std::uint32_t min_playout_delay = 0;  ///< ms.
  std::uint32_t max_playout_delay = 0;  ///< ms.
  bool sync_streams = false;
  bool replay_enabled = false;
  std::vector<RoomAgentDispatch> agents{};
  std::map<std::string, std::string> tags{};
};
struct ListRoomsRequest {
  std::vector<std::string> names{};  ///< Empty: all.
};
struct ListRoomsResponse {
  std::vector<Room> rooms{};
};
struct DeleteRoomRequest {
  std::string room{};
};
struct ListParticipantsRequest {
  std::string room{};
};
struct ListParticipantsResponse {
  std::vector<ParticipantInfo> participants{};
};
/// GetParticipant and RemoveParticipant.
struct RoomParticipantIdentity {
  std::string room{};
  std::string identity{};
  std::int64_t revoke_token_ts = 0;  ///< s; Cloud refuses tokens minted before. RemoveParticipant.
};
struct MuteRoomTrackRequest {
  std::string room{};
  std::string identity{};
  std::string track_sid{};
  bool muted = false;
};
struct MuteRoomTrackResponse {
  std::optional<TrackInfo> track{};
};
struct UpdateParticipantRequest {
  std::string room{};
  std::string identity{};
  std::string metadata{};  ///< Empty: unchanged.
  /// Replaces the whole set: what is left out becomes false, can_subscribe too.
  std::optional<ParticipantPermission> permission{};
  std::string name{};                               ///< Empty: unchanged.
  std::map<std::string, std::string> attributes{};  ///< An empty value deletes that attribute.
};
struct ParticipantTracks {
  std::string participant_sid{};
  std::vector<std::string> track_sids{};
};
struct UpdateSubscriptionsRequest {
  std::string room{};
  std::string identity{};
  std::vector<std::string> track_sids{};
  bool subscribe = false;
  std::vector<ParticipantTracks> participant_tracks{};
};
struct SendDataRequest {
  std::string room{};
  std::string data{};  ///< Bytes.
  OpenEnum<DataKind> kind{};
  std::vector<std::string> destination_sids{};
  std::string topic{};
  std::vector<std::string> destination_identities{};
  std::string nonce{};  ///< 0 or 16 bytes; RoomClient fills it, so a replay is not delivered twice.
};
struct UpdateRoomMetadataRequest {
  std::string room{};
  std::string metadata{};
};
/// ForwardParticipant and MoveParticipant.
struct ParticipantTransfer {
  std::string room{};
  std::string identity{};
  std::string destination_room{};
};
struct PerformRpcRequest {
  std::string room{};
  std::string destination_identity{};
  std::string method{};
  std::string payload{};
  std::uint32_t response_timeout_ms = 0;
};
struct PerformRpcResponse {
  std::string payload{};
};
struct EmptyResponse {};

}  // namespace ts::livekit
