// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/random.hpp"
#include "webhook/event.hpp"
#include "webhook/sample_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace ts::webhook {
namespace {

std::string id(std::string_view prefix) {
  return fmt::format("{}{}", prefix, crypto::random_alphanumeric(12));
}
std::int64_t seconds_of(WallTime now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
}
std::string nanoseconds(WallTime time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

// 64-bit numbers are strings in protobuf JSON.
Json livekit_room(WallTime now) {
  const auto created = now - std::chrono::minutes{1};
  return {{"sid", id("RM_")},
          {"name", "stage-1"},
          {"emptyTimeout", 300},
          {"departureTimeout", 20},
          {"creationTime", std::to_string(seconds_of(created))},
          {"creationTimeMs", std::to_string(created.time_since_epoch().count())},
          {"enabledCodecs", {{{"mime", "audio/opus"}}, {{"mime", "video/H264"}}}}};
}

Json livekit_participant(std::string_view state, WallTime now) {
  return {{"sid", id("PA_")},
          {"identity", "cam-front"},
          {"name", "Front camera"},
          {"state", state},
          {"joinedAt", std::to_string(seconds_of(now - std::chrono::seconds{30}))},
          {"version", 3},
          {"permission", {{"canSubscribe", true}, {"canPublish", true}, {"canPublishData", true}}}};
}

Json livekit_egress(std::string_view type, WallTime now) {
  const auto started = now - std::chrono::seconds{20};
  Json egress;
  egress["egressId"] = id("EG_");
  egress["roomId"] = id("RM_");
  egress["roomName"] = "stage-1";
  egress["sourceType"] = "EGRESS_SOURCE_TYPE_WEB";
  egress["status"] = type == "egress_started"   ? "EGRESS_STARTING"
                     : type == "egress_updated" ? "EGRESS_ACTIVE"
                                                : "EGRESS_COMPLETE";
  egress["startedAt"] = nanoseconds(started);
  egress["updatedAt"] = nanoseconds(now);
  egress["roomComposite"] = {
      {"roomName", "stage-1"},
      {"layout", "speaker"},
      {"streamOutputs", {{{"protocol", "RTMP"}, {"urls", {"mux://{abc...xyz}"}}}}}};
  Json stream = {{"url", "rtmps://global-live.mux.com:443/app/{abc...xyz}"}};
  if (type != "egress_started") {
    stream["startedAt"] = nanoseconds(started);
    stream["status"] = type == "egress_ended" ? "FINISHED" : "ACTIVE";
  }
  egress["streamResults"] = Json::array({stream});
  if (type == "egress_ended") {
    egress["endedAt"] = nanoseconds(now);
    egress["details"] = "End reason: StopEgress API";
  }
  return egress;
}

Json livekit_ingress(std::string_view type, WallTime now) {
  return {{"ingressId", id("IN_")},
          {"name", "obs"},
          {"streamKey", "redacted"},
          {"url", "rtmp://ingest.example.com/x"},
          {"inputType", "RTMP_INPUT"},
          {"roomName", "stage-1"},
          {"participantIdentity", "obs-1"},
          {"reusable", true},
          {"state",
           {{"status", type == "ingress_started" ? "ENDPOINT_BUFFERING" : "ENDPOINT_COMPLETE"},
            {"startedAt", nanoseconds(now - std::chrono::seconds{5})}}}};
}

Json livekit_sample(std::string_view type, WallTime now) {
  Json event;
  event["event"] = type;
  if (type.starts_with("room_")) event["room"] = livekit_room(now);
  if (type.starts_with("participant_")) {
    event["room"] = livekit_room(now);
    event["participant"] =
        livekit_participant(type == "participant_joined" ? "ACTIVE" : "DISCONNECTED", now);
    if (type == "participant_left") event["participant"]["disconnectReason"] = "CLIENT_INITIATED";
  }
  if (type.starts_with("track_")) {
    event["room"] = {{"sid", id("RM_")}, {"name", "stage-1"}};
    event["participant"] = {{"sid", id("PA_")}, {"identity", "cam-front"}};
    event["track"] = {{"sid", id("TR_")},        {"type", "VIDEO"}, {"name", "camera"},
                      {"width", 1280},           {"height", 720},   {"source", "CAMERA"},
                      {"mimeType", "video/H264"}};
  }
  if (type.starts_with("egress_")) event["egressInfo"] = livekit_egress(type, now);
  if (type.starts_with("ingress_")) event["ingressInfo"] = livekit_ingress(type, now);
  if (type.starts_with("agent_job_")) {
    event["job"] = {{"id", id("AJ_")}, {"dispatchId", id("AD_")}, {"room", livekit_room(now)}};
  }
  event["id"] = id("EV_");
  event["createdAt"] = std::to_string(seconds_of(now));
  return event;
}

Json cloudflare_sample(std::string_view type, WallTime now) {
  const auto uid = [] { return crypto::hex_encode(crypto::random_bytes(16)); };
  if (type.starts_with("live_input.")) {
    Json data = {{"notification_name", "Stream live input"},
                 {"input_id", uid()},
                 {"event_type", type},
                 {"updated_at", format_rfc3339(now)}};
    if (type == "live_input.errored") {
      data["live_input_errored"] = {
          {"error",
           {{"code", "ERR_GOP_OUT_OF_RANGE"}, {"message", "key frames are too far apart"}}},
          {"video_codec", "h264"},
          {"audio_codec", "aac"}};
    }
    return {{"name", "Live Webhook Test"},
            {"text", fmt::format("Notification type: Stream Live Input\n{}", type)},
            {"data", std::move(data)},
            {"ts", seconds_of(now)}};
  }
  const bool ready = type == "video.ready";
  const auto video = uid();
  return {{"uid", video},
          {"creator", nullptr},
          {"thumbnail", fmt::format("https://customer-x.cloudflarestream.com/{}/thumbnails/"
                                    "thumbnail.jpg",
                                    video)},
          {"readyToStream", ready},
          {"status",
           {{"state", ready ? "ready" : "error"},
            {"pctComplete", ready ? "100.000000" : "39.000000"},
            {"errorReasonCode", ready ? "" : "ERR_MALFORMED_VIDEO"},
            {"errorReasonText", ready ? "" : "the video could not be decoded"}}},
          {"meta", {{"name", "live"}}},
          {"created", format_rfc3339(now - std::chrono::minutes{5})},
          {"modified", format_rfc3339(now)},
          {"duration", ready ? 5.5 : -1.0},
          {"liveInput", uid()}};
}

using Step = std::variant<std::string, std::size_t>;

Result<std::vector<Step>> parse_path(std::string_view path) {
  const auto bad = [&] {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("'{}' is no path into a body", shorten(path, 80)),
                 .hint = "write it as data.playback_ids[0].policy"};
  };
  std::vector<Step> steps;
  for (const auto part : split(path, '.')) {
    const std::size_t bracket = std::min(part.find('['), part.size());
    if (bracket == 0) return bad();
    steps.emplace_back(std::string(part.substr(0, bracket)));
    for (auto rest = part.substr(bracket); !rest.empty();) {
      const std::size_t close = rest.find(']');
      if (rest.front() != '[' || close == std::string_view::npos) return bad();
      const auto index = parse_u64(rest.substr(1, close - 1));
      if (!index || *index > 9999) return bad();
      steps.emplace_back(static_cast<std::size_t>(*index));
      rest.remove_prefix(close + 1);
    }
  }
  return steps;
}

}  // namespace

Result<std::string> sample_body(Provider provider, std::string_view type, WallTime now) {
  const auto types = event_types(provider);
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    const std::vector<std::string> known(types.begin(), types.end());
    const auto near = nearest(type, known);
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("{} sends no event '{}'", to_string(provider), shorten(type, 80)),
        .hint = near ? fmt::format("did you mean {}?", *near) : "see ts webhook trigger --list"};
  }
  switch (provider) {
    case Provider::kLivekit:
      return dump_json(livekit_sample(type, now));
    case Provider::kMux:
      return dump_json(mux_sample(type, now));
    case Provider::kCloudflare:
      return dump_json(cloudflare_sample(type, now));
  }
  return Error{.message = "an unknown provider"};
}

Result<ChangedBody> set_in_body(std::string_view body, std::string_view path,
                                std::string_view value) {
  TS_TRY(auto json, parse_json(body, "the body", ErrorKind::kUsage,
                               {.max_bytes = kMaxBodyBytes, .max_depth = 64}));
  TS_TRY(const auto steps, parse_path(path));
  Json* at = &json;
  std::string news;
  for (const auto& step : steps) {
    const bool fits = std::holds_alternative<std::string>(step) ? at->is_object() || at->is_null()
                                                                : at->is_array() || at->is_null();
    const auto* const index = std::get_if<std::size_t>(&step);
    // A list grows by one at most: [7] of an empty list is a slip.
    if (!fits || (index != nullptr && *index > at->size())) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("'{}' leads nowhere in the body", shorten(path, 80)),
                   .hint = "print the sample first and read the path off it"};
    }
    if (const auto* const name = std::get_if<std::string>(&step);
        name != nullptr && news.empty() && !at->contains(*name)) {
      std::vector<std::string> known;
      for (const auto& member : at->items()) known.push_back(member.key());
      const auto near = nearest(*name, known);
      news = fmt::format("the sample has no '{}'{}", shorten(*name, 60),
                         near ? fmt::format(" (did you mean {}?)", *near) : "");
    }
    at = index != nullptr ? &(*at)[*index] : &(*at)[std::get<std::string>(step)];
  }
  // "true", 5 and {"a":1} are JSON; anything else is text.
  auto parsed = parse_json(value, "the value");
  *at = parsed.ok() ? std::move(parsed).value() : Json(std::string(value));
  return ChangedBody{.body = dump_json(json), .news = std::move(news)};
}

}  // namespace ts::webhook
