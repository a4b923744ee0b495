// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/secret.hpp"
#include "livekit/open_enum.hpp"
#include "livekit/rooms.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ts::livekit {

enum class IngressInput : std::uint8_t { kRtmp = 0, kWhip = 1, kUrl = 2 };
enum class IngressStatus : std::uint8_t {
  kInactive = 0,
  kBuffering = 1,
  kPublishing = 2,
  kError = 3,
  kComplete = 4,
};
enum class IngressVideoPreset : std::uint8_t {
  kH264_720p30_3Layers = 0,
  kH264_1080p30_3Layers = 1,
  kH264_540p25_2Layers = 2,
  kH264_720p30_1Layer = 3,
  kH264_1080p30_1Layer = 4,
  kH264_720p30_3LayersHighMotion = 5,
  kH264_1080p30_3LayersHighMotion = 6,
  kH264_540p25_2LayersHighMotion = 7,
  kH264_720p30_1LayerHighMotion = 8,
  kH264_1080p30_1LayerHighMotion = 9,
};
enum class IngressAudioPreset : std::uint8_t { kOpusStereo96k = 0, kOpusMono64k = 1 };

std::span<const EnumName> enum_names(IngressInput) noexcept;
std::span<const EnumName> enum_names(IngressStatus) noexcept;
std::span<const EnumName> enum_names(IngressVideoPreset) noexcept;
std::span<const EnumName> enum_names(IngressAudioPreset) noexcept;

/// "inactive", "buffering", "publishing", "error", "complete".
std::string ingress_state_word(const OpenEnum<IngressStatus>& status);

struct IngressAudioEncodingOptions {
  OpenEnum<AudioCodec> audio_codec{};
  std::uint32_t bitrate = 0;  ///< bit/s.
  bool disable_dtx = false;
  std::uint32_t channels = 0;
};
struct IngressAudioOptions {
  std::string name{};
  OpenEnum<TrackSource> source{};
  std::optional<OpenEnum<IngressAudioPreset>> preset{};
  std::optional<IngressAudioEncodingOptions> options{};
};
struct IngressVideoEncodingOptions {
  OpenEnum<VideoCodec> video_codec{};
  double frame_rate = 0;
  std::vector<VideoLayer> layers{};
};
struct IngressVideoOptions {
  std::string name{};
  OpenEnum<TrackSource> source{};
  std::optional<OpenEnum<IngressVideoPreset>> preset{};
  std::optional<IngressVideoEncodingOptions> options{};
};

struct CreateIngressRequest {
  OpenEnum<IngressInput> input_type{};
  std::optional<Secret> url{};  ///< Input kUrl only; it may carry credentials.
  std::string name{};
  std::string room_name{};
  std::string participant_identity{};
  std::string participant_name{};
  std::string participant_metadata{};
  bool bypass_transcoding = false;
  std::optional<bool> enable_transcoding{};
  std::optional<IngressAudioOptions> audio{};
  std::optional<IngressVideoOptions> video{};
  std::optional<bool> enabled{};
};
struct UpdateIngressRequest {
  std::string ingress_id{};
  std::string name{};
  std::string room_name{};
  std::string participant_identity{};
  std::string participant_name{};
  std::string participant_metadata{};
  std::optional<bool> bypass_transcoding{};
  std::optional<bool> enable_transcoding{};
  std::optional<IngressAudioOptions> audio{};
  std::optional<IngressVideoOptions> video{};
  std::optional<bool> enabled{};
};
struct ListIngressRequest {
  std::string room_name{};
  std::string ingress_id{};
  std::optional<TokenPagination> page_token{};
};
struct DeleteIngressRequest {
  std::string ingress_id{};
};

struct InputVideoState {
  std::string mime_type{};
  std::uint32_t average_bitrate = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  double framerate = 0;
};
struct InputAudioState {
  std::string mime_type{};
  std::uint32_t average_bitrate = 0;
  std::uint32_t channels = 0;
  std::uint32_t sample_rate = 0;
};
struct IngressState {
  OpenEnum<IngressStatus> status{};
  std::string error{};
  std::optional<InputVideoState> video{};
  std::optional<InputAudioState> audio{};
  std::string room_id{};
  std::int64_t started_at = 0;  ///< ns.
  std::int64_t ended_at = 0;    ///< ns.
  std::int64_t updated_at = 0;  ///< ns.
  std::string resource_id{};
  std::vector<TrackInfo> tracks{};
};
struct IngressInfo {
  std::string ingress_id{};
  std::string name{};
  Secret stream_key{};
  std::string url{};  ///< Without the key; empty when the server has no base URL configured.
  OpenEnum<IngressInput> input_type{};
  bool bypass_transcoding = false;
  std::optional<bool> enable_transcoding{};
  std::optional<IngressAudioOptions> audio{};
  std::optional<IngressVideoOptions> video{};
  std::string room_name{};
  std::string participant_identity{};
  std::string participant_name{};
  std::string participant_metadata{};
  bool reusable = false;
  std::optional<IngressState> state{};
  std::optional<bool> enabled{};
};
struct ListIngressResponse {
  std::vector<IngressInfo> items{};
  std::optional<TokenPagination> next_page_token{};
};

/// Where an RTMP publisher sends to: the URL with the key as its last segment.
Secret publish_target(const IngressInfo& ingress);

}  // namespace ts::livekit
