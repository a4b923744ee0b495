// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "sandbox/livekit_service.hpp"
#include "sandbox/mux_service.hpp"
#include "support/fake_clock.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ts::sandbox {

/// Ids that differ and are known: "000000000001", "000000000002" …
inline RandomText counting() {
  return [next = 0](std::size_t length) mutable {
    auto digits = std::to_string(++next);
    return std::string(length > digits.size() ? length - digits.size() : 0, '0') + digits;
  };
}

inline RoomGrants everything(std::string room = "stage") {
  return {.room_create = true,
          .room_list = true,
          .room_record = true,
          .room_admin = true,
          .ingress_admin = true,
          .room = std::move(room)};
}

inline StreamInfo camera() {
  return {.has_video = true,
          .has_audio = true,
          .video_mime = "video/H264",
          .audio_mime = "audio/aac",
          .width = 1280,
          .height = 720,
          .frame_rate = 30,
          .channels = 2,
          .sample_rate = 48'000};
}

/// The types of the webhooks among `effects`, in order.
inline std::vector<std::string> events_in(const Effects& effects) {
  std::vector<std::string> out;
  for (const auto& effect : effects) {
    if (const auto* due = std::get_if<WebhookDue>(&effect)) out.push_back(due->type);
  }
  return out;
}

/// What has happened so far is not what the test is about.
inline void forget(const Effects&) {}

/// The effects of one kind.
template <typename Kind>
std::vector<const Kind*> only(const Effects& effects) {
  std::vector<const Kind*> out;
  for (const auto& effect : effects) {
    if (const auto* one = std::get_if<Kind>(&effect)) out.push_back(one);
  }
  return out;
}

/// A LiveKit service with a room's worth of shorthand.
struct LiveKitFixture {
  test::FakeClock clock;
  LiveKitService service{{.rtmp_url = "rtmp://127.0.0.1:1935/live",
                          .composite_url = "rtmp://127.0.0.1:1935/composite",
                          .mux_url = "rtmp://127.0.0.1:1935/app",
                          .random = counting()},
                         clock};

  Json call(std::string_view service_name, std::string_view method, const Json& body) {
    last = service.call(service_name, method, dump_json(body), everything());
    return Json::parse(last.body);
  }
  Json room(std::string_view method, const Json& body) { return call("RoomService", method, body); }
  Json egress(std::string_view method, const Json& body) { return call("Egress", method, body); }
  Json ingress(std::string_view method, const Json& body) { return call("Ingress", method, body); }

  /// A publisher in room "stage" as cam-1, described. @return its track sids: video, audio.
  std::pair<std::string, std::string> publish(PublishId publish) {
    const auto made = ingress(
        "CreateIngress",
        {{"room_name", "stage"}, {"participant_identity", "cam-" + std::to_string(publish)}});
    if (!service.publish_begins(made["stream_key"].get<std::string>(), publish).ok()) return {};
    service.publish_described(publish, camera());
    const auto person =
        room("GetParticipant", {{"room", "stage"}, {"identity", "cam-" + std::to_string(publish)}});
    return {person["tracks"][0]["sid"].get<std::string>(),
            person["tracks"][1]["sid"].get<std::string>()};
  }
  Json start(const std::string& video, const std::string& audio,
             const Json& urls = {"mux://abcdefghijkl"}) {
    return egress("StartTrackCompositeEgress",
                  {{"room_name", "stage"},
                   {"video_track_id", video},
                   {"audio_track_id", audio},
                   {"stream_outputs", {{{"protocol", "RTMP"}, {"urls", urls}}}}});
  }
  /// A composite of the room to a stream. @return its egress id.
  std::string compose(Json more = Json::object()) {
    more.update(
        {{"room_name", "stage"}, {"stream_outputs", {{{"urls", {"rtmp://127.0.0.1/live/k"}}}}}});
    return egress("StartRoomCompositeEgress", more).value("egress_id", "");
  }
  Json egress_now(const std::string& id) {
    return egress("ListEgress", {{"egress_id", id}})["items"][0];
  }
  Reply last;
};

}  // namespace ts::sandbox
