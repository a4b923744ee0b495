// SPDX-License-Identifier: Apache-2.0
// What Mux answers.
#include "core/json.hpp"
#include "mux/wire.hpp"

#include <cmath>

namespace ts::mux {
namespace {

/// Seconds as a decimal string or a number, or ISO 8601 text (webhooks); nullopt when absent.
Result<std::optional<WallTime>> read_time(const JsonReader& reader, std::string_view key) {
  TS_TRY(const auto member, reader.find(key));
  if (!member) return std::optional<WallTime>{};
  if (member->is_string() &&
      member->json().get_ref<const std::string&>().find('T') != std::string::npos) {
    auto time = parse_rfc3339(member->json().get_ref<const std::string&>());
    if (!time) return member->error("expected a time");
    return std::optional(time.value());
  }
  double seconds = 0;
  if (member->is_string()) {
    // The API sends Unix seconds as decimal strings.
    TS_TRY(const auto whole, member->as_int());
    seconds = static_cast<double>(whole);
  } else {
    TS_TRY(seconds, member->as_number());
  }
  if (!std::isfinite(seconds) || std::abs(seconds) > 1e11) return member->error("expected a time");
  return std::optional(WallTime{milliseconds(std::llround(seconds * 1000))});
}

/// A member that is an object, or nullopt.
Result<std::optional<JsonReader>> object_of(const JsonReader& reader, std::string_view key) {
  TS_TRY(const auto member, reader.find(key));
  if (member && !member->is_object()) return member->expected("an object");
  return member;
}

Result<PlaybackId> playback_id_from(const JsonReader& reader) {
  PlaybackId out;
  TS_TRY(const auto id, reader.at("id"));
  TS_TRY(out.id, id.as_string());
  TS_TRY(out.policy_text, reader.string_or("policy"));
  out.policy = playback_policy(out.policy_text);
  return out;
}

Result<std::vector<PlaybackId>> playback_ids_from(const JsonReader& reader) {
  std::vector<PlaybackId> out;
  TS_TRY(const auto items, reader.items_of("playback_ids"));
  for (const JsonReader& item : items) {
    TS_TRY(auto id, playback_id_from(item));
    out.push_back(std::move(id));
  }
  return out;
}

Result<SimulcastTarget> simulcast_target_from(const JsonReader& reader) {
  SimulcastTarget out;
  TS_TRY(const auto id, reader.at("id"));
  TS_TRY(out.id, id.as_string());
  TS_TRY(out.url, reader.string_or("url"));
  TS_TRY(const auto key, reader.string_or("stream_key"));
  out.stream_key = StreamKey(key);
  TS_TRY(out.passthrough, reader.string_or("passthrough"));
  TS_TRY(out.status_text, reader.string_or("status"));
  out.status = simulcast_status(out.status_text);
  TS_TRY(out.error_severity, reader.string_or("error_severity"));
  return out;
}

Result<StaticRendition> static_rendition_from(const JsonReader& reader) {
  StaticRendition out;
  TS_TRY(out.id, reader.string_or("id"));
  TS_TRY(out.resolution, reader.string_or("resolution"));
  TS_TRY(out.name, reader.string_or("name"));
  TS_TRY(out.status, reader.string_or("status"));
  TS_TRY(out.passthrough, reader.string_or("passthrough"));
  return out;
}

Status read_latency(const JsonReader& reader, LiveStream& out) {
  TS_TRY(const auto mode, reader.string_or("latency_mode"));
  if (!mode.empty()) {
    out.latency = latency_mode(mode);
    return ok_status();
  }
  // Streams made before latency_mode existed.
  TS_TRY(const bool low, reader.bool_or("low_latency", false));
  TS_TRY(const bool reduced, reader.bool_or("reduced_latency", false));
  out.latency = low ? LatencyMode::kLow : reduced ? LatencyMode::kReduced : LatencyMode::kStandard;
  return ok_status();
}

Result<std::string> title_of(const JsonReader& reader) {
  TS_TRY(const auto meta, object_of(reader, "meta"));
  if (!meta) return std::string();
  return meta->string_or("title");
}

Status read_captions(const JsonReader& reader, LiveStream& out) {
  TS_TRY(const auto embedded, reader.items_of("embedded_subtitles"));
  for (const JsonReader& item : embedded) {
    EmbeddedSubtitle entry;
    TS_TRY(entry.language_code, item.string_or("language_code"));
    TS_TRY(entry.language_channel, item.string_or("language_channel"));
    out.embedded_subtitles.push_back(std::move(entry));
  }
  TS_TRY(const auto generated, reader.items_of("generated_subtitles"));
  for (const JsonReader& item : generated) {
    GeneratedSubtitle entry;
    TS_TRY(entry.language_code, item.string_or("language_code"));
    out.generated_subtitles.push_back(std::move(entry));
  }
  return ok_status();
}

Result<std::optional<AssetSettings>> asset_settings_of(const JsonReader& reader) {
  TS_TRY(const auto settings, object_of(reader, "new_asset_settings"));
  if (!settings) return std::optional<AssetSettings>{};
  AssetSettings out;
  TS_TRY(const auto renditions, settings->find("static_renditions"));
  if (renditions && renditions->is_array()) {
    TS_TRY(const auto items, renditions->items());
    for (const JsonReader& item : items) {
      TS_TRY(auto resolution, item.string_or("resolution"));
      out.static_renditions.push_back(std::move(resolution));
    }
  }
  TS_TRY(out.video_quality, settings->string_or("video_quality"));
  return std::optional(std::move(out));
}

Result<LiveStream> live_stream_from(const JsonReader& reader) {
  LiveStream out;
  TS_TRY(const auto id, reader.at("id"));
  TS_TRY(out.id, id.as_string());
  TS_TRY(out.status_text, reader.string_or("status"));
  out.status = live_stream_status(out.status_text);
  TS_TRY(const auto key, reader.string_or("stream_key"));
  out.stream_key = StreamKey(key);
  TS_TRY(const auto passphrase, reader.string_or("srt_passphrase"));
  out.srt_passphrase = Secret(passphrase);
  TS_TRY(out.playback_ids, playback_ids_from(reader));
  TS_TRY(out.active_asset_id, reader.string_or("active_asset_id"));
  TS_TRY(const auto recent, reader.items_of("recent_asset_ids"));
  for (const JsonReader& item : recent) {
    TS_TRY(auto asset, item.as_string());
    out.recent_asset_ids.push_back(std::move(asset));
  }
  TS_TRY(out.active_ingest_protocol, reader.string_or("active_ingest_protocol"));
  TS_CHECK(read_latency(reader, out));
  TS_TRY(const auto window, reader.find("reconnect_window"));
  if (window) {
    TS_TRY(out.reconnect_window_s, window->as_number());
  }
  TS_TRY(out.max_continuous_duration_s, reader.int_or("max_continuous_duration", 43'200));
  TS_TRY(out.reconnect_slate_url, reader.string_or("reconnect_slate_url"));
  TS_TRY(const auto slate, reader.find("use_slate_for_standard_latency"));
  if (slate) {
    TS_TRY(out.use_slate_for_standard_latency, slate->as_bool());
  }
  TS_TRY(out.test, reader.bool_or("test", false));
  TS_TRY(out.audio_only, reader.bool_or("audio_only", false));
  TS_TRY(out.title, title_of(reader));
  TS_TRY(out.passthrough, reader.string_or("passthrough"));
  TS_TRY(const auto targets, reader.items_of("simulcast_targets"));
  for (const JsonReader& item : targets) {
    TS_TRY(auto target, simulcast_target_from(item));
    out.simulcast_targets.push_back(std::move(target));
  }
  TS_CHECK(read_captions(reader, out));
  TS_TRY(out.new_asset_settings, asset_settings_of(reader));
  TS_TRY(out.created_at, read_time(reader, "created_at"));
  return out;
}

Status read_asset_parts(const JsonReader& reader, Asset& out) {
  // {"status", "files": […]} is the present form, a plain list an older one.
  TS_TRY(const auto renditions, reader.find("static_renditions"));
  if (renditions) {
    std::vector<JsonReader> files;
    if (renditions->is_array()) {
      TS_TRY(files, renditions->items());
    } else {
      TS_TRY(files, renditions->items_of("files"));
    }
    for (const JsonReader& file : files) {
      TS_TRY(auto rendition, static_rendition_from(file));
      out.static_renditions.push_back(std::move(rendition));
    }
  }
  TS_TRY(const auto master, object_of(reader, "master"));
  if (master) {
    TS_TRY(out.master_status, master->string_or("status"));
    TS_TRY(const auto url, master->string_or("url"));
    out.master_url = Secret(url);
  }
  TS_TRY(out.master_access, reader.string_or("master_access"));
  TS_TRY(const auto progress, object_of(reader, "progress"));
  if (progress) {
    TS_TRY(out.progress_state, progress->string_or("state"));
    TS_TRY(out.progress, progress->number_or("progress", -1));
  }
  TS_TRY(const auto times, reader.items_of("recording_times"));
  for (const JsonReader& item : times) {
    RecordingTime time;
    // The start is {"seconds", "nanos"} in some answers and ISO 8601 in others.
    TS_TRY(const auto start, item.find("started_at"));
    if (start && start->is_object()) {
      TS_TRY(time.started_at, read_time(*start, "seconds"));
    } else {
      TS_TRY(time.started_at, read_time(item, "started_at"));
    }
    TS_TRY(time.duration_s, item.number_or("duration", 0));
    TS_TRY(time.type, item.string_or("type"));
    out.recording_times.push_back(std::move(time));
  }
  TS_TRY(const auto errors, object_of(reader, "errors"));
  if (errors) {
    TS_TRY(out.error_type, errors->string_or("type"));
    TS_TRY(const auto messages, errors->items_of("messages"));
    for (const JsonReader& item : messages) {
      TS_TRY(auto message, item.as_string());
      out.error_messages.push_back(std::move(message));
    }
  }
  return ok_status();
}

Result<Asset> asset_from(const JsonReader& reader) {
  Asset out;
  TS_TRY(const auto id, reader.at("id"));
  TS_TRY(out.id, id.as_string());
  TS_TRY(out.status_text, reader.string_or("status"));
  out.status = asset_status(out.status_text);
  TS_TRY(out.is_live, reader.bool_or("is_live", false));
  TS_TRY(out.live_stream_id, reader.string_or("live_stream_id"));
  TS_TRY(out.ingest_type, reader.string_or("ingest_type"));
  TS_TRY(out.duration_s, reader.number_or("duration", 0));
  TS_TRY(out.resolution_tier, reader.string_or("resolution_tier"));
  TS_TRY(out.aspect_ratio, reader.string_or("aspect_ratio"));
  TS_TRY(out.playback_ids, playback_ids_from(reader));
  TS_TRY(out.title, title_of(reader));
  TS_TRY(out.passthrough, reader.string_or("passthrough"));
  TS_TRY(out.test, reader.bool_or("test", false));
  TS_TRY(out.created_at, read_time(reader, "created_at"));
  TS_CHECK(read_asset_parts(reader, out));
  return out;
}

JsonReader answer(const Json& json, std::string_view path) {
  return JsonReader(json, ErrorKind::kRemote, std::string(path));
}

}  // namespace

Result<LiveStream> read_live_stream(const Json& json, std::string_view path) {
  return live_stream_from(answer(json, path));
}
Result<Asset> read_asset(const Json& json, std::string_view path) {
  return asset_from(answer(json, path));
}
Result<PlaybackId> read_playback_id(const Json& json, std::string_view path) {
  return playback_id_from(answer(json, path));
}
Result<SimulcastTarget> read_simulcast_target(const Json& json, std::string_view path) {
  return simulcast_target_from(answer(json, path));
}
Result<StaticRendition> read_static_rendition(const Json& json, std::string_view path) {
  return static_rendition_from(answer(json, path));
}

Result<WebhookEndpoint> read_webhook_endpoint(const Json& json, std::string_view path) {
  const JsonReader reader = answer(json, path);
  WebhookEndpoint out;
  TS_TRY(const auto id, reader.at("id"));
  TS_TRY(out.id, id.as_string());
  TS_TRY(out.address, reader.string_or("address"));
  TS_TRY(out.enabled, reader.bool_or("enabled", true));
  TS_TRY(out.created_at, read_time(reader, "created_at"));
  TS_TRY(const auto secret, reader.string_or("signing_secret"));
  out.signing_secret = Secret(secret);
  return out;
}

}  // namespace ts::mux
