// SPDX-License-Identifier: Apache-2.0
#include "livekit_view.hpp"

#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/secret.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {
namespace {

using livekit::EgressInfo;
using livekit::IngressInfo;
using livekit::ParticipantInfo;
using livekit::Room;

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr std::int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z

/// RFC 3339 of nanoseconds since 1970, null for 0.
Json time_ns(std::int64_t nanoseconds) {
  if (nanoseconds <= 0) return nullptr;
  return format_rfc3339(WallTime{milliseconds{nanoseconds / kNanosecondsPerMillisecond}});
}

Json time_s(std::int64_t seconds_since_1970, std::int64_t milliseconds_since_1970 = 0) {
  if (milliseconds_since_1970 > 0 && milliseconds_since_1970 / 1000 <= kLastSecond) {
    return format_rfc3339(WallTime{milliseconds{milliseconds_since_1970}});
  }
  if (seconds_since_1970 <= 0 || seconds_since_1970 > kLastSecond) return nullptr;
  return format_rfc3339(WallTime{seconds{seconds_since_1970}});
}

std::string time_text(const Json& time) { return time.is_string() ? time.get<std::string>() : "-"; }

template <typename E>
std::string lower(const livekit::OpenEnum<E>& value) {
  return value.is_known() ? to_lower(value.text()) : value.text();
}

Json track_json(const livekit::TrackInfo& track) {
  Json out;
  out["sid"] = track.sid;
  out["type"] = lower(track.type);
  out["source"] = lower(track.source);
  out["name"] = track.name;
  out["muted"] = track.muted;
  out["mime_type"] = track.mime_type;
  out["width"] = track.width;
  out["height"] = track.height;
  out["simulcast"] = track.simulcast;
  return out;
}

/// "camera 1280x720", "microphone muted".
std::string track_text(const livekit::TrackInfo& track) {
  std::string out = track.source.is_default() ? lower(track.type) : lower(track.source);
  if (track.width != 0) out += fmt::format(" {}x{}", track.width, track.height);
  if (track.muted) out += " muted";
  return fmt::format("{} ({})", out, track.sid);
}

std::string stream_state(const livekit::StreamInfo& stream) {
  if (stream.status == livekit::StreamStatus::kActive && stream.started_at == 0)
    return "connecting";
  return lower(stream.status);
}

std::string state_styled(const EgressInfo& egress, const Output& out) {
  const std::string word = livekit::egress_state_word(egress.status);
  using livekit::EgressStatus;
  if (egress.status == EgressStatus::kActive) return out.styled(Output::Style::kGreen, word);
  if (egress.status == EgressStatus::kFailed || egress.status == EgressStatus::kAborted ||
      egress.status == EgressStatus::kLimitReached) {
    return out.styled(Output::Style::kRed, word);
  }
  return word;
}

/// A pull URL may carry credentials.
std::string shown_url(const IngressInfo& ingress) {
  if (!(ingress.input_type == livekit::IngressInput::kUrl)) return ingress.url;
  const auto url = net::Url::parse(ingress.url);
  return url.ok() ? url.value().redacted() : std::string("{...}");
}

std::string ingress_state(const IngressInfo& ingress) {
  return ingress.state ? livekit::ingress_state_word(ingress.state->status) : "inactive";
}

}  // namespace

Json document_of(std::string_view noun, const Json& body) {
  Json document;
  document["schema"] = fmt::format("ts.{}/1", noun);
  for (const auto& [key, value] : body.items()) document[key] = value;
  return document;
}

std::string kind_words(livekit::EgressKind kind) {
  std::string out(livekit::to_string(kind));
  std::replace(out.begin(), out.end(), '_', ' ');
  return out.empty() ? "egress" : out;
}

Json room_json(const Room& room) {
  Json out;
  out["sid"] = room.sid;
  out["name"] = room.name;
  out["created_at"] = time_s(room.creation_time, room.creation_time_ms);
  out["empty_timeout_s"] = room.empty_timeout;
  out["departure_timeout_s"] = room.departure_timeout;
  out["max_participants"] = room.max_participants;
  out["num_participants"] = room.num_participants;
  out["num_publishers"] = room.num_publishers;
  out["active_recording"] = room.active_recording;
  out["metadata"] = room.metadata;
  return out;
}

Json participant_json(const ParticipantInfo& participant) {
  Json out;
  out["sid"] = participant.sid;
  out["identity"] = participant.identity;
  out["name"] = participant.name;
  out["state"] = lower(participant.state);
  out["kind"] = lower(participant.kind);
  out["joined_at"] = time_s(participant.joined_at, participant.joined_at_ms);
  out["is_publisher"] = participant.is_publisher;
  out["region"] = participant.region;
  out["metadata"] = participant.metadata;
  out["attributes"] = Json::object();
  for (const auto& [key, value] : participant.attributes) out["attributes"][key] = value;
  out["permission"] = nullptr;
  if (participant.permission) {
    const auto& permission = *participant.permission;
    Json& shown = out["permission"];
    shown["can_publish"] = permission.can_publish;
    shown["can_subscribe"] = permission.can_subscribe;
    shown["can_publish_data"] = permission.can_publish_data;
    shown["can_publish_sources"] = Json::array();
    for (const auto& source : permission.can_publish_sources) {
      shown["can_publish_sources"].push_back(lower(source));
    }
    shown["can_update_metadata"] = permission.can_update_metadata;
    shown["hidden"] = permission.hidden;
    shown["recorder"] = permission.recorder;
  }
  out["tracks"] = Json::array();
  for (const auto& track : participant.tracks) out["tracks"].push_back(track_json(track));
  return out;
}

Json egress_json(const EgressInfo& egress) {
  Json out;
  out["egress_id"] = egress.egress_id;
  out["kind"] = std::string(livekit::to_string(egress.kind));
  out["room"] = egress.room_name;
  out["room_sid"] = egress.room_id;
  out["status"] = livekit::egress_state_word(egress.status);
  out["started_at"] = time_ns(egress.started_at);
  out["updated_at"] = time_ns(egress.updated_at);
  out["ended_at"] = time_ns(egress.ended_at);
  out["error"] = egress.error;
  out["error_code"] = egress.error_code;
  out["details"] = egress.details;
  out["streams"] = Json::array();
  for (const auto& stream : egress.stream_results) {
    Json entry;
    entry["url"] = stream.url;
    entry["status"] = stream_state(stream);
    entry["started_at"] = time_ns(stream.started_at);
    entry["ended_at"] = time_ns(stream.ended_at);
    entry["duration_ms"] = stream.duration / kNanosecondsPerMillisecond;
    entry["retries"] = stream.retries;
    entry["last_retry_at"] = time_ns(stream.last_retry_at);
    entry["error"] = stream.error;
    out["streams"].push_back(std::move(entry));
  }
  out["files"] = Json::array();
  for (const auto& file : egress.file_results) {
    Json entry;
    entry["filename"] = file.filename;
    entry["location"] = file.location;
    entry["size"] = file.size;
    entry["duration_ms"] = file.duration / kNanosecondsPerMillisecond;
    out["files"].push_back(std::move(entry));
  }
  out["segments"] = Json::array();
  for (const auto& segments : egress.segment_results) {
    Json entry;
    entry["playlist"] = segments.playlist_name;
    entry["live_playlist"] = segments.live_playlist_name;
    entry["location"] = segments.playlist_location;
    entry["segment_count"] = segments.segment_count;
    entry["size"] = segments.size;
    entry["duration_ms"] = segments.duration / kNanosecondsPerMillisecond;
    out["segments"].push_back(std::move(entry));
  }
  out["images"] = Json::array();
  for (const auto& images : egress.image_results) {
    Json entry;
    entry["prefix"] = images.filename_prefix;
    entry["image_count"] = images.image_count;
    out["images"].push_back(std::move(entry));
  }
  const auto request = parse_json(egress.request_json, "the request", ErrorKind::kRemote);
  out["request"] = request.ok() ? request.value() : Json(nullptr);
  return out;
}

Json ingress_json(const IngressInfo& ingress, bool reveal) {
  Json out;
  out["ingress_id"] = ingress.ingress_id;
  out["name"] = ingress.name;
  out["input"] = ingress.input_type == livekit::IngressInput::kRtmp   ? "rtmp"
                 : ingress.input_type == livekit::IngressInput::kWhip ? "whip"
                 : ingress.input_type == livekit::IngressInput::kUrl  ? "url"
                                                                      : ingress.input_type.text();
  out["url"] = shown_url(ingress);
  out["stream_key"] = reveal ? std::string(ingress.stream_key.reveal())
                             : redact_identifier(ingress.stream_key.reveal());
  out["room"] = ingress.room_name;
  out["identity"] = ingress.participant_identity;
  out["participant_name"] = ingress.participant_name;
  out["participant_metadata"] = ingress.participant_metadata;
  out["reusable"] = ingress.reusable;
  out["enabled"] = ingress.enabled.value_or(true);
  out["transcoding"] = ingress.enable_transcoding.value_or(
      !(ingress.input_type == livekit::IngressInput::kWhip) && !ingress.bypass_transcoding);
  out["state"] = ingress_state(ingress);
  out["error"] = "";
  out["started_at"] = nullptr;
  out["ended_at"] = nullptr;
  out["video"] = nullptr;
  out["audio"] = nullptr;
  out["tracks"] = Json::array();
  if (!ingress.state) return out;
  const auto& state = *ingress.state;
  out["error"] = livekit::scrub_stream_keys(state.error);
  out["started_at"] = time_ns(state.started_at);
  out["ended_at"] = time_ns(state.ended_at);
  if (state.video) {
    out["video"] = {{"mime_type", state.video->mime_type},
                    {"width", state.video->width},
                    {"height", state.video->height},
                    {"fps", state.video->framerate},
                    {"bitrate", state.video->average_bitrate}};
  }
  if (state.audio) {
    out["audio"] = {{"mime_type", state.audio->mime_type},
                    {"channels", state.audio->channels},
                    {"sample_rate", state.audio->sample_rate},
                    {"bitrate", state.audio->average_bitrate}};
  }
  for (const auto& track : state.tracks) out["tracks"].push_back(track_json(track));
  return out;
}

namespace {

/// Somebody's own words: a line break in them would make lines that look like ours.
std::string one_line(std::string_view text) { return printable(text, false, false); }

}  // namespace

std::string room_text(const Room& room) {
  std::string out = fmt::format("room {} ({})\n", one_line(room.name), room.sid);
  out += fmt::format("  created      {}\n",
                     time_text(time_s(room.creation_time, room.creation_time_ms)));
  out += fmt::format(
      "  participants {}{}, publishers {}\n", room.num_participants,
      room.max_participants == 0 ? std::string() : fmt::format(" of {}", room.max_participants),
      room.num_publishers);
  out += fmt::format("  closes       {} s empty, {} s after the last one left\n",
                     room.empty_timeout, room.departure_timeout);
  if (room.active_recording) out += "  recording    yes\n";
  if (!room.metadata.empty())
    out += fmt::format("  metadata     {}\n", one_line(shorten(room.metadata, 200)));
  return out;
}

std::string egress_text(const EgressInfo& egress, const Output& out) {
  std::string text = fmt::format("egress {} {}\n", egress.egress_id, state_styled(egress, out));
  const std::string where = egress.room_name.empty()
                                ? std::string()
                                : fmt::format(" of room {}", one_line(egress.room_name));
  text += fmt::format("  {}{}\n", kind_words(egress.kind), where);
  if (egress.started_at > 0)
    text += fmt::format("  started {}\n", time_text(time_ns(egress.started_at)));
  if (egress.ended_at > 0)
    text += fmt::format("  ended   {}\n", time_text(time_ns(egress.ended_at)));
  for (const auto& stream : egress.stream_results) {
    text += fmt::format("  to {} {}", stream.url, stream_state(stream));
    if (stream.retries != 0) text += fmt::format(", {} reconnects", stream.retries);
    if (!stream.error.empty()) text += fmt::format(": {}", shorten(stream.error));
    text += '\n';
  }
  for (const auto& file : egress.file_results) {
    text += fmt::format("  to file {} ({} bytes)\n",
                        file.location.empty() ? file.filename : file.location, file.size);
  }
  for (const auto& segments : egress.segment_results) {
    text += fmt::format("  to playlist {} ({} segments)\n", segments.playlist_name,
                        segments.segment_count);
  }
  for (const auto& images : egress.image_results) {
    text += fmt::format("  to images {} ({} made)\n", images.filename_prefix, images.image_count);
  }
  if (!egress.error.empty()) text += fmt::format("  error: {}\n", shorten(egress.error));
  if (!egress.details.empty()) text += fmt::format("  {}\n", shorten(egress.details));
  return text;
}

std::string ingress_text(const IngressInfo& ingress, bool reveal) {
  std::string out = fmt::format("ingress {} {}\n", ingress.ingress_id, ingress_state(ingress));
  out += fmt::format("  into room {} as {}\n", one_line(ingress.room_name),
                     one_line(ingress.participant_identity));
  if (ingress.url.empty()) {
    out += "  url       (the server has no ingress address configured)\n";
  } else {
    out += fmt::format("  url       {}\n", shown_url(ingress));
  }
  if (!ingress.stream_key.empty()) {
    out += fmt::format("  key       {}{}\n",
                       reveal ? std::string(ingress.stream_key.reveal())
                              : redact_identifier(ingress.stream_key.reveal()),
                       reveal ? "" : "  (--reveal shows it)");
  }
  if (ingress.state && ingress.state->video) {
    const auto& video = *ingress.state->video;
    out += fmt::format("  video     {} {}x{} {:g} fps\n", video.mime_type, video.width,
                       video.height, video.framerate);
  }
  if (ingress.state && ingress.state->audio) {
    const auto& audio = *ingress.state->audio;
    out += fmt::format("  audio     {} {} Hz, {} channels\n", audio.mime_type, audio.sample_rate,
                       audio.channels);
  }
  if (ingress.state && !ingress.state->error.empty()) {
    out +=
        fmt::format("  error     {}\n", shorten(livekit::scrub_stream_keys(ingress.state->error)));
  }
  return out;
}

std::string room_table(const std::vector<Room>& rooms) {
  std::vector<std::vector<std::string>> rows;
  for (const Room& room : rooms) {
    rows.push_back({room.name, room.sid, std::to_string(room.num_participants),
                    std::to_string(room.num_publishers),
                    time_text(time_s(room.creation_time, room.creation_time_ms))});
  }
  return table({"NAME", "SID", "PARTICIPANTS", "PUBLISHERS", "CREATED"}, rows, "no rooms");
}

std::string participant_table(const std::vector<ParticipantInfo>& participants) {
  std::vector<std::vector<std::string>> rows;
  for (const ParticipantInfo& participant : participants) {
    std::string tracks;
    for (const auto& track : participant.tracks) {
      if (!tracks.empty()) tracks += ", ";
      tracks += track_text(track);
    }
    rows.push_back({participant.identity, participant.name.empty() ? "-" : participant.name,
                    lower(participant.state), lower(participant.kind),
                    time_text(time_s(participant.joined_at, participant.joined_at_ms)),
                    tracks.empty() ? "-" : tracks});
  }
  return table({"IDENTITY", "NAME", "STATE", "KIND", "JOINED", "TRACKS"}, rows, "nobody is there");
}

std::string egress_table(const std::vector<EgressInfo>& egress, const Output& out) {
  std::vector<std::vector<std::string>> rows;
  for (const EgressInfo& item : egress) {
    std::string outputs;
    for (const auto& stream : item.stream_results) {
      if (!outputs.empty()) outputs += ", ";
      outputs += stream.url;
    }
    for (const auto& file : item.file_results) {
      if (!outputs.empty()) outputs += ", ";
      outputs += file.filename;
    }
    for (const auto& segments : item.segment_results) {
      if (!outputs.empty()) outputs += ", ";
      outputs += segments.playlist_name;
    }
    // The state is the last column: color codes would upset the widths of others.
    rows.push_back({item.egress_id, kind_words(item.kind),
                    item.room_name.empty() ? "-" : item.room_name,
                    time_text(time_ns(item.started_at)), outputs.empty() ? "-" : outputs,
                    state_styled(item, out)});
  }
  return table({"ID", "KIND", "ROOM", "STARTED", "TO", "STATE"}, rows, "no egress");
}

std::string ingress_table(const std::vector<IngressInfo>& ingress) {
  std::vector<std::vector<std::string>> rows;
  for (const IngressInfo& item : ingress) {
    rows.push_back({item.ingress_id, item.name.empty() ? "-" : item.name, item.room_name,
                    item.participant_identity, shown_url(item), ingress_state(item)});
  }
  return table({"ID", "NAME", "ROOM", "IDENTITY", "URL", "STATE"}, rows, "no ingress");
}

}  // namespace ts::cli
