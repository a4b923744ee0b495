// SPDX-License-Identifier: Apache-2.0
#include "webhook/event.hpp"

#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "livekit/wire.hpp"
#include "livekit/wire_scan.hpp"
#include "mux/types.hpp"
#include "webhook/event_internal.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

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
    if (at < 0 || at > kEndOf9999) return created->error("time is out of range");
    event.created_at = WallTime{std::chrono::seconds{at}};
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

Result<Event> mux_event(const JsonReader& in) {
  Event event{.provider = Provider::kMux};
  TS_TRY(const auto type, in.at("type"));
  TS_TRY(event.type, type.as_string());
  TS_TRY(event.id, text_of(in, "id"));
  TS_TRY(const auto created, in.find("created_at"));
  if (created && created->is_string()) {
    TS_TRY(const auto text, created->as_string());
    if (const auto time = parse_rfc3339(text); time.ok()) event.created_at = time.value();
  }
  std::string object_type;
  std::string object_id;
  TS_TRY(const auto object, in.find("object"));
  if (object) {
    TS_TRY(object_type, object->string_or("type"));
    TS_TRY(object_id, text_of(*object, "id"));
  }
  TS_TRY(const auto data, in.find("data"));
  if (data && data->is_object()) {
    TS_TRY(event.status, text_of(*data, "status"));
    TS_TRY(event.passthrough, text_of(*data, "passthrough"));
    TS_TRY(event.live_stream, text_of(*data, "live_stream_id"));
    TS_TRY(const auto own_id, text_of(*data, "id"));
    if (event.type.starts_with("video.live_stream.simulcast_target.")) {
      // The object is the target; its stream is in live_stream_id.
    } else if (object_type == "live" || event.type.starts_with("video.live_stream.")) {
      event.live_stream = own_id.empty() ? object_id : own_id;
      TS_TRY(event.asset, text_of(*data, "active_asset_id"));
    } else if (event.type.starts_with("video.asset.")) {
      // Renditions and tracks name their asset; an asset's own events carry it as data.
      TS_TRY(event.asset, text_of(*data, "asset_id"));
      if (event.asset.empty()) event.asset = own_id.empty() ? object_id : own_id;
    } else {
      TS_TRY(event.asset, text_of(*data, "asset_id"));
    }
    TS_TRY(const auto errors, data->find("errors"));
    if (errors && errors->is_object()) {
      TS_TRY(const auto messages, errors->find("messages"));
      if (messages && messages->is_array() && !messages->json().empty() &&
          messages->json().front().is_string()) {
        event.error = messages->json().front().get<std::string>();
      }
    }
  } else if (object_type == "live") {
    event.live_stream = object_id;
  } else if (object_type == "asset") {
    event.asset = object_id;
  }
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

bool scan_livekit_member(JsonScanner& in) {
  const std::string key(in.key());
  if (in.take_null()) return true;
  if (key == "event" || key == "id") return in.next() == '"' && in.skip();
  if (key == "createdAt" || key == "created_at") return scan_time(in);
  if (key == "room") return livekit::scans_as<livekit::Room>(in);
  if (key == "participant") return livekit::scans_as<livekit::ParticipantInfo>(in);
  if (key == "track") return livekit::scans_as<livekit::TrackInfo>(in);
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

Result<Event> parse_event(Provider provider, const Json& json, std::string_view body) {
  const JsonReader in(json);
  if (!in.is_object()) return in.expected("an object");
  auto event = provider == Provider::kLivekit ? livekit_event(in)
               : provider == Provider::kMux   ? mux_event(in)
                                              : cloudflare_event(in);
  if (!event.ok()) return event;
  // Without an id the bytes tell deliveries apart: a repeat has the same.
  event.value().dedupe_key = fmt::format(
      "{}:{}", to_string(provider),
      event.value().id.empty() ? crypto::hex_encode(crypto::bytes_of(crypto::sha256(body)))
                               : event.value().id);
  return event;
}

Result<Event> parse_event(Provider provider, std::string_view body) {
  TS_TRY(const auto json, parse_json(body, "the webhook body", ErrorKind::kRemote,
                                     {.max_bytes = kMaxBodyBytes, .max_depth = 64}));
  return parse_event(provider, json, body);
}

std::span<const std::string_view> event_types(Provider provider) noexcept {
  switch (provider) {
    case Provider::kLivekit:
      return kLivekitTypes;
    case Provider::kMux:
      return mux::event_types();
    case Provider::kCloudflare:
      return kCloudflareTypes;
  }
  return {};
}

}  // namespace ts::webhook
