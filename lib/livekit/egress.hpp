// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/secret.hpp"
#include "livekit/open_enum.hpp"
#include "net/stream_address.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ts::livekit {

enum class ParticipantKind : std::uint8_t;  // livekit/rooms.hpp

enum class EgressStatus : std::uint8_t {
  kStarting = 0,
  kActive = 1,
  kEnding = 2,
  kComplete = 3,
  kFailed = 4,
  kAborted = 5,
  kLimitReached = 6,
};
enum class StreamProtocol : std::uint8_t { kDefault = 0, kRtmp = 1, kSrt = 2, kWebsocket = 3 };
enum class StreamStatus : std::uint8_t { kActive = 0, kFinished = 1, kFailed = 2 };
enum class EncodedFileType : std::uint8_t { kDefault = 0, kMp4 = 1, kOgg = 2, kMp3 = 3 };
enum class SegmentedFileProtocol : std::uint8_t { kDefault = 0, kHls = 1 };
enum class SegmentedFileSuffix : std::uint8_t { kIndex = 0, kTimestamp = 1 };
enum class ImageSuffix : std::uint8_t { kIndex = 0, kTimestamp = 1, kNoneOverwrite = 2 };
enum class ImageCodec : std::uint8_t { kDefault = 0, kJpeg = 1 };
enum class VideoCodec : std::uint8_t {
  kDefault = 0,
  kH264Baseline = 1,
  kH264Main = 2,
  kH264High = 3,
  kVp8 = 4,
};
enum class AudioCodec : std::uint8_t { kDefault = 0, kOpus = 1, kAac = 2, kMp3 = 3 };
enum class AudioMixing : std::uint8_t {
  kDefault = 0,
  kDualChannelAgent = 1,
  kDualChannelAlternate = 2,
};
enum class AudioChannel : std::uint8_t { kBoth = 0, kLeft = 1, kRight = 2 };
enum class EncodingPreset : std::uint8_t {
  kH264_720p30 = 0,
  kH264_720p60 = 1,
  kH264_1080p30 = 2,
  kH264_1080p60 = 3,
  kPortraitH264_720p30 = 4,
  kPortraitH264_720p60 = 5,
  kPortraitH264_1080p30 = 6,
  kPortraitH264_1080p60 = 7,
  kPassthrough = 8,
};
enum class EgressSourceType : std::uint8_t { kWeb = 0, kSdk = 1 };

std::span<const EnumName> enum_names(ParticipantKind) noexcept;
std::span<const EnumName> enum_names(EgressStatus) noexcept;
std::span<const EnumName> enum_names(StreamProtocol) noexcept;
std::span<const EnumName> enum_names(StreamStatus) noexcept;
std::span<const EnumName> enum_names(EncodedFileType) noexcept;
std::span<const EnumName> enum_names(SegmentedFileProtocol) noexcept;
std::span<const EnumName> enum_names(SegmentedFileSuffix) noexcept;
std::span<const EnumName> enum_names(ImageSuffix) noexcept;
std::span<const EnumName> enum_names(ImageCodec) noexcept;
std::span<const EnumName> enum_names(VideoCodec) noexcept;
std::span<const EnumName> enum_names(AudioCodec) noexcept;
std::span<const EnumName> enum_names(AudioMixing) noexcept;
std::span<const EnumName> enum_names(AudioChannel) noexcept;
std::span<const EnumName> enum_names(EncodingPreset) noexcept;
std::span<const EnumName> enum_names(EgressSourceType) noexcept;

/// "starting", "active", "ending", "complete", "failed", "aborted", "limit_reached"; an unknown
/// status keeps its wire text.
std::string egress_state_word(const OpenEnum<EgressStatus>& status);
/// True when the egress will not change again.
bool is_terminal(const OpenEnum<EgressStatus>& status) noexcept;
/// True for starting, active and ending.
bool is_running(const OpenEnum<EgressStatus>& status) noexcept;

/// Through which an upload goes.
struct ProxyConfig {
  std::string url{};
  std::string username{};
  Secret password{};
};
struct S3Upload {
  Secret access_key{};
  Secret secret{};
  Secret session_token{};
  std::string region{};
  std::string endpoint{};
  std::string bucket{};
  bool force_path_style = false;
  std::map<std::string, std::string> metadata{};
  std::string tagging{};
  std::string content_disposition{};
  std::string assume_role_arn{};
  std::string assume_role_external_id{};
  std::optional<ProxyConfig> proxy{};
};
struct GcpUpload {
  Secret credentials{};  ///< JSON of a service account.
  std::string bucket{};
  std::optional<ProxyConfig> proxy{};
};
struct AzureBlobUpload {
  std::string account_name{};
  Secret account_key{};
  std::string container_name{};
};
struct AliOssUpload {
  std::string access_key{};
  Secret secret{};
  std::string region{};
  std::string endpoint{};
  std::string bucket{};
};
/// At most one; none means the egress worker's own disk or its configured bucket.
struct Storage {
  std::optional<S3Upload> s3{};
  std::optional<GcpUpload> gcp{};
  std::optional<AzureBlobUpload> azure{};
  std::optional<AliOssUpload> ali_oss{};
};

/// A stream key is part of a URL, so URLs are secrets as a whole.
struct StreamOutput {
  OpenEnum<StreamProtocol> protocol{};
  std::vector<Secret> urls{};
};
struct EncodedFileOutput {
  OpenEnum<EncodedFileType> file_type{};
  std::string filepath{};  ///< With {room_name}, {time} … as the worker fills in.
  bool disable_manifest = false;
  Storage storage{};
};
struct SegmentedFileOutput {
  OpenEnum<SegmentedFileProtocol> protocol{};
  std::string filename_prefix{};
  std::string playlist_name{};
  std::string live_playlist_name{};
  std::uint32_t segment_duration = 0;  ///< s; 0 is the worker's 4.
  OpenEnum<SegmentedFileSuffix> filename_suffix{};
  bool disable_manifest = false;
  Storage storage{};
};
struct ImageOutput {
  std::uint32_t capture_interval = 0;  ///< s.
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::string filename_prefix{};
  OpenEnum<ImageSuffix> filename_suffix{};
  OpenEnum<ImageCodec> image_codec{};
  bool disable_manifest = false;
  Storage storage{};
};
struct DirectFileOutput {
  std::string filepath{};
  bool disable_manifest = false;
  Storage storage{};
};

struct EncodingOptions {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t depth = 0;
  std::uint32_t framerate = 0;
  OpenEnum<AudioCodec> audio_codec{};
  std::uint32_t audio_bitrate = 0;  ///< kbit/s.
  std::uint32_t audio_quality = 0;
  std::uint32_t audio_frequency = 0;  ///< Hz.
  OpenEnum<VideoCodec> video_codec{};
  std::uint32_t video_bitrate = 0;  ///< kbit/s.
  std::uint32_t video_quality = 0;
  double key_frame_interval = 0;  ///< s; 0 is the worker's 4. Mux wants at most 5.
};

struct WebhookConfigFilter {
  std::vector<std::string> include_events{};
  std::vector<std::string> exclude_events{};
};
struct WebhookConfig {
  std::string url{};
  std::string signing_key{};  ///< The name of an API key, not its secret.
  std::optional<WebhookConfigFilter> filter_params{};
};

/// What every encoding egress can be told: how to encode, and where to.
struct EgressOutputs {
  std::optional<OpenEnum<EncodingPreset>> preset{};
  std::optional<EncodingOptions> advanced{};
  std::vector<EncodedFileOutput> file_outputs{};
  std::vector<StreamOutput> stream_outputs{};
  std::vector<SegmentedFileOutput> segment_outputs{};
  std::vector<ImageOutput> image_outputs{};
  std::vector<WebhookConfig> webhooks{};
};

struct RoomCompositeEgressRequest {
  std::string room_name{};
  std::string layout{};  ///< grid, speaker, single-speaker, each optionally -light or -dark.
  bool audio_only = false;
  OpenEnum<AudioMixing> audio_mixing{};
  bool video_only = false;
  std::string custom_base_url{};
  EgressOutputs outputs{};
};
struct WebEgressRequest {
  std::string url{};
  bool audio_only = false;
  bool video_only = false;
  bool await_start_signal = false;
  EgressOutputs outputs{};
};
struct ParticipantEgressRequest {
  std::string room_name{};
  std::string identity{};
  bool screen_share = false;
  EgressOutputs outputs{};
};
struct TrackCompositeEgressRequest {
  std::string room_name{};
  std::string audio_track_id{};  ///< Either may be empty, not both.
  std::string video_track_id{};
  EgressOutputs outputs{};
};
/// One track, unencoded: to a file, or PCM to a WebSocket. No RTMP here.
struct TrackEgressRequest {
  std::string room_name{};
  std::string track_id{};
  std::optional<DirectFileOutput> file{};
  std::optional<Secret> websocket_url{};
  std::vector<WebhookConfig> webhooks{};
};

/// StartEgress, the newer single call. Older servers answer bad_route.
struct TemplateSource {
  std::string layout{};
  bool audio_only = false;
  bool video_only = false;
  std::string custom_base_url{};
};
struct WebSource {
  std::string url{};
  bool audio_only = false;
  bool video_only = false;
  bool await_start_signal = false;
};
struct ParticipantVideo {
  std::string identity{};
  bool prefer_screen_share = false;
};
struct AudioRoute {
  std::optional<std::string> track_id{};
  std::optional<std::string> participant_identity{};
  std::optional<OpenEnum<ParticipantKind>> participant_kind{};
  OpenEnum<AudioChannel> channel{};
};
struct AudioConfig {
  bool capture_all = false;
  std::vector<AudioRoute> routes{};
};
struct MediaSource {
  std::optional<std::string> video_track_id{};
  std::optional<ParticipantVideo> participant_video{};
  std::optional<AudioConfig> audio{};
};
struct Output {
  std::optional<EncodedFileOutput> file{};
  std::optional<StreamOutput> stream{};
  std::optional<SegmentedFileOutput> segments{};
  std::optional<ImageOutput> images{};
  std::optional<Storage> storage{};
};
struct StartEgressRequest {
  std::string room_name{};
  std::optional<TemplateSource> template_source{};
  std::optional<WebSource> web{};
  std::optional<MediaSource> media{};
  std::optional<OpenEnum<EncodingPreset>> preset{};
  std::optional<EncodingOptions> advanced{};
  std::vector<Output> outputs{};
  std::optional<Storage> storage{};
  std::vector<WebhookConfig> webhooks{};
};

/// Where a list goes on; shared with ingress.
struct TokenPagination {
  std::string token{};
};

struct UpdateLayoutRequest {
  std::string egress_id{};
  std::string layout{};
};
struct UpdateStreamRequest {
  std::string egress_id{};
  std::vector<Secret> add_output_urls{};
  std::vector<Secret> remove_output_urls{};
};
struct ListEgressRequest {
  std::string room_name{};
  std::string egress_id{};
  bool active = false;
  std::optional<TokenPagination> page_token{};
};
struct StopEgressRequest {
  std::string egress_id{};
};

/// One streaming output of a running egress.
struct StreamInfo {
  std::string url{};            ///< As the service redacted it; redacted again by us on reading.
  std::int64_t started_at = 0;  ///< ns; 0 while status is active: still connecting.
  std::int64_t ended_at = 0;    ///< ns.
  std::int64_t duration = 0;    ///< ns.
  OpenEnum<StreamStatus> status{};
  std::string error{};
  std::int64_t last_retry_at = 0;  ///< ns.
  std::uint32_t retries = 0;
};
struct FileInfo {
  std::string filename{};
  std::int64_t started_at = 0;  ///< ns.
  std::int64_t ended_at = 0;    ///< ns.
  std::int64_t duration = 0;    ///< ns.
  std::int64_t size = 0;        ///< bytes.
  std::string location{};
};
struct SegmentsInfo {
  std::string playlist_name{};
  std::string live_playlist_name{};
  std::int64_t duration = 0;  ///< ns.
  std::int64_t size = 0;      ///< bytes.
  std::string playlist_location{};
  std::string live_playlist_location{};
  std::int64_t segment_count = 0;
  std::int64_t started_at = 0;  ///< ns.
  std::int64_t ended_at = 0;    ///< ns.
};
struct ImagesInfo {
  std::string filename_prefix{};
  std::int64_t image_count = 0;
  std::int64_t started_at = 0;  ///< ns.
  std::int64_t ended_at = 0;    ///< ns.
};

/// Which request an egress came from; also the member of EgressInfo that echoes it.
enum class EgressKind : std::uint8_t {
  kNone,
  kRoomComposite,
  kWeb,
  kParticipant,
  kTrackComposite,
  kTrack,
  kEgress,  ///< StartEgress.
};
/// "room_composite", "web", "participant", "track_composite", "track", "egress"; "" for none.
std::string_view to_string(EgressKind kind) noexcept;

struct EgressInfo {
  std::string egress_id{};
  std::string room_id{};
  std::string room_name{};
  OpenEnum<EgressSourceType> source_type{};
  OpenEnum<EgressStatus> status{};
  std::int64_t started_at = 0;  ///< ns since 1970.
  std::int64_t ended_at = 0;    ///< ns; set exactly on terminal states.
  std::int64_t updated_at = 0;  ///< ns.
  std::string details{};
  std::string error{};          ///< Scrubbed of stream keys on reading.
  std::int32_t error_code = 0;  ///< Like an HTTP status.
  EgressKind kind = EgressKind::kNone;
  /// The request as the service echoes it: camelCase JSON text of `kind`'s request with every
  /// stream URL redacted. Empty when none came.
  std::string request_json{};
  std::vector<StreamInfo> stream_results{};
  std::vector<FileInfo> file_results{};
  std::vector<SegmentsInfo> segment_results{};
  std::vector<ImagesInfo> image_results{};
  std::string manifest_location{};
  bool backup_storage_used = false;
  std::int32_t retry_count = 0;
};
struct ListEgressResponse {
  std::vector<EgressInfo> items{};
  std::optional<TokenPagination> next_page_token{};
};

using net::redact_stream_url;
using net::scrub_stream_keys;

}  // namespace ts::livekit
