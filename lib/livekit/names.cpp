// SPDX-License-Identifier: Apache-2.0
// Enum tables: protobuf numbers and wire names, and the words ts uses for states.
#include "core/text.hpp"
#include "livekit/ingress.hpp"
#include "livekit/rooms.hpp"

#include <array>

namespace ts::livekit {
namespace {

constexpr std::array<EnumName, 3> kTrackTypes{{{0, "AUDIO"}, {1, "VIDEO"}, {2, "DATA"}}};
constexpr std::array<EnumName, 5> kTrackSources{{{0, "UNKNOWN"},
                                                 {1, "CAMERA"},
                                                 {2, "MICROPHONE"},
                                                 {3, "SCREEN_SHARE"},
                                                 {4, "SCREEN_SHARE_AUDIO"}}};
constexpr std::array<EnumName, 4> kParticipantStates{
    {{0, "JOINING"}, {1, "JOINED"}, {2, "ACTIVE"}, {3, "DISCONNECTED"}}};
constexpr std::array<EnumName, 7> kParticipantKinds{{{0, "STANDARD"},
                                                     {1, "INGRESS"},
                                                     {2, "EGRESS"},
                                                     {3, "SIP"},
                                                     {4, "AGENT"},
                                                     {7, "CONNECTOR"},
                                                     {8, "BRIDGE"}}};
constexpr std::array<EnumName, 2> kDataKinds{{{0, "RELIABLE"}, {1, "LOSSY"}}};

constexpr std::array<EnumName, 7> kEgressStatuses{{{0, "EGRESS_STARTING"},
                                                   {1, "EGRESS_ACTIVE"},
                                                   {2, "EGRESS_ENDING"},
                                                   {3, "EGRESS_COMPLETE"},
                                                   {4, "EGRESS_FAILED"},
                                                   {5, "EGRESS_ABORTED"},
                                                   {6, "EGRESS_LIMIT_REACHED"}}};
constexpr std::array<EnumName, 4> kStreamProtocols{
    {{0, "DEFAULT_PROTOCOL"}, {1, "RTMP"}, {2, "SRT"}, {3, "WEBSOCKET"}}};
constexpr std::array<EnumName, 3> kStreamStatuses{{{0, "ACTIVE"}, {1, "FINISHED"}, {2, "FAILED"}}};
constexpr std::array<EnumName, 4> kFileTypes{
    {{0, "DEFAULT_FILETYPE"}, {1, "MP4"}, {2, "OGG"}, {3, "MP3"}}};
constexpr std::array<EnumName, 2> kSegmentProtocols{
    {{0, "DEFAULT_SEGMENTED_FILE_PROTOCOL"}, {1, "HLS_PROTOCOL"}}};
constexpr std::array<EnumName, 2> kSegmentSuffixes{{{0, "INDEX"}, {1, "TIMESTAMP"}}};
constexpr std::array<EnumName, 3> kImageSuffixes{
    {{0, "IMAGE_SUFFIX_INDEX"}, {1, "IMAGE_SUFFIX_TIMESTAMP"}, {2, "IMAGE_SUFFIX_NONE_OVERWRITE"}}};
constexpr std::array<EnumName, 2> kImageCodecs{{{0, "IC_DEFAULT"}, {1, "IC_JPEG"}}};
constexpr std::array<EnumName, 5> kVideoCodecs{
    {{0, "DEFAULT_VC"}, {1, "H264_BASELINE"}, {2, "H264_MAIN"}, {3, "H264_HIGH"}, {4, "VP8"}}};
constexpr std::array<EnumName, 4> kAudioCodecs{
    {{0, "DEFAULT_AC"}, {1, "OPUS"}, {2, "AAC"}, {3, "AC_MP3"}}};
constexpr std::array<EnumName, 3> kAudioMixings{
    {{0, "DEFAULT_MIXING"}, {1, "DUAL_CHANNEL_AGENT"}, {2, "DUAL_CHANNEL_ALTERNATE"}}};
constexpr std::array<EnumName, 3> kAudioChannels{
    {{0, "AUDIO_CHANNEL_BOTH"}, {1, "AUDIO_CHANNEL_LEFT"}, {2, "AUDIO_CHANNEL_RIGHT"}}};
constexpr std::array<EnumName, 9> kPresets{{{0, "H264_720P_30"},
                                            {1, "H264_720P_60"},
                                            {2, "H264_1080P_30"},
                                            {3, "H264_1080P_60"},
                                            {4, "PORTRAIT_H264_720P_30"},
                                            {5, "PORTRAIT_H264_720P_60"},
                                            {6, "PORTRAIT_H264_1080P_30"},
                                            {7, "PORTRAIT_H264_1080P_60"},
                                            {8, "PASSTHROUGH"}}};
constexpr std::array<EnumName, 2> kSourceTypes{
    {{0, "EGRESS_SOURCE_TYPE_WEB"}, {1, "EGRESS_SOURCE_TYPE_SDK"}}};

constexpr std::array<EnumName, 3> kIngressInputs{
    {{0, "RTMP_INPUT"}, {1, "WHIP_INPUT"}, {2, "URL_INPUT"}}};
constexpr std::array<EnumName, 5> kIngressStatuses{{{0, "ENDPOINT_INACTIVE"},
                                                    {1, "ENDPOINT_BUFFERING"},
                                                    {2, "ENDPOINT_PUBLISHING"},
                                                    {3, "ENDPOINT_ERROR"},
                                                    {4, "ENDPOINT_COMPLETE"}}};
constexpr std::array<EnumName, 10> kIngressVideoPresets{
    {{0, "H264_720P_30FPS_3_LAYERS"},
     {1, "H264_1080P_30FPS_3_LAYERS"},
     {2, "H264_540P_25FPS_2_LAYERS"},
     {3, "H264_720P_30FPS_1_LAYER"},
     {4, "H264_1080P_30FPS_1_LAYER"},
     {5, "H264_720P_30FPS_3_LAYERS_HIGH_MOTION"},
     {6, "H264_1080P_30FPS_3_LAYERS_HIGH_MOTION"},
     {7, "H264_540P_25FPS_2_LAYERS_HIGH_MOTION"},
     {8, "H264_720P_30FPS_1_LAYER_HIGH_MOTION"},
     {9, "H264_1080P_30FPS_1_LAYER_HIGH_MOTION"}}};
constexpr std::array<EnumName, 2> kIngressAudioPresets{
    {{0, "OPUS_STEREO_96KBPS"}, {1, "OPUS_MONO_64KBS"}}};

/// The wire name in lower case without `prefix`; unknown values keep their text.
template <typename E>
std::string word(const OpenEnum<E>& value, std::string_view prefix) {
  std::string text = value.text();
  if (!value.is_known()) return text;
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  return to_lower(text);
}

}  // namespace

std::span<const EnumName> enum_names(TrackType) noexcept { return kTrackTypes; }
std::span<const EnumName> enum_names(TrackSource) noexcept { return kTrackSources; }
std::span<const EnumName> enum_names(ParticipantState) noexcept { return kParticipantStates; }
std::span<const EnumName> enum_names(ParticipantKind) noexcept { return kParticipantKinds; }
std::span<const EnumName> enum_names(DataKind) noexcept { return kDataKinds; }
std::span<const EnumName> enum_names(EgressStatus) noexcept { return kEgressStatuses; }
std::span<const EnumName> enum_names(StreamProtocol) noexcept { return kStreamProtocols; }
std::span<const EnumName> enum_names(StreamStatus) noexcept { return kStreamStatuses; }
std::span<const EnumName> enum_names(EncodedFileType) noexcept { return kFileTypes; }
std::span<const EnumName> enum_names(SegmentedFileProtocol) noexcept { return kSegmentProtocols; }
std::span<const EnumName> enum_names(SegmentedFileSuffix) noexcept { return kSegmentSuffixes; }
std::span<const EnumName> enum_names(ImageSuffix) noexcept { return kImageSuffixes; }
std::span<const EnumName> enum_names(ImageCodec) noexcept { return kImageCodecs; }
std::span<const EnumName> enum_names(VideoCodec) noexcept { return kVideoCodecs; }
std::span<const EnumName> enum_names(AudioCodec) noexcept { return kAudioCodecs; }
std::span<const EnumName> enum_names(AudioMixing) noexcept { return kAudioMixings; }
std::span<const EnumName> enum_names(AudioChannel) noexcept { return kAudioChannels; }
std::span<const EnumName> enum_names(EncodingPreset) noexcept { return kPresets; }
std::span<const EnumName> enum_names(EgressSourceType) noexcept { return kSourceTypes; }
std::span<const EnumName> enum_names(IngressInput) noexcept { return kIngressInputs; }
std::span<const EnumName> enum_names(IngressStatus) noexcept { return kIngressStatuses; }
std::span<const EnumName> enum_names(IngressVideoPreset) noexcept { return kIngressVideoPresets; }
std::span<const EnumName> enum_names(IngressAudioPreset) noexcept { return kIngressAudioPresets; }

std::optional<TrackSource> parse_track_source(std::string_view text) {
  for (const EnumName& row : kTrackSources) {
    if (to_lower(row.name) == text) return static_cast<TrackSource>(row.number);
  }
  return std::nullopt;
}

std::string track_source_word(const OpenEnum<TrackSource>& source) { return word(source, ""); }

std::string egress_state_word(const OpenEnum<EgressStatus>& status) {
  return word(status, "EGRESS_");
}

std::string ingress_state_word(const OpenEnum<IngressStatus>& status) {
  return word(status, "ENDPOINT_");
}

bool is_running(const OpenEnum<EgressStatus>& status) noexcept {
  return status == EgressStatus::kStarting || status == EgressStatus::kActive ||
         status == EgressStatus::kEnding;
}

bool is_terminal(const OpenEnum<EgressStatus>& status) noexcept {
  return status.is_known() && !is_running(status);
}

std::string_view to_string(EgressKind kind) noexcept {
  switch (kind) {
    case EgressKind::kNone:
      return "";
    case EgressKind::kRoomComposite:
      return "room_composite";
    case EgressKind::kWeb:
      return "web";
    case EgressKind::kParticipant:
      return "participant";
    case EgressKind::kTrackComposite:
      return "track_composite";
    case EgressKind::kTrack:
      return "track";
    case EgressKind::kEgress:
      return "egress";
  }
  return "";
}

Secret publish_target(const IngressInfo& ingress) {
  std::string url = ingress.url;
  while (url.ends_with('/')) url.pop_back();
  url += '/';
  url += ingress.stream_key.reveal();
  return Secret(url);
}

}  // namespace ts::livekit
