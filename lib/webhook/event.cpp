// SPDX-License-Identifier: Apache-2.0
#include "webhook/event.hpp"

#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "livekit/wire.hpp"
#include "livekit/wire_scan.hpp"
#include "webhook/event_internal.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace ts::webhook {
namespace {

constexpr std::int64_t kEndOf9999 = 253402300799;  // s since 1970

constexpr std::array<std::string_view, 14> kLivekitTypes{"room_started",
                                                         "room_finished",
                                                         "participant_joined",
                                                         "participant_left",
                                                         "participant_connection_aborted",
                                                         "track_published",
                                                         "track_unpublished",
                                                         "egress_started",
                                                         "egress_updated",
                                                         "egress_ended",
                                                         "ingress_started",
                                                         "ingress_ended",
                                                         "agent_job_started",
                                                         "agent_job_ended"};

constexpr std::array<std::string_view, 48> kMuxTypes{
    "video.live_stream.created",
    "video.live_stream.connected",
    "video.live_stream.recording",
    "video.live_stream.active",
    "video.live_stream.disconnected",
    "video.live_stream.idle",
    "video.live_stream.updated",
    "video.live_stream.enabled",
    "video.live_stream.disabled",
    "video.live_stream.deleted",
    "video.live_stream.warning",
    "video.live_stream.simulcast_target.created",
    "video.live_stream.simulcast_target.idle",
    "video.live_stream.simulcast_target.starting",
    "video.live_stream.simulcast_target.broadcasting",
    "video.live_stream.simulcast_target.errored",
    "video.live_stream.simulcast_target.deleted",
    "video.live_stream.simulcast_target.updated",
    "video.asset.created",
    "video.asset.ready",
    "video.asset.errored",
    "video.asset.updated",
    "video.asset.deleted",
    "video.asset.live_stream_completed",
    "video.asset.warning",
    "video.asset.non_standard_input_detected",
    "video.asset.static_rendition.created",
    "video.asset.static_rendition.ready",
    "video.asset.static_rendition.errored",
    "video.asset.static_rendition.deleted",
    "video.asset.static_rendition.skipped",
    "video.asset.static_renditions.preparing",
    "video.asset.static_renditions.ready",
    "video.asset.static_renditions.errored",
    "video.asset.static_renditions.deleted",
    "video.asset.master.preparing",
    "video.asset.master.ready",
    "video.asset.master.errored",
    "video.asset.master.deleted",
    "video.asset.track.created",
    "video.asset.track.ready",
    "video.asset.track.errored",
    "video.asset.track.deleted",
    "video.upload.created",
    "video.upload.asset_created",
    "video.upload.errored",
    "video.upload.cancelled",
    "video.delivery.high_traffic"};

constexpr std::array<std::string_view, 5> kCloudflareTypes{
    "video.ready", "video.error", "live_input.connected", "live_input.disconnected",
    "live_input.errored"};

/// A text member where the provider may also write a number.
Result<std::string> text_of(const JsonReader& in, std::string_view name) {
  TS_TRY(const auto member, in.find(name));
  if (!member) return std::string();
  if (member->json().is_number()) return member->json().dump();
  return member->as_string();
}

Result<Event> livekit_event(const JsonReader& in) {
  Event event{.provider = Provider::kLivekit};
  TS_TRY(event.type, in.string_or("event"));
  TS_TRY(event.id, in.string_or("id"));
  TS_TRY(const auto created, in.find_any({"createdAt", "created_at"}));
  if (created) {
    TS_TRY(const auto at, created->as_int());
    // Whatever it says, the event is genuine: a time that no calendar has is left out.
    if (at >= 0 && at <= kEndOf9999) event.created_at = WallTime{std::chrono::seconds{at}};
  }
  const auto nested = [](std::string_view name, auto result) {
    return std::move(result).with_context(fmt::format("in {}", name));
  };
  TS_TRY(const auto room, in.find("room"));
  if (room) {
    TS_TRY(const auto info, nested("room", livekit::from_json<livekit::Room>(room->json())));
    event.room = info.name;
  }
  TS_TRY(const auto participant, in.find("participant"));
  if (participant) {
    TS_TRY(
        const auto info,
        nested("participant", livekit::from_json<livekit::ParticipantInfo>(participant->json())));
    event.participant = info.identity;
  }
  TS_TRY(const auto track, in.find("track"));
  if (track) {
    TS_TRY(const auto info, nested("track", livekit::from_json<livekit::TrackInfo>(track->json())));
    event.track = info.sid;
  }
  TS_TRY(const auto job, in.find("job"));
  if (job) {
    TS_TRY(const auto info, nested("job", livekit::from_json<livekit::AgentJob>(job->json())));
    if (info.room && event.room.empty()) event.room = info.room->name;
  }
  TS_TRY(const auto egress, in.find_any({"egressInfo", "egress_info"}));
  if (egress) {
    TS_TRY(const auto info,
           nested("egressInfo", livekit::from_json<livekit::EgressInfo>(egress->json())));
    event.egress = info.egress_id;
    event.status = info.status.text();
    event.error = info.error;
    if (event.room.empty()) event.room = info.room_name;
    if (info.started_at != 0) event.started_at_ns = info.started_at;
  }
  TS_TRY(const auto ingress, in.find_any({"ingressInfo", "ingress_info"}));
  if (ingress) {
    TS_TRY(const auto info,
           nested("ingressInfo", livekit::from_json<livekit::IngressInfo>(ingress->json())));
    event.ingress = info.ingress_id;
    if (event.room.empty()) event.room = info.room_name;
    if (event.participant.empty()) event.participant = info.participant_identity;
    if (info.state) {
      event.status = info.state->status.text();
      event.error = info.state->error;
      if (info.state->started_at != 0) event.started_at_ns = info.state->started_at;
    }
  }
  return event;
}

/// What an event of Mux is about; it says which members of "data" hold ids.
enum class MuxSubject { kSimulcastTarget, kLiveStream, kAsset, kOther };

/// The members of a Mux body that an Event is made of; absent ones are empty.
struct MuxFields {
  std::string type{};
  std::string id{};
  std::string created_at{};
  std::string object_type{};
  std::string object_id{};
  bool has_data = false;
  std::string data_id{};
  std::string status{};
  std::string passthrough{};
  std::string live_stream_id{};
  std::string active_asset_id{};
  std::string asset_id{};
  std::string error{};

  [[nodiscard]] MuxSubject subject() const {
    if (type.starts_with("video.live_stream.simulcast_target.")) {
      return MuxSubject::kSimulcastTarget;
    }
    if (object_type == "live" || type.starts_with("video.live_stream.")) {
      return MuxSubject::kLiveStream;
    }
    return type.starts_with("video.asset.") ? MuxSubject::kAsset : MuxSubject::kOther;
  }
};

/// The long way: through a document, with words for what is wrong.
Result<MuxFields> mux_fields(const JsonReader& in) {
  MuxFields fields;
  TS_TRY(const auto type, in.at("type"));
  TS_TRY(fields.type, type.as_string());
  TS_TRY(fields.id, text_of(in, "id"));
  TS_TRY(const auto created, in.find("created_at"));
  if (created && created->is_string()) {
    TS_TRY(fields.created_at, created->as_string());
  }
  TS_TRY(const auto object, in.find("object"));
  if (object) {
    TS_TRY(fields.object_type, object->string_or("type"));
    TS_TRY(fields.object_id, text_of(*object, "id"));
  }
  TS_TRY(const auto data, in.find("data"));
  fields.has_data = data && data->is_object();
  if (!fields.has_data) return fields;
  TS_TRY(fields.status, text_of(*data, "status"));
  TS_TRY(fields.passthrough, text_of(*data, "passthrough"));
  TS_TRY(fields.live_stream_id, text_of(*data, "live_stream_id"));
  TS_TRY(fields.data_id, text_of(*data, "id"));
  // Only what the event needs has to be as documented.
  const auto subject = fields.subject();
  if (subject == MuxSubject::kLiveStream) {
    TS_TRY(fields.active_asset_id, text_of(*data, "active_asset_id"));
  } else if (subject != MuxSubject::kSimulcastTarget) {
    TS_TRY(fields.asset_id, text_of(*data, "asset_id"));
  }
  TS_TRY(const auto errors, data->find("errors"));
  if (errors && errors->is_object()) {
    TS_TRY(const auto messages, errors->find("messages"));
    if (messages && messages->is_array() && !messages->json().empty() &&
        messages->json().front().is_string()) {
      fields.error = messages->json().front().get<std::string>();
    }
  }
  return fields;
}

Event mux_event(MuxFields fields) {
  Event event{.provider = Provider::kMux};
  if (const auto time = parse_rfc3339(fields.created_at); time.ok()) {
    event.created_at = time.value();
  }
  const auto subject = fields.subject();
  auto& own_id = fields.data_id.empty() ? fields.object_id : fields.data_id;
  if (!fields.has_data) {
    if (fields.object_type == "live") event.live_stream = std::move(fields.object_id);
    if (fields.object_type == "asset") event.asset = std::move(fields.object_id);
  } else if (subject == MuxSubject::kLiveStream) {
    event.live_stream = std::move(own_id);
    event.asset = std::move(fields.active_asset_id);
  } else {
    event.live_stream = std::move(fields.live_stream_id);
    // Renditions and tracks name their asset; an asset's own events carry it as data.
    event.asset = std::move(fields.asset_id);
    if (subject == MuxSubject::kAsset && event.asset.empty()) event.asset = std::move(own_id);
  }
  event.type = std::move(fields.type);
  event.id = std::move(fields.id);
  event.status = std::move(fields.status);
  event.passthrough = std::move(fields.passthrough);
  event.error = std::move(fields.error);
  return event;
}

Result<Event> cloudflare_event(const JsonReader& in) {
  Event event{.provider = Provider::kCloudflare};
  TS_TRY(const auto uid, in.find("uid"));
  if (uid) {
    TS_TRY(event.asset, uid->as_string());
    TS_TRY(event.live_stream, text_of(in, "liveInput"));
    TS_TRY(const auto status, in.find("status"));
    if (status && status->is_object()) {
      TS_TRY(event.status, text_of(*status, "state"));
      TS_TRY(const auto code, status->find_any({"errorReasonCode", "errReasonCode"}));
      if (code && code->is_string()) {
        TS_TRY(event.error, code->as_string());
      }
    }
    event.type = "video." + (event.status.empty() ? std::string("unknown") : event.status);
    TS_TRY(const auto created, text_of(in, "modified"));
    TS_TRY(const auto first, text_of(in, "created"));
    if (const auto time = parse_rfc3339(created.empty() ? first : created); time.ok()) {
      event.created_at = time.value();
    }
    return event;
  }
  TS_TRY(const auto data, in.at("data"));
  TS_TRY(event.type, data.string_or("event_type"));
  if (event.type.empty()) return data.error("member 'event_type' is missing");
  TS_TRY(event.live_stream, data.string_or("input_id"));
  TS_TRY(const auto updated, text_of(data, "updated_at"));
  if (const auto time = parse_rfc3339(updated); time.ok()) event.created_at = time.value();
  TS_TRY(const auto errored, data.find("live_input_errored"));
  if (errored && errored->is_object()) {
    // Documentation and samples differ in where the code is.
    TS_TRY(const auto nested, errored->find("error"));
    TS_TRY(event.error, text_of(*errored, "code"));
    if (event.error.empty() && nested && nested->is_object()) {
      TS_TRY(event.error, text_of(*nested, "code"));
    }
  }
  return event;
}

/// Whether the next value is a time that `livekit_event` takes.
bool scan_time(JsonScanner& in) {
  std::int64_t seconds = -1;
  if (in.next() == '"') {
    std::string digits;
    in.read_string(digits);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (problem != std::errc{} || end != digits.data() + digits.size()) return false;
  } else if (!in.read_integer(seconds)) {
    return false;
  }
  return seconds >= 0 && seconds <= kEndOf9999;
}

/// A text member, the first of its name. Numbers and repeated members are rare: the long way.
bool scan_text(JsonScanner& in, std::string& out) {
  if (in.take_null()) return out.empty();
  return out.empty() && in.next() == '"' && in.read_string(out);
}

bool scan_mux_errors(JsonScanner& in, std::string& first) {
  if (in.next() != '{') return in.skip();
  bool seen = false;
  for (in.enter_object(); in.next_member();) {
    if (in.key() != "messages") {
      if (!in.skip()) return false;
      continue;
    }
    if (in.next() != '[' || std::exchange(seen, true)) return false;
    bool is_first = true;
    for (in.enter_array(); in.next_item();) {
      const bool wanted = std::exchange(is_first, false) && in.next() == '"';
      if (!(wanted ? in.read_string(first) : in.skip())) return false;
    }
  }
  return in.ok();
}

bool scan_mux_data(JsonScanner& in, MuxFields& fields) {
  bool seen_errors = false;
  for (in.enter_object(); in.next_member();) {
    const std::string_view key = in.key();
    std::string* const text = key == "id"                ? &fields.data_id
                              : key == "status"          ? &fields.status
                              : key == "passthrough"     ? &fields.passthrough
                              : key == "live_stream_id"  ? &fields.live_stream_id
                              : key == "active_asset_id" ? &fields.active_asset_id
                              : key == "asset_id"        ? &fields.asset_id
                                                         : nullptr;
    if (text != nullptr) {
      if (!scan_text(in, *text)) return false;
    } else if (key == "errors") {
      if (std::exchange(seen_errors, true) || !scan_mux_errors(in, fields.error)) return false;
    } else if (!in.skip()) {
      return false;
    }
  }
  return in.ok();
}

bool scan_mux_object(JsonScanner& in, MuxFields& fields) {
  for (in.enter_object(); in.next_member();) {
    std::string* const text = in.key() == "type" ? &fields.object_type
                              : in.key() == "id" ? &fields.object_id
                                                 : nullptr;
    if (!(text != nullptr ? scan_text(in, *text) : in.skip())) return false;
  }
  return in.ok();
}

/// What `mux_fields` reads, without a document; false also for what is rare.
bool scan_mux(std::string_view body, MuxFields& fields) {
  JsonScanner in(body);
  bool seen_object = false;
  for (in.enter_object(); in.next_member();) {
    const std::string_view key = in.key();
    std::string* const text = key == "type"         ? &fields.type
                              : key == "id"         ? &fields.id
                              : key == "created_at" ? &fields.created_at
                                                    : nullptr;
    if (text != nullptr) {
      if (!scan_text(in, *text)) return false;
    } else if (key == "object") {
      if (std::exchange(seen_object, true) || !scan_mux_object(in, fields)) return false;
    } else if (key == "data") {
      if (std::exchange(fields.has_data, true) || !scan_mux_data(in, fields)) return false;
    } else if (!in.skip()) {
      return false;
    }
  }
  return in.finish() && !fields.type.empty();
}

bool scan_livekit_member(JsonScanner& in) {
  const std::string key(in.key());
  if (in.take_null()) return true;
  if (key == "event" || key == "id") return in.next() == '"' && in.skip();
  if (key == "createdAt" || key == "created_at") return scan_time(in);
  if (key == "room") return livekit::scans_as<livekit::Room>(in);
  if (key == "participant") return livekit::scans_as<livekit::ParticipantInfo>(in);
  if (key == "track") return livekit::scans_as<livekit::TrackInfo>(in);
  if (key == "job") return false;  // rare: the long way reads it
  if (key == "egressInfo" || key == "egress_info") {
    return livekit::scans_as<livekit::EgressInfo>(in);
  }
  if (key == "ingressInfo" || key == "ingress_info") {
    return livekit::scans_as<livekit::IngressInfo>(in);
  }
  return in.skip();
}

}  // namespace

bool is_usual_livekit_event(std::string_view body) {
  JsonScanner in(body);
  for (in.enter_object(); in.next_member();) {
    if (!scan_livekit_member(in)) return false;
  }
  return in.finish();
}

namespace {

/// Without an id the bytes tell deliveries apart: a repeat has the same.
Event keyed(Event event, std::string_view body) {
  event.dedupe_key = std::string(to_string(event.provider));
  event.dedupe_key += ':';
  event.dedupe_key +=
      event.id.empty() ? crypto::hex_encode(crypto::bytes_of(crypto::sha256(body))) : event.id;
  return event;
}

Result<Event> read_event(Provider provider, const JsonReader& in) {
  if (provider == Provider::kLivekit) return livekit_event(in);
  if (provider == Provider::kCloudflare) return cloudflare_event(in);
  TS_TRY(auto fields, mux_fields(in));
  return mux_event(std::move(fields));
}

}  // namespace

Result<Event> parse_event(Provider provider, const Json& json, std::string_view body) {
  const JsonReader in(json);
  if (!in.is_object()) return in.expected("an object");
  TS_TRY(auto event, read_event(provider, in));
  return keyed(std::move(event), body);
}

Result<Event> parse_event(Provider provider, std::string_view body) {
  if (MuxFields fields;
      provider == Provider::kMux && body.size() <= kMaxBodyBytes && scan_mux(body, fields)) {
    return keyed(mux_event(std::move(fields)), body);
  }
  TS_TRY(const auto json, parse_json(body, "the webhook body", ErrorKind::kRemote,
                                     {.max_bytes = kMaxBodyBytes, .max_depth = 64}));
  return parse_event(provider, json, body);
}

std::span<const std::string_view> event_types(Provider provider) noexcept {
  switch (provider) {
    case Provider::kLivekit:
      return kLivekitTypes;
    case Provider::kMux:
      return kMuxTypes;
    case Provider::kCloudflare:
      return kCloudflareTypes;
  }
  return {};
}

}  // namespace ts::webhook
