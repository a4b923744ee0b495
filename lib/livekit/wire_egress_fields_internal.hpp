// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/wire_internal.hpp"

namespace ts::livekit::wire {

template <>
struct Fields<ProxyConfig> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("url", m.url);
    v.field("username", m.username);
    v.field("password", m.password);
  }
};

template <>
struct Fields<S3Upload> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("access_key", m.access_key);
    v.field("secret", m.secret);
    v.field("session_token", m.session_token);
    v.field("region", m.region);
    v.field("endpoint", m.endpoint);
    v.field("bucket", m.bucket);
    v.field("force_path_style", m.force_path_style);
    v.field("metadata", m.metadata);
    v.field("tagging", m.tagging);
    v.field("content_disposition", m.content_disposition);
    v.field("assume_role_arn", m.assume_role_arn);
    v.field("assume_role_external_id", m.assume_role_external_id);
    v.field("proxy", m.proxy);
  }
};

template <>
struct Fields<GcpUpload> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("credentials", m.credentials);
    v.field("bucket", m.bucket);
    v.field("proxy", m.proxy);
  }
};

template <>
struct Fields<AzureBlobUpload> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("account_name", m.account_name);
    v.field("account_key", m.account_key);
    v.field("container_name", m.container_name);
  }
};

template <>
struct Fields<AliOssUpload> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("access_key", m.access_key);
    v.field("secret", m.secret);
    v.field("region", m.region);
    v.field("endpoint", m.endpoint);
    v.field("bucket", m.bucket);
  }
};

template <>
struct Fields<Storage> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.exclusive({"s3", "gcp", "azure", "aliOSS"});
    v.oneof("s3", m.s3);
    v.oneof("gcp", m.gcp);
    v.oneof("azure", m.azure);
    v.oneof("aliOSS", m.ali_oss);
  }
};

template <>
struct Fields<StreamOutput> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("protocol", m.protocol);
    v.field("urls", m.urls);
  }
};

template <>
struct Fields<EncodedFileOutput> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("file_type", m.file_type);
    v.field("filepath", m.filepath);
    v.field("disable_manifest", m.disable_manifest);
    v.flat(m.storage);
  }
};

template <>
struct Fields<SegmentedFileOutput> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("protocol", m.protocol);
    v.field("filename_prefix", m.filename_prefix);
    v.field("playlist_name", m.playlist_name);
    v.field("live_playlist_name", m.live_playlist_name);
    v.field("segment_duration", m.segment_duration);
    v.field("filename_suffix", m.filename_suffix);
    v.field("disable_manifest", m.disable_manifest);
    v.flat(m.storage);
  }
};

template <>
struct Fields<ImageOutput> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("capture_interval", m.capture_interval);
    v.field("width", m.width);
    v.field("height", m.height);
    v.field("filename_prefix", m.filename_prefix);
    v.field("filename_suffix", m.filename_suffix);
    v.field("image_codec", m.image_codec);
    v.field("disable_manifest", m.disable_manifest);
    v.flat(m.storage);
  }
};

template <>
struct Fields<DirectFileOutput> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("filepath", m.filepath);
    v.field("disable_manifest", m.disable_manifest);
    v.flat(m.storage);
  }
};

template <>
struct Fields<EncodingOptions> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("width", m.width);
    v.field("height", m.height);
    v.field("depth", m.depth);
    v.field("framerate", m.framerate);
    v.field("audio_codec", m.audio_codec);
    v.field("audio_bitrate", m.audio_bitrate);
    v.field("audio_quality", m.audio_quality);
    v.field("audio_frequency", m.audio_frequency);
    v.field("video_codec", m.video_codec);
    v.field("video_bitrate", m.video_bitrate);
    v.field("video_quality", m.video_quality);
    v.field("key_frame_interval", m.key_frame_interval);
  }
};

template <>
struct Fields<WebhookConfigFilter> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("include_events", m.include_events);
    v.field("exclude_events", m.exclude_events);
  }
};

template <>
struct Fields<WebhookConfig> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("url", m.url);
    v.field("signing_key", m.signing_key);
    v.field("filter_params", m.filter_params);
  }
};

template <>
struct Fields<EgressOutputs> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.exclusive({"preset", "advanced"});
    v.exclusive({"file", "stream", "segments"});
    v.oneof_nonzero("preset", m.preset);
    v.oneof("advanced", m.advanced);
    v.field("file_outputs", m.file_outputs);
    v.field("stream_outputs", m.stream_outputs);
    v.field("segment_outputs", m.segment_outputs);
    v.field("image_outputs", m.image_outputs);
    v.field("webhooks", m.webhooks);
    v.folded("file", m.file_outputs);
    v.folded("stream", m.stream_outputs);
    v.folded("segments", m.segment_outputs);
  }
};

template <>
struct Fields<RoomCompositeEgressRequest> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("room_name", m.room_name);
    v.field("layout", m.layout);
    v.field("audio_only", m.audio_only);
    v.field("audio_mixing", m.audio_mixing);
    v.field("video_only", m.video_only);
    v.field("custom_base_url", m.custom_base_url);
    v.flat(m.outputs);
  }
};

}  // namespace ts::livekit::wire
