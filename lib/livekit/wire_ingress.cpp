// SPDX-License-Identifier: Apache-2.0
#include "livekit/wire_page_fields_internal.hpp"
#include "livekit/wire_track_fields_internal.hpp"

namespace ts::livekit {
namespace wire {

template <>
struct Fields<IngressAudioEncodingOptions> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("audio_codec", m.audio_codec);
    v.field("bitrate", m.bitrate);
    v.field("disable_dtx", m.disable_dtx);
    v.field("channels", m.channels);
  }
};

template <>
struct Fields<IngressAudioOptions> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("name", m.name);
    v.field("source", m.source);
    v.exclusive({"preset", "options"});
    v.oneof("preset", m.preset);
    v.oneof("options", m.options);
  }
};

template <>
struct Fields<IngressVideoEncodingOptions> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("video_codec", m.video_codec);
    v.field("frame_rate", m.frame_rate);
    v.field("layers", m.layers);
  }
};

template <>
struct Fields<IngressVideoOptions> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("name", m.name);
    v.field("source", m.source);
    v.exclusive({"preset", "options"});
    v.oneof("preset", m.preset);
    v.oneof("options", m.options);
  }
};

template <>
struct Fields<CreateIngressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("input_type", m.input_type);
    v.oneof("url", m.url);
    v.field("name", m.name);
    v.field("room_name", m.room_name);
    v.field("participant_identity", m.participant_identity);
    v.field("participant_name", m.participant_name);
    v.field("participant_metadata", m.participant_metadata);
    v.field("bypass_transcoding", m.bypass_transcoding);
    v.oneof("enable_transcoding", m.enable_transcoding);
    v.field("audio", m.audio);
    v.field("video", m.video);
    v.oneof("enabled", m.enabled);
  }
};

template <>
struct Fields<UpdateIngressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("ingress_id", m.ingress_id);
    v.field("name", m.name);
    v.field("room_name", m.room_name);
    v.field("participant_identity", m.participant_identity);
    v.field("participant_name", m.participant_name);
    v.field("participant_metadata", m.participant_metadata);
    v.oneof("bypass_transcoding", m.bypass_transcoding);
    v.oneof("enable_transcoding", m.enable_transcoding);
    v.field("audio", m.audio);
    v.field("video", m.video);
    v.oneof("enabled", m.enabled);
  }
};

template <>
struct Fields<ListIngressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.field("ingress_id", m.ingress_id);
    v.field("page_token", m.page_token);
  }
};

template <>
struct Fields<DeleteIngressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("ingress_id", m.ingress_id);
  }
};

template <>
struct Fields<InputVideoState> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("mime_type", m.mime_type);
    v.field("average_bitrate", m.average_bitrate);
    v.field("width", m.width);
    v.field("height", m.height);
    v.field("framerate", m.framerate);
  }
};

template <>
struct Fields<InputAudioState> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("mime_type", m.mime_type);
    v.field("average_bitrate", m.average_bitrate);
    v.field("channels", m.channels);
    v.field("sample_rate", m.sample_rate);
  }
};

template <>
struct Fields<IngressState> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("status", m.status);
    v.field("error", m.error);
    v.field("video", m.video);
    v.field("audio", m.audio);
    v.field("room_id", m.room_id);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
    v.field("updated_at", m.updated_at);
    v.field("resource_id", m.resource_id);
    v.field("tracks", m.tracks);
  }
};

template <>
struct Fields<IngressInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("ingress_id", m.ingress_id);
    v.field("name", m.name);
    v.field("stream_key", m.stream_key);
    v.field("url", m.url);
    v.field("input_type", m.input_type);
    v.field("bypass_transcoding", m.bypass_transcoding);
    v.oneof("enable_transcoding", m.enable_transcoding);
    v.field("audio", m.audio);
    v.field("video", m.video);
    v.field("room_name", m.room_name);
    v.field("participant_identity", m.participant_identity);
    v.field("participant_name", m.participant_name);
    v.field("participant_metadata", m.participant_metadata);
    v.field("reusable", m.reusable);
    v.field("state", m.state);
    v.oneof("enabled", m.enabled);
  }
};

template <>
struct Fields<ListIngressResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("items", m.items);
    v.field("next_page_token", m.next_page_token);
  }
};

}  // namespace wire

TS_WIRE_MESSAGE(CreateIngressRequest);
TS_WIRE_MESSAGE(UpdateIngressRequest);
TS_WIRE_MESSAGE(ListIngressRequest);
TS_WIRE_MESSAGE(DeleteIngressRequest);
TS_WIRE_MESSAGE(IngressState);
TS_WIRE_MESSAGE(IngressInfo);
TS_WIRE_MESSAGE(ListIngressResponse);
template bool scans_as<IngressInfo>(JsonScanner&);

}  // namespace ts::livekit
