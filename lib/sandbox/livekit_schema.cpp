// SPDX-License-Identifier: Apache-2.0
#include "sandbox/livekit_schema.hpp"

namespace ts::sandbox {

// One line per field: [repeated|optional|oneof:GROUP] TYPE NAME; "map" is map<string, string>. Enum
// values count from 0 unless "=N" says otherwise. Members whose media this machine cannot make
// (object storage, agents) are left out: they are skipped as any unknown member is.
namespace {

constexpr std::string_view kText =
    R"(enum AudioChannel AUDIO_CHANNEL_BOTH AUDIO_CHANNEL_LEFT AUDIO_CHANNEL_RIGHT
enum AudioCodec DEFAULT_AC OPUS AAC AC_MP3
enum AudioMixing DEFAULT_MIXING DUAL_CHANNEL_AGENT DUAL_CHANNEL_ALTERNATE
enum AudioTrackFeature TF_STEREO TF_NO_DTX TF_AUTO_GAIN_CONTROL TF_ECHO_CANCELLATION
  TF_NOISE_SUPPRESSION TF_ENHANCED_NOISE_CANCELLATION TF_PRECONNECT_BUFFER
enum BackupCodecPolicy PREFER_REGRESSION SIMULCAST REGRESSION
enum Capability CAP_UNUSED CAP_PACKET_TRAILER CAP_COMPRESSION_DEFLATE_RAW
enum DataKind RELIABLE LOSSY
enum DisconnectReason UNKNOWN_REASON CLIENT_INITIATED DUPLICATE_IDENTITY SERVER_SHUTDOWN
  PARTICIPANT_REMOVED ROOM_DELETED STATE_MISMATCH JOIN_FAILURE MIGRATION SIGNAL_CLOSE
  ROOM_CLOSED USER_UNAVAILABLE USER_REJECTED SIP_TRUNK_FAILURE CONNECTION_TIMEOUT MEDIA_FAILURE
  AGENT_ERROR
enum EgressSourceType EGRESS_SOURCE_TYPE_WEB EGRESS_SOURCE_TYPE_SDK
enum EgressStatus EGRESS_STARTING EGRESS_ACTIVE EGRESS_ENDING EGRESS_COMPLETE EGRESS_FAILED
  EGRESS_ABORTED EGRESS_LIMIT_REACHED
enum EncodedFileType DEFAULT_FILETYPE MP4 OGG MP3
enum EncodingOptionsPreset H264_720P_30 H264_720P_60 H264_1080P_30 H264_1080P_60
  PORTRAIT_H264_720P_30 PORTRAIT_H264_720P_60 PORTRAIT_H264_1080P_30 PORTRAIT_H264_1080P_60
  PASSTHROUGH
enum EncryptionType NONE GCM CUSTOM
enum ImageCodec IC_DEFAULT IC_JPEG
enum ImageFileSuffix IMAGE_SUFFIX_INDEX IMAGE_SUFFIX_TIMESTAMP IMAGE_SUFFIX_NONE_OVERWRITE
enum IngressAudioEncodingPreset OPUS_STEREO_96KBPS OPUS_MONO_64KBS
enum IngressInput RTMP_INPUT WHIP_INPUT URL_INPUT
enum IngressStatus ENDPOINT_INACTIVE ENDPOINT_BUFFERING ENDPOINT_PUBLISHING ENDPOINT_ERROR
  ENDPOINT_COMPLETE
enum IngressVideoEncodingPreset H264_720P_30FPS_3_LAYERS H264_1080P_30FPS_3_LAYERS
  H264_540P_25FPS_2_LAYERS H264_720P_30FPS_1_LAYER H264_1080P_30FPS_1_LAYER
  H264_720P_30FPS_3_LAYERS_HIGH_MOTION H264_1080P_30FPS_3_LAYERS_HIGH_MOTION
  H264_540P_25FPS_2_LAYERS_HIGH_MOTION H264_720P_30FPS_1_LAYER_HIGH_MOTION
  H264_1080P_30FPS_1_LAYER_HIGH_MOTION
enum KindDetail CLOUD_AGENT FORWARDED CONNECTOR_WHATSAPP CONNECTOR_TWILIO BRIDGE_RTSP SIMULATION
enum LayerMode MODE_UNUSED ONE_SPATIAL_LAYER_PER_STREAM MULTIPLE_SPATIAL_LAYERS_PER_STREAM
  ONE_SPATIAL_LAYER_PER_STREAM_INCOMPLETE_RTCP_SR
enum PacketTrailerFeature PTF_USER_TIMESTAMP PTF_FRAME_ID PTF_USER_DATA
enum ParticipantKind STANDARD INGRESS EGRESS SIP AGENT CONNECTOR=7 BRIDGE
enum ParticipantState JOINING JOINED ACTIVE DISCONNECTED
enum SegmentedFileProtocol DEFAULT_SEGMENTED_FILE_PROTOCOL HLS_PROTOCOL
enum SegmentedFileSuffix INDEX TIMESTAMP
enum StreamProtocol DEFAULT_PROTOCOL RTMP SRT WEBSOCKET
enum StreamStatus ACTIVE FINISHED FAILED
enum TrackSource UNKNOWN CAMERA MICROPHONE SCREEN_SHARE SCREEN_SHARE_AUDIO
enum TrackType AUDIO VIDEO DATA
enum VideoCodec DEFAULT_VC H264_BASELINE H264_MAIN H264_HIGH VP8
enum VideoQuality LOW MEDIUM HIGH OFF
message Room
  string sid
  string name
  uint32 empty_timeout
  uint32 departure_timeout
  uint32 max_participants
  int64 creation_time
  int64 creation_time_ms
  string turn_password
  repeated Codec enabled_codecs
  string metadata
  uint32 num_participants
  uint32 num_publishers
  bool active_recording
  TimedVersion version
message Codec
  string mime
  string fmtp_line
message TimedVersion
  int64 unix_micro
  int32 ticks
message ParticipantPermission
  bool can_subscribe
  bool can_publish
  bool can_publish_data
  repeated TrackSource can_publish_sources
  bool hidden
  bool recorder
  bool can_update_metadata
  bool agent
  bool can_subscribe_metrics
  bool can_manage_agent_session
message ParticipantInfo
  string sid
  string identity
  ParticipantState state
  repeated TrackInfo tracks
  string metadata
  int64 joined_at
  int64 joined_at_ms
  string name
  uint32 version
  ParticipantPermission permission
  string region
  bool is_publisher
  ParticipantKind kind
  map attributes
  DisconnectReason disconnect_reason
  repeated KindDetail kind_details
  int32 client_protocol
  repeated Capability capabilities
message TrackInfo
  string sid
  TrackType type
  string name
  bool muted
  uint32 width
  uint32 height
  bool simulcast
  bool disable_dtx
  TrackSource source
  repeated VideoLayer layers
  string mime_type
  string mid
  repeated SimulcastCodecInfo codecs
  bool stereo
  bool disable_red
  EncryptionType encryption
  string stream
  TimedVersion version
  repeated AudioTrackFeature audio_features
  BackupCodecPolicy backup_codec_policy
  repeated PacketTrailerFeature packet_trailer_features
message SimulcastCodecInfo
  string mime_type
  string mid
  string cid
  repeated VideoLayer layers
  LayerMode video_layer_mode
  string sdp_cid
message VideoLayer
  VideoQuality quality
  uint32 width
  uint32 height
  uint32 bitrate
  uint32 ssrc
  int32 spatial_layer
  string rid
  uint32 repair_ssrc
message ParticipantTracks
  string participant_sid
  repeated string track_sids
message CreateRoomRequest
  string name
  string room_preset
  uint32 empty_timeout
  uint32 departure_timeout
  uint32 max_participants
  string node_id
  string metadata
  map tags
  RoomEgress egress
  uint32 min_playout_delay
  uint32 max_playout_delay
  bool sync_streams
  bool replay_enabled
message RoomEgress
  RoomCompositeEgressRequest room
message ListRoomsRequest
  repeated string names
message ListRoomsResponse
  repeated Room rooms
message DeleteRoomRequest
  string room
message DeleteRoomResponse

message ListParticipantsRequest
  string room
message ListParticipantsResponse
  repeated ParticipantInfo participants
message RoomParticipantIdentity
  string room
  string identity
  int64 revoke_token_ts
message RemoveParticipantResponse

message MuteRoomTrackRequest
  string room
  string identity
  string track_sid
  bool muted
message MuteRoomTrackResponse
  TrackInfo track
message UpdateParticipantRequest
  string room
  string identity
  string metadata
  ParticipantPermission permission
  string name
  map attributes
message UpdateSubscriptionsRequest
  string room
  string identity
  repeated string track_sids
  bool subscribe
  repeated ParticipantTracks participant_tracks
message UpdateSubscriptionsResponse

message SendDataRequest
  string room
  bytes data
  DataKind kind
  repeated string destination_sids
  repeated string destination_identities
  optional string topic
  bytes nonce
message SendDataResponse

message UpdateRoomMetadataRequest
  string room
  string metadata
message ForwardParticipantRequest
  string room
  string identity
  string destination_room
message MoveParticipantRequest
  string room
  string identity
  string destination_room
message PerformRpcRequest
  string room
  string destination_identity
  string method
  string payload
  uint32 response_timeout_ms
message StartEgressRequest
  string room_name
  oneof:source TemplateSource template
  oneof:source WebSource web
  oneof:source MediaSource media
  oneof:encoding EncodingOptionsPreset preset
  oneof:encoding EncodingOptions advanced
  repeated Output outputs
  StorageConfig storage
  repeated WebhookConfig webhooks
message TemplateSource
  string layout
  bool audio_only
  bool video_only
  string custom_base_url
message WebSource
  string url
  bool audio_only
  bool video_only
  bool await_start_signal
message MediaSource
  oneof:video string video_track_id
  oneof:video ParticipantVideo participant_video
  AudioConfig audio
message ParticipantVideo
  string identity
  bool prefer_screen_share
message AudioConfig
  bool capture_all
  repeated AudioRoute routes
message AudioRoute
  oneof:match string track_id
  oneof:match string participant_identity
  oneof:match ParticipantKind participant_kind
  AudioChannel channel
message EncodingOptions
  int32 width
  int32 height
  int32 depth
  int32 framerate
  AudioCodec audio_codec
  int32 audio_bitrate
  int32 audio_frequency
  VideoCodec video_codec
  int32 video_bitrate
  double key_frame_interval
  int32 audio_quality
  int32 video_quality
message Output
  StorageConfig storage
  oneof:config FileOutput file
  oneof:config StreamOutput stream
  oneof:config SegmentedFileOutput segments
  oneof:config ImageOutput images
message Upload
message StorageConfig
  oneof:provider Upload s3
  oneof:provider Upload gcp
  oneof:provider Upload azure
  oneof:provider Upload aliOSS
message FileOutput
  EncodedFileType file_type
  string filepath
  bool disable_manifest
message StreamOutput
  StreamProtocol protocol
  repeated string urls
message SegmentedFileOutput
  oneof:storage Upload s3
  oneof:storage Upload gcp
  oneof:storage Upload azure
  oneof:storage Upload aliOSS
  SegmentedFileProtocol protocol
  string filename_prefix
  string playlist_name
  string live_playlist_name
  uint32 segment_duration
  SegmentedFileSuffix filename_suffix
  bool disable_manifest
message ImageOutput
  oneof:storage Upload s3
  oneof:storage Upload gcp
  oneof:storage Upload azure
  oneof:storage Upload aliOSS
  uint32 capture_interval
  int32 width
  int32 height
  string filename_prefix
  ImageFileSuffix filename_suffix
  ImageCodec image_codec
  bool disable_manifest
message ListEgressRequest
  string room_name
  string egress_id
  bool active
  TokenPagination page_token
message ListEgressResponse
  repeated EgressInfo items
  TokenPagination next_page_token
message StopEgressRequest
  string egress_id
message EgressInfo
  string egress_id
  string room_id
  string room_name
  EgressSourceType source_type
  EgressStatus status
  int64 started_at
  int64 ended_at
  int64 updated_at
  oneof:request StartEgressRequest egress
  oneof:request RoomCompositeEgressRequest room_composite
  oneof:request WebEgressRequest web
  oneof:request ParticipantEgressRequest participant
  oneof:request TrackCompositeEgressRequest track_composite
  oneof:request TrackEgressRequest track
  repeated StreamInfo stream_results
  repeated FileInfo file_results
  repeated SegmentsInfo segment_results
  repeated ImagesInfo image_results
  string error
  int32 error_code
  string details
  string manifest_location
  bool backup_storage_used
  int32 retry_count
  oneof:result StreamInfoList stream
  oneof:result FileInfo file
  oneof:result SegmentsInfo segments
message StreamInfo
  string url
  int64 started_at
  int64 ended_at
  int64 duration
  StreamStatus status
  string error
  int64 last_retry_at
  uint32 retries
message FileInfo
  string filename
  int64 started_at
  int64 ended_at
  int64 duration
  int64 size
  string location
message SegmentsInfo
  string playlist_name
  string live_playlist_name
  int64 duration
  int64 size
  string playlist_location
  string live_playlist_location
  int64 segment_count
  int64 started_at
  int64 ended_at
message ImagesInfo
  string filename_prefix
  int64 image_count
  int64 started_at
  int64 ended_at
message RoomCompositeEgressRequest
  string room_name
  string layout
  bool audio_only
  AudioMixing audio_mixing
  bool video_only
  string custom_base_url
  oneof:output EncodedFileOutput file
  oneof:output StreamOutput stream
  oneof:output SegmentedFileOutput segments
  oneof:options EncodingOptionsPreset preset
  oneof:options EncodingOptions advanced
  repeated EncodedFileOutput file_outputs
  repeated StreamOutput stream_outputs
  repeated SegmentedFileOutput segment_outputs
  repeated ImageOutput image_outputs
  repeated WebhookConfig webhooks
message WebEgressRequest
  string url
  bool audio_only
  bool video_only
  bool await_start_signal
  oneof:output EncodedFileOutput file
  oneof:output StreamOutput stream
  oneof:output SegmentedFileOutput segments
  oneof:options EncodingOptionsPreset preset
  oneof:options EncodingOptions advanced
  repeated EncodedFileOutput file_outputs
  repeated StreamOutput stream_outputs
  repeated SegmentedFileOutput segment_outputs
  repeated ImageOutput image_outputs
  repeated WebhookConfig webhooks
message ParticipantEgressRequest
  string room_name
  string identity
  bool screen_share
  oneof:options EncodingOptionsPreset preset
  oneof:options EncodingOptions advanced
  repeated EncodedFileOutput file_outputs
  repeated StreamOutput stream_outputs
  repeated SegmentedFileOutput segment_outputs
  repeated ImageOutput image_outputs
  repeated WebhookConfig webhooks
message TrackCompositeEgressRequest
  string room_name
  string audio_track_id
  string video_track_id
  oneof:output EncodedFileOutput file
  oneof:output StreamOutput stream
  oneof:output SegmentedFileOutput segments
  oneof:options EncodingOptionsPreset preset
  oneof:options EncodingOptions advanced
  repeated EncodedFileOutput file_outputs
  repeated StreamOutput stream_outputs
  repeated SegmentedFileOutput segment_outputs
  repeated ImageOutput image_outputs
  repeated WebhookConfig webhooks
message TrackEgressRequest
  string room_name
  string track_id
  oneof:output DirectFileOutput file
  oneof:output string websocket_url
  repeated WebhookConfig webhooks
message DirectFileOutput
  oneof:storage Upload s3
  oneof:storage Upload gcp
  oneof:storage Upload azure
  oneof:storage Upload aliOSS
  string filepath
  bool disable_manifest
message EncodedFileOutput
  oneof:storage Upload s3
  oneof:storage Upload gcp
  oneof:storage Upload azure
  oneof:storage Upload aliOSS
  EncodedFileType file_type
  string filepath
  bool disable_manifest
message UpdateLayoutRequest
  string egress_id
  string layout
message UpdateStreamRequest
  string egress_id
  repeated string add_output_urls
  repeated string remove_output_urls
message StreamInfoList
  repeated StreamInfo info
message WebhookConfig
  string url
  string signing_key
message TokenPagination
  string token
message CreateIngressRequest
  IngressInput input_type
  string url
  string name
  string room_name
  string participant_identity
  string participant_name
  string participant_metadata
  bool bypass_transcoding
  optional bool enable_transcoding
  IngressAudioOptions audio
  IngressVideoOptions video
  optional bool enabled
message IngressAudioOptions
  string name
  TrackSource source
  oneof:encoding_options IngressAudioEncodingPreset preset
  oneof:encoding_options IngressAudioEncodingOptions options
message IngressVideoOptions
  string name
  TrackSource source
  oneof:encoding_options IngressVideoEncodingPreset preset
  oneof:encoding_options IngressVideoEncodingOptions options
message IngressAudioEncodingOptions
  AudioCodec audio_codec
  uint32 bitrate
  bool disable_dtx
  uint32 channels
message IngressVideoEncodingOptions
  VideoCodec video_codec
  double frame_rate
  repeated VideoLayer layers
message IngressInfo
  string ingress_id
  string name
  string stream_key
  string url
  IngressInput input_type
  bool bypass_transcoding
  optional bool enable_transcoding
  IngressAudioOptions audio
  IngressVideoOptions video
  string room_name
  string participant_identity
  string participant_name
  string participant_metadata
  bool reusable
  IngressState state
  optional bool enabled
message IngressState
  IngressStatus status
  string error
  InputVideoState video
  InputAudioState audio
  string room_id
  int64 started_at
  int64 ended_at
  int64 updated_at
  string resource_id
  repeated TrackInfo tracks
message InputVideoState
  string mime_type
  uint32 average_bitrate
  uint32 width
  uint32 height
  double framerate
message InputAudioState
  string mime_type
  uint32 average_bitrate
  uint32 channels
  uint32 sample_rate
message UpdateIngressRequest
  string ingress_id
  string name
  string room_name
  string participant_identity
  string participant_name
  string participant_metadata
  optional bool bypass_transcoding
  optional bool enable_transcoding
  IngressAudioOptions audio
  IngressVideoOptions video
  optional bool enabled
message ListIngressRequest
  TokenPagination page_token
  string room_name
  string ingress_id
message ListIngressResponse
  TokenPagination next_page_token
  repeated IngressInfo items
message DeleteIngressRequest
  string ingress_id
message WebhookEvent
  string event
  Room room
  ParticipantInfo participant
  EgressInfo egress_info
  IngressInfo ingress_info
  TrackInfo track
  string id
  int64 created_at
  int32 num_dropped
)";

}  // namespace

const WireSchema& livekit_schema() {
  static const WireSchema schema{kText};
  return schema;
}

}  // namespace ts::sandbox
