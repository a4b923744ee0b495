// SPDX-License-Identifier: Apache-2.0
// What is sent to Mux, and what is shown of its answers.
#include "core/json.hpp"
#include "mux/wire.hpp"
#include "net/url.hpp"

namespace ts::mux {
namespace {

template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

void put_text(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

void put_time(Json& json, const char* key, const std::optional<WallTime>& time) {
  if (time) json[key] = format_rfc3339(*time);
}

Json policies(const std::vector<PlaybackPolicy>& list) {
  Json out = Json::array();
  for (const PlaybackPolicy policy : list) out.push_back(std::string(to_string(policy)));
  return out;
}

Json advanced(const std::vector<AdvancedPolicy>& list) {
  Json out = Json::array();
  for (const AdvancedPolicy& item : list) {
    Json entry{{"policy", std::string(to_string(item.policy))}};
    put_text(entry, "drm_configuration_id", item.drm_configuration_id);
    out.push_back(std::move(entry));
  }
  return out;
}

Json meta(const AssetMeta& wish) {
  Json out = Json::object();
  put(out, "title", wish.title);
  put(out, "creator_id", wish.creator_id);
  put(out, "external_id", wish.external_id);
  return out;
}

Json settings(const NewAssetSettings& wish) {
  Json out = Json::object();
  if (!wish.playback_policies.empty()) {
    out["playback_policies"] = policies(wish.playback_policies);
  }
  if (!wish.advanced_playback_policies.empty()) {
    out["advanced_playback_policies"] = advanced(wish.advanced_playback_policies);
  }
  put(out, "passthrough", wish.passthrough);
  if (auto about = meta(wish.meta); !about.empty()) out["meta"] = std::move(about);
  put(out, "master_access", wish.master_access);
  put(out, "max_resolution_tier", wish.max_resolution_tier);
  put(out, "video_quality", wish.video_quality);
  if (!wish.static_renditions.empty()) out["static_renditions"] = to_body(wish.static_renditions);
  put(out, "normalize_audio", wish.normalize_audio);
  put(out, "mp4_support", wish.mp4_support);
  return out;
}

void put_latency(Json& json, const std::optional<LatencyMode>& latency) {
  if (latency) json["latency_mode"] = std::string(to_string(*latency));
}

/// The address of a simulcast target without what may be a key in it.
std::string shown_url(const std::string& url) {
  auto parsed = net::Url::parse(url);
  if (!parsed) return "(unreadable)";
  net::Url shown = std::move(parsed).value();
  // The key is a field of its own, so that the last path segment is the application's name.
  shown.userinfo.clear();
  const std::string query = shown.query;
  shown.query.clear();
  const std::string base = shown.text();
  return query.empty() ? base : base + "?...";
}

}  // namespace

Json to_body(const std::vector<EmbeddedSubtitle>& subtitles) {
  Json out = Json::array();
  for (const EmbeddedSubtitle& item : subtitles) {
    Json entry = Json::object();
    put_text(entry, "name", item.name);
    put_text(entry, "language_code", item.language_code);
    put_text(entry, "language_channel", item.language_channel);
    put(entry, "passthrough", item.passthrough);
    out.push_back(std::move(entry));
  }
  return out;
}

Json to_body(const std::vector<GeneratedSubtitle>& subtitles) {
  Json out = Json::array();
  for (const GeneratedSubtitle& item : subtitles) {
    Json entry = Json::object();
    put_text(entry, "name", item.name);
    put_text(entry, "language_code", item.language_code);
    put(entry, "passthrough", item.passthrough);
    if (!item.transcription_vocabulary_ids.empty()) {
      entry["transcription_vocabulary_ids"] = item.transcription_vocabulary_ids;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Json to_body(const std::vector<NewStaticRendition>& renditions) {
  Json out = Json::array();
  for (const NewStaticRendition& item : renditions) {
    Json entry{{"resolution", item.resolution}};
    put(entry, "passthrough", item.passthrough);
    out.push_back(std::move(entry));
  }
  return out;
}

Json to_body(const NewSimulcastTarget& target) {
  Json out{{"url", target.url}};
  if (!target.stream_key.empty()) out["stream_key"] = std::string(target.stream_key.reveal());
  put(out, "passthrough", target.passthrough);
  return out;
}

Json to_body(const NewLiveStream& wish) {
  Json out = Json::object();
  if (!wish.playback_policies.empty()) {
    out["playback_policies"] = policies(wish.playback_policies);
  }
  if (!wish.advanced_playback_policies.empty()) {
    out["advanced_playback_policies"] = advanced(wish.advanced_playback_policies);
  }
  if (wish.new_asset_settings) out["new_asset_settings"] = settings(*wish.new_asset_settings);
  put_latency(out, wish.latency);
  out["reconnect_window"] = wish.reconnect_window.count();
  put(out, "use_slate_for_standard_latency", wish.use_slate_for_standard_latency);
  put(out, "reconnect_slate_url", wish.reconnect_slate_url);
  if (wish.max_continuous_duration) {
    out["max_continuous_duration"] = wish.max_continuous_duration->count();
  }
  put(out, "test", wish.test);
  put(out, "audio_only", wish.audio_only);
  put(out, "passthrough", wish.passthrough);
  if (wish.title) out["meta"] = Json{{"title", *wish.title}};
  if (!wish.embedded_subtitles.empty()) {
    out["embedded_subtitles"] = to_body(wish.embedded_subtitles);
  }
  if (!wish.generated_subtitles.empty()) {
    out["generated_subtitles"] = to_body(wish.generated_subtitles);
  }
  if (!wish.simulcast_targets.empty()) {
    Json targets = Json::array();
    for (const NewSimulcastTarget& target : wish.simulcast_targets) {
      targets.push_back(to_body(target));
    }
    out["simulcast_targets"] = std::move(targets);
  }
  return out;
}

Json to_body(const LiveStreamUpdate& update) {
  Json out = Json::object();
  put_latency(out, update.latency);
  if (update.max_continuous_duration) {
    out["max_continuous_duration"] = update.max_continuous_duration->count();
  }
  if (update.title) out["meta"] = Json{{"title", *update.title}};
  put(out, "passthrough", update.passthrough);
  put(out, "reconnect_slate_url", update.reconnect_slate_url);
  if (update.reconnect_window) out["reconnect_window"] = update.reconnect_window->count();
  put(out, "use_slate_for_standard_latency", update.use_slate_for_standard_latency);
  if (update.new_asset_settings) out["new_asset_settings"] = settings(*update.new_asset_settings);
  return out;
}

Json describe(const PlaybackId& playback_id) {
  return Json{{"id", playback_id.id}, {"policy", playback_id.policy_text}};
}

Json describe(const SimulcastTarget& target) {
  Json out{{"id", target.id},
           {"status", target.status_text},
           {"url", shown_url(target.url)},
           {"stream_key", redact_identifier(target.stream_key.reveal())}};
  put_text(out, "passthrough", target.passthrough);
  put_text(out, "error_severity", target.error_severity);
  return out;
}

Json describe(const StaticRendition& rendition) {
  Json out = Json::object();
  put_text(out, "id", rendition.id);
  put_text(out, "name", rendition.name);
  put_text(out, "resolution", rendition.resolution);
  put_text(out, "status", rendition.status);
  put_text(out, "passthrough", rendition.passthrough);
  return out;
}

Json describe(const LiveStream& live_stream) {
  Json out{{"id", live_stream.id},
           {"status", live_stream.status_text},
           {"state", std::string(live_stream.state())}};
  put_text(out, "title", live_stream.title);
  out["playback_ids"] = Json::array();
  for (const PlaybackId& id : live_stream.playback_ids) out["playback_ids"].push_back(describe(id));
  out["stream_key"] = redact_identifier(live_stream.stream_key.reveal());
  out["latency_mode"] = std::string(to_string(live_stream.latency));
  // Untold is not 0, which would say that every drop ends the recording.
  out["reconnect_window_s"] =
      live_stream.reconnect_window_s ? Json(*live_stream.reconnect_window_s) : Json(nullptr);
  out["max_continuous_duration_s"] = live_stream.max_continuous_duration_s;
  put_text(out, "reconnect_slate_url", live_stream.reconnect_slate_url);
  put(out, "use_slate_for_standard_latency", live_stream.use_slate_for_standard_latency);
  out["test"] = live_stream.test;
  if (live_stream.audio_only) out["audio_only"] = true;
  put_text(out, "active_asset_id", live_stream.active_asset_id);
  put_text(out, "active_ingest_protocol", live_stream.active_ingest_protocol);
  out["recent_asset_ids"] = live_stream.recent_asset_ids;
  put_text(out, "passthrough", live_stream.passthrough);
  if (!live_stream.simulcast_targets.empty()) {
    out["simulcast_targets"] = Json::array();
    for (const SimulcastTarget& target : live_stream.simulcast_targets) {
      out["simulcast_targets"].push_back(describe(target));
    }
  }
  put_time(out, "created_at", live_stream.created_at);
  return out;
}

Json describe(const Asset& asset) {
  Json out{{"id", asset.id}, {"status", asset.status_text}, {"is_live", asset.is_live}};
  put_text(out, "title", asset.title);
  put_text(out, "live_stream_id", asset.live_stream_id);
  put_text(out, "ingest_type", asset.ingest_type);
  out["duration_s"] = asset.duration_s;
  put_text(out, "resolution_tier", asset.resolution_tier);
  put_text(out, "aspect_ratio", asset.aspect_ratio);
  out["playback_ids"] = Json::array();
  for (const PlaybackId& id : asset.playback_ids) out["playback_ids"].push_back(describe(id));
  if (!asset.static_renditions.empty()) {
    out["static_renditions"] = Json::array();
    for (const StaticRendition& rendition : asset.static_renditions) {
      out["static_renditions"].push_back(describe(rendition));
    }
  }
  put_text(out, "master_access", asset.master_access);
  put_text(out, "master_status", asset.master_status);
  if (!asset.progress_state.empty()) {
    out["progress"] = Json{{"state", asset.progress_state}, {"progress", asset.progress}};
  }
  if (!asset.recording_times.empty()) {
    out["recording_times"] = Json::array();
    for (const RecordingTime& time : asset.recording_times) {
      Json entry = Json::object();
      put_time(entry, "started_at", time.started_at);
      entry["duration_s"] = time.duration_s;
      put_text(entry, "type", time.type);
      out["recording_times"].push_back(std::move(entry));
    }
  }
  if (!asset.error_type.empty() || !asset.error_messages.empty()) {
    out["errors"] = Json{{"type", asset.error_type}, {"messages", asset.error_messages}};
  }
  put_text(out, "passthrough", asset.passthrough);
  out["test"] = asset.test;
  put_time(out, "created_at", asset.created_at);
  return out;
}

}  // namespace ts::mux
