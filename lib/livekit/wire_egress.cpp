// SPDX-License-Identifier: Apache-2.0
#include "livekit/wire_egress_fields_internal.hpp"
#include "livekit/wire_page_fields_internal.hpp"

namespace ts::livekit {
namespace wire {

template <>
struct Fields<WebEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("url", m.url);
    v.field("audio_only", m.audio_only);
    v.field("video_only", m.video_only);
    v.flat(m.outputs);
    v.field("await_start_signal", m.await_start_signal);
  }
};

template <>
struct Fields<ParticipantEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.field("identity", m.identity);
    v.field("screen_share", m.screen_share);
    v.flat(m.outputs);
  }
};

template <>
struct Fields<TrackCompositeEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.field("audio_track_id", m.audio_track_id);
    v.field("video_track_id", m.video_track_id);
    v.flat(m.outputs);
  }
};

template <>
struct Fields<TrackEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.field("track_id", m.track_id);
    v.exclusive({"file", "websocket_url"});
    v.oneof("file", m.file);
    v.oneof("websocket_url", m.websocket_url);
    v.field("webhooks", m.webhooks);
  }
};

template <>
struct Fields<TemplateSource> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("layout", m.layout);
    v.field("audio_only", m.audio_only);
    v.field("video_only", m.video_only);
    v.field("custom_base_url", m.custom_base_url);
  }
};

template <>
struct Fields<WebSource> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("url", m.url);
    v.field("audio_only", m.audio_only);
    v.field("video_only", m.video_only);
    v.field("await_start_signal", m.await_start_signal);
  }
};

template <>
struct Fields<ParticipantVideo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("identity", m.identity);
    v.field("prefer_screen_share", m.prefer_screen_share);
  }
};

template <>
struct Fields<AudioRoute> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.exclusive({"track_id", "participant_identity", "participant_kind"});
    v.oneof("track_id", m.track_id);
    v.oneof("participant_identity", m.participant_identity);
    v.oneof("participant_kind", m.participant_kind);
    v.field("channel", m.channel);
  }
};

template <>
struct Fields<AudioConfig> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("capture_all", m.capture_all);
    v.field("routes", m.routes);
  }
};

template <>
struct Fields<MediaSource> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.exclusive({"video_track_id", "participant_video"});
    v.oneof("video_track_id", m.video_track_id);
    v.oneof("participant_video", m.participant_video);
    v.field("audio", m.audio);
  }
};

template <>
struct Fields<Output> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.exclusive({"file", "stream", "segments", "images"});
    v.oneof("file", m.file);
    v.oneof("stream", m.stream);
    v.oneof("segments", m.segments);
    v.oneof("images", m.images);
    v.field("storage", m.storage);
  }
};

template <>
struct Fields<StartEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.exclusive({"template", "web", "media"});
    v.exclusive({"preset", "advanced"});
    v.oneof("template", m.template_source);
    v.oneof("web", m.web);
    v.oneof("media", m.media);
    v.oneof("preset", m.preset);
    v.oneof("advanced", m.advanced);
    v.field("outputs", m.outputs);
    v.field("storage", m.storage);
    v.field("webhooks", m.webhooks);
  }
};

template <>
struct Fields<UpdateLayoutRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("egress_id", m.egress_id);
    v.field("layout", m.layout);
  }
};

template <>
struct Fields<UpdateStreamRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("egress_id", m.egress_id);
    v.field("add_output_urls", m.add_output_urls);
    v.field("remove_output_urls", m.remove_output_urls);
  }
};

template <>
struct Fields<ListEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.field("egress_id", m.egress_id);
    v.field("active", m.active);
    v.field("page_token", m.page_token);
  }
};

template <>
struct Fields<StopEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("egress_id", m.egress_id);
  }
};

template <>
struct Fields<StreamInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("url", m.url);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
    v.field("duration", m.duration);
    v.field("status", m.status);
    v.field("error", m.error);
    v.scrub(m, [](auto& out) {
      // SRT URLs come back in full, and errors quote raw URLs.
      out.url = redact_stream_url(out.url);
      out.error = scrub_stream_keys(out.error);
    });
    v.field("last_retry_at", m.last_retry_at);
    v.field("retries", m.retries);
  }
};

template <>
struct Fields<FileInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("filename", m.filename);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
    v.field("duration", m.duration);
    v.field("size", m.size);
    v.field("location", m.location);
  }
};

template <>
struct Fields<SegmentsInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("playlist_name", m.playlist_name);
    v.field("live_playlist_name", m.live_playlist_name);
    v.field("duration", m.duration);
    v.field("size", m.size);
    v.field("playlist_location", m.playlist_location);
    v.field("live_playlist_location", m.live_playlist_location);
    v.field("segment_count", m.segment_count);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
  }
};

template <>
struct Fields<ImagesInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("filename_prefix", m.filename_prefix);
    v.field("image_count", m.image_count);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
  }
};

/// Reads one kind's echo into the neutral text form; URLs that an older server echoes in full are
/// redacted here, so that an EgressInfo never holds a stream key.
template <typename Request>
void read_echo(Reader& v, EgressInfo& m, EgressKind kind) {
  v.take(to_string(kind), [&](const JsonReader& member) -> Status {
    Request request{};
    TS_CHECK(Reader::read(member, UnknownFields::kIgnore, request));
    m.kind = kind;
    m.request_json = dump_json(to_redacted_json(request));
    return ok_status();
  });
}

template <typename Request>
void write_echo(Writer& v, const EgressInfo& m) {
  const auto json = parse_json(m.request_json, "the request echo", ErrorKind::kInternal);
  if (!json.ok()) return;
  const auto request = from_json<Request>(json.value());
  if (request.ok()) v.put(to_string(m.kind), to_json(request.value(), v.style()));
}

void request_echo(Reader& v, EgressInfo& m) {
  read_echo<RoomCompositeEgressRequest>(v, m, EgressKind::kRoomComposite);
  read_echo<WebEgressRequest>(v, m, EgressKind::kWeb);
  read_echo<ParticipantEgressRequest>(v, m, EgressKind::kParticipant);
  read_echo<TrackCompositeEgressRequest>(v, m, EgressKind::kTrackComposite);
  read_echo<TrackEgressRequest>(v, m, EgressKind::kTrack);
  read_echo<StartEgressRequest>(v, m, EgressKind::kEgress);
}

void request_echo(Shape& v, const EgressInfo& /*m*/) {
  v.message<RoomCompositeEgressRequest>(to_string(EgressKind::kRoomComposite));
  v.message<WebEgressRequest>(to_string(EgressKind::kWeb));
  v.message<ParticipantEgressRequest>(to_string(EgressKind::kParticipant));
  v.message<TrackCompositeEgressRequest>(to_string(EgressKind::kTrackComposite));
  v.message<TrackEgressRequest>(to_string(EgressKind::kTrack));
  v.message<StartEgressRequest>(to_string(EgressKind::kEgress));
}

void request_echo(Writer& v, const EgressInfo& m) {
  switch (m.kind) {
    case EgressKind::kNone:
      return;
    case EgressKind::kRoomComposite:
      return write_echo<RoomCompositeEgressRequest>(v, m);
    case EgressKind::kWeb:
      return write_echo<WebEgressRequest>(v, m);
    case EgressKind::kParticipant:
      return write_echo<ParticipantEgressRequest>(v, m);
    case EgressKind::kTrackComposite:
      return write_echo<TrackCompositeEgressRequest>(v, m);
    case EgressKind::kTrack:
      return write_echo<TrackEgressRequest>(v, m);
    case EgressKind::kEgress:
      return write_echo<StartEgressRequest>(v, m);
  }
}

template <>
struct Fields<EgressInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("egress_id", m.egress_id);
    v.field("room_id", m.room_id);
    v.field("room_name", m.room_name);
    v.field("source_type", m.source_type);
    v.field("status", m.status);
    v.field("started_at", m.started_at);
    v.field("ended_at", m.ended_at);
    v.field("updated_at", m.updated_at);
    v.field("details", m.details);
    v.field("error", m.error);
    v.field("error_code", m.error_code);
    v.scrub(m, [](auto& out) { out.error = scrub_stream_keys(out.error); });
    v.exclusive(
        {"egress", "replay", "room_composite", "web", "participant", "track_composite", "track"});
    v.exclusive({"stream", "file", "segments"});
    request_echo(v, m);
    v.field("stream_results", m.stream_results);
    v.field("file_results", m.file_results);
    v.field("segment_results", m.segment_results);
    v.field("image_results", m.image_results);
    v.field("manifest_location", m.manifest_location);
    v.field("backup_storage_used", m.backup_storage_used);
    v.field("retry_count", m.retry_count);
  }
};

template <>
struct Fields<ListEgressResponse> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("items", m.items);
    v.field("next_page_token", m.next_page_token);
  }
};

}  // namespace wire

TS_WIRE_MESSAGE(RoomCompositeEgressRequest);
TS_WIRE_MESSAGE(WebEgressRequest);
TS_WIRE_MESSAGE(ParticipantEgressRequest);
TS_WIRE_MESSAGE(TrackCompositeEgressRequest);
TS_WIRE_MESSAGE(TrackEgressRequest);
TS_WIRE_MESSAGE(StartEgressRequest);
TS_WIRE_MESSAGE(UpdateLayoutRequest);
TS_WIRE_MESSAGE(UpdateStreamRequest);
TS_WIRE_MESSAGE(ListEgressRequest);
TS_WIRE_MESSAGE(StopEgressRequest);
TS_WIRE_MESSAGE(EgressInfo);
TS_WIRE_MESSAGE(ListEgressResponse);
TS_WIRE_MESSAGE(EgressOutputs);
TS_WIRE_MESSAGE(StreamOutput);
template bool scans_as<EgressInfo>(JsonScanner&);

}  // namespace ts::livekit
