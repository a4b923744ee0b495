// SPDX-License-Identifier: Apache-2.0
#include "cloudflare/wire.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

namespace ts::cloudflare {
namespace {

/// The address of an output without what may be a passphrase or stream id in it.
std::string shown_url(const std::string& url) {
  auto parsed = net::Url::parse(url);
  if (!parsed) return "(unreadable)";
  net::Url shown = std::move(parsed).value();
  shown.userinfo.clear();
  const bool has_query = !shown.query.empty();
  shown.query.clear();
  return has_query ? shown.text() + "?..." : shown.text();
}

Result<std::optional<JsonReader>> object_of(const JsonReader& reader, std::string_view key) {
  TS_TRY(const auto member, reader.find(key));
  if (member && !member->is_object()) return member->expected("an object");
  return member;
}

Result<Endpoint> endpoint_of(const JsonReader& parent, std::string_view name,
                             std::string_view key_name) {
  Endpoint out;
  TS_TRY(const auto reader, object_of(parent, name));
  if (!reader) return out;
  TS_TRY(out.url, reader->string_or("url"));
  TS_TRY(const auto key, reader->string_or(key_name));
  out.key = Secret(key);
  TS_TRY(const auto passphrase, reader->string_or("passphrase"));
  out.passphrase = Secret(passphrase);
  return out;
}

Result<Secret> url_of(const JsonReader& parent, std::string_view name) {
  TS_TRY(const auto reader, object_of(parent, name));
  if (!reader) return Secret();
  TS_TRY(const auto url, reader->string_or("url"));
  return Secret(url);
}

/// A word, or {"current": {"state", "reason"}}: both are in the wild.
Status read_status(const JsonReader& parent, LiveInput& out) {
  TS_TRY(const auto status, parent.find("status"));
  if (!status) return ok_status();
  if (status->is_string()) {
    TS_TRY(out.status, status->as_string());
    return ok_status();
  }
  TS_TRY(const auto current, object_of(*status, "current"));
  if (!current) return ok_status();
  TS_TRY(out.status, current->string_or("state"));
  TS_TRY(out.status_reason, current->string_or("reason"));
  return ok_status();
}

Status read_recording(const JsonReader& parent, LiveInput& out) {
  TS_TRY(const auto recording, object_of(parent, "recording"));
  if (!recording) {
    // Lists leave it out: that is not "off".
    out.recording = RecordingMode::kUnknown;
    return ok_status();
  }
  TS_TRY(const auto mode, recording->string_or("mode", "off"));
  out.recording_word = mode;
  out.recording = mode == "automatic" ? RecordingMode::kAutomatic
                  : mode == "off"     ? RecordingMode::kOff
                                      : RecordingMode::kUnknown;
  TS_TRY(out.recording_timeout_s, recording->int_or("timeoutSeconds", 0));
  TS_TRY(out.require_signed_urls, recording->bool_or("requireSignedURLs", false));
  TS_TRY(const auto origins, recording->find("allowedOrigins"));
  if (!origins) return ok_status();
  TS_TRY(const auto items, origins->items());
  for (const JsonReader& item : items) {
    TS_TRY(auto origin, item.as_string());
    out.allowed_origins.push_back(std::move(origin));
  }
  return ok_status();
}

void put_text(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

}  // namespace

Result<LiveInput> read_live_input(const Json& json, std::string_view path) {
  const JsonReader reader(json, ErrorKind::kRemote, std::string(path));
  LiveInput out;
  TS_TRY(const auto uid, reader.at("uid"));
  TS_TRY(out.uid, uid.as_string());
  TS_TRY(const auto meta, object_of(reader, "meta"));
  if (meta) {
    TS_TRY(out.name, meta->string_or("name"));
    TS_TRY(out.ref, meta->string_or("ref"));
  }
  TS_CHECK(read_status(reader, out));
  TS_TRY(const auto enabled, reader.find("enabled"));
  if (enabled) {
    TS_TRY(out.enabled, enabled->as_bool());
  }
  TS_TRY(out.prefer_low_latency, reader.bool_or("preferLowLatency", false));
  TS_CHECK(read_recording(reader, out));
  TS_TRY(const auto days, reader.find("deleteRecordingAfterDays"));
  if (days) {
    TS_TRY(out.delete_recording_after_days, days->as_int());
  }
  TS_TRY(out.default_creator, reader.string_or("defaultCreator"));
  TS_TRY(out.rtmps, endpoint_of(reader, "rtmps", "streamKey"));
  TS_TRY(out.srt, endpoint_of(reader, "srt", "streamId"));
  TS_TRY(out.whip_url, url_of(reader, "webRTC"));
  TS_TRY(out.whep_url, url_of(reader, "webRTCPlayback"));
  TS_TRY(const auto playback, object_of(reader, "playback"));
  if (playback) {
    TS_TRY(out.hls_url, playback->string_or("hls"));
    TS_TRY(out.dash_url, playback->string_or("dash"));
  }
  TS_TRY(out.created, reader.string_or("created"));
  TS_TRY(out.modified, reader.string_or("modified"));
  // The documented default, in an answer that is whole.
  if (!out.enabled && out.tells_addresses()) out.enabled = true;
  return out;
}

Result<Output> read_output(const Json& json, std::string_view path) {
  const JsonReader reader(json, ErrorKind::kRemote, std::string(path));
  Output out;
  TS_TRY(const auto uid, reader.at("uid"));
  TS_TRY(out.uid, uid.as_string());
  TS_TRY(out.url, reader.string_or("url"));
  TS_TRY(const auto key, reader.string_or("streamKey"));
  out.stream_key = Secret(key);
  TS_TRY(out.enabled, reader.bool_or("enabled", true));
  TS_TRY(const auto status, reader.find("status"));
  if (status && status->is_string()) {
    TS_TRY(out.status, status->as_string());
  } else if (status) {
    TS_TRY(const auto current, object_of(*status, "current"));
    if (current) {
      TS_TRY(out.status, current->string_or("state"));
    }
  }
  return out;
}

Json to_body(const NewLiveInput& wish) {
  Json out = Json::object();
  put(out, "defaultCreator", wish.default_creator);
  put(out, "deleteRecordingAfterDays", wish.delete_recording_after_days);
  put(out, "enabled", wish.enabled);
  put(out, "preferLowLatency", wish.prefer_low_latency);
  if (wish.name) out["meta"] = Json{{"name", *wish.name}};
  if (wish.ref) out["meta"]["ref"] = *wish.ref;
  Json recording = Json::object();
  if (wish.recording) recording["mode"] = std::string(to_string(*wish.recording));
  put(recording, "timeoutSeconds", wish.recording_timeout_s);
  put(recording, "requireSignedURLs", wish.require_signed_urls);
  if (!wish.allowed_origins.empty()) recording["allowedOrigins"] = wish.allowed_origins;
  put(recording, "hideLiveViewerCount", wish.hide_live_viewer_count);
  if (!recording.empty()) out["recording"] = std::move(recording);
  return out;
}

Json to_body(const NewOutput& output) {
  // Required, also where an SRT address says it all.
  Json out{{"url", output.url}, {"streamKey", std::string(output.stream_key.reveal())}};
  put(out, "enabled", output.enabled);
  return out;
}

Json describe(const LiveInput& input) {
  Json out{{"uid", input.uid}};
  put_text(out, "name", input.name);
  put_text(out, "ref", input.ref);
  out["status"] = input.status.empty() ? Json(nullptr) : Json(input.status);
  put_text(out, "status_reason", input.status_reason);
  out["enabled"] = input.enabled ? Json(*input.enabled) : Json(nullptr);
  out["recording"] =
      Json{{"mode", input.recording_word.empty() ? Json(nullptr) : Json(input.recording_word)}};
  put(out["recording"], "timeout_s", input.recording_timeout_s);
  put(out["recording"], "require_signed_urls", input.require_signed_urls);
  if (!input.allowed_origins.empty()) out["recording"]["allowed_origins"] = input.allowed_origins;
  if (input.prefer_low_latency) out["prefer_low_latency"] = true;
  put(out, "delete_recording_after_days", input.delete_recording_after_days);
  put_text(out, "default_creator", input.default_creator);
  if (!input.rtmps.url.empty()) {
    out["rtmps"] =
        Json{{"url", input.rtmps.url}, {"stream_key", redact_identifier(input.rtmps.key.reveal())}};
  }
  if (!input.srt.url.empty()) {
    out["srt"] =
        Json{{"url", input.srt.url}, {"stream_id", redact_identifier(input.srt.key.reveal())}};
  }
  // The WHIP and WHEP addresses are credentials themselves.
  out["whip"] = input.tells_addresses() ? Json(!input.whip_url.empty()) : Json(nullptr);
  put_text(out, "hls_url", input.hls_url);
  put_text(out, "dash_url", input.dash_url);
  put_text(out, "created_at", input.created);
  put_text(out, "modified_at", input.modified);
  return out;
}

Json describe(const Output& output) {
  Json out{{"uid", output.uid}, {"url", shown_url(output.url)}, {"enabled", output.enabled}};
  out["stream_key"] = redact_identifier(output.stream_key.reveal());
  put_text(out, "status", output.status);
  return out;
}

}  // namespace ts::cloudflare
