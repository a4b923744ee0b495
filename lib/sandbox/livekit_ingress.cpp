// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"
#include "sandbox/livekit_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

Refusal invalid(std::string_view text) {
  return service_error("invalid_argument", "invalid ingress: " + std::string(text));
}
Refusal no_ingress() { return service_error("not_found", "ingress does not exist"); }

bool has_encoding(const Json& info, std::string_view member) {
  const auto found = info.find(member);
  return found != info.end() && (found->contains("preset") || found->contains("options"));
}

std::optional<Refusal> check_source(const Json& info, std::string_view member,
                                    std::initializer_list<std::string_view> sources) {
  const auto source = info.value(member, Json::object()).value("source", std::string("UNKNOWN"));
  if (std::find(sources.begin(), sources.end(), source) != sources.end()) return std::nullopt;
  return service_error("invalid_argument",
                       "invalid " + std::string(member) + " parameters: invalid track source");
}

/// What the server checks before it stores an ingress, in its order.
std::optional<Refusal> check(const Json& info) {
  const auto input = info.value("input_type", std::string("RTMP_INPUT"));
  if (text_of(info, "participant_identity").empty()) return invalid("no participant identity");
  const bool bypass = flag_of(info, "bypass_transcoding");
  const bool whip = input == "WHIP_INPUT";
  if ((bypass || info.value("enable_transcoding", true) == false) && !whip) {
    return service_error("invalid_argument",
                         "invalid transcoding bypass configuration: bypassing transcoding "
                         "impossible with selected input type");
  }
  const bool transcodes = whip ? flag_of(info, "enable_transcoding") : true;
  for (const auto* member : {"video", "audio"}) {
    if (!transcodes && has_encoding(info, member)) {
      return service_error("invalid_argument",
                           "invalid transcoding bypass configuration: " + std::string(member) +
                               " encoding options must be empty if transcoding is disabled");
    }
  }
  if (auto wrong = check_source(info, "video", {"UNKNOWN", "CAMERA", "SCREEN_SHARE"})) return wrong;
  return check_source(info, "audio", {"UNKNOWN", "MICROPHONE", "SCREEN_SHARE_AUDIO"});
}

/// "TR_" and two letters that tell kind and source, none for an unknown source.
std::string track_prefix(bool video, std::string_view source) {
  std::string prefix = video ? "TR_V" : "TR_A";
  if (source == "CAMERA") prefix += "C";
  if (source == "MICROPHONE") prefix += "M";
  if (source == "SCREEN_SHARE") prefix += "S";
  if (source == "SCREEN_SHARE_AUDIO") prefix += "s";
  return prefix;
}

bool has_track(const Participant& participant, std::string_view type) {
  const auto tracks = participant.info.value("tracks", Json::array());
  return std::any_of(tracks.begin(), tracks.end(),
                     [&](const Json& track) { return text_of(track, "type") == type; });
}

}  // namespace

Outcome LiveKitService::Impl::create_ingress(const Json& request) {
  const auto input = request.value("input_type", std::string("RTMP_INPUT"));
  Json info = request;
  info.erase("url");
  if (input == "URL_INPUT") {
    const auto url = text_of(request, "url");
    if (url.empty()) return invalid("missing URL parameter");
    const auto parsed = net::Url::parse(url);
    const auto scheme = parsed ? parsed.value().scheme : std::string();
    if (scheme != "http" && scheme != "https" && scheme != "srt") {
      return invalid("invalid url scheme " + scheme);
    }
    if (text_of(request, "room_name").empty()) return invalid("no room name");
  }
  if (auto wrong = check(info)) return *wrong;
  // Pulling from a URL and WebRTC need workers that are not here.
  if (input != "RTMP_INPUT") return no_worker("WHIP or URL ingress, RTMP only");

  const auto id = new_id("IN_");
  info["ingress_id"] = id;
  info["stream_key"] = options.random(12);
  info["url"] = options.rtmp_url;
  info["input_type"] = input;
  info["reusable"] = true;
  info["enable_transcoding"] = true;
  info["state"] = Json::object();
  ingress[id] = info;
  return info;
}

Outcome LiveKitService::Impl::update_ingress(const Json& request) {
  const auto found = ingress.find(text_of(request, "ingress_id"));
  if (found == ingress.end()) return no_ingress();
  auto info = found->second;
  for (const auto* key :
       {"name", "room_name", "participant_identity", "participant_name", "participant_metadata"}) {
    if (!text_of(request, key).empty()) info[key] = text_of(request, key);
  }
  for (const auto* key : {"enable_transcoding", "enabled", "audio", "video"}) {
    if (request.contains(key)) info[key] = request[key];
  }
  if (auto wrong = check(info)) return *wrong;
  auto& state = info["state"];
  if (text_of(state, "status") == "ENDPOINT_ERROR") state["status"] = "ENDPOINT_INACTIVE";
  found->second = info;
  if (info.value("enabled", true) == false) {
    for (const auto& [publish, feed] : feeds) {
      if (feed.ingress == found->first) {
        effects.push_back(PublisherKick{publish, "session is disabled"});
      }
    }
  }
  return info;
}

Outcome LiveKitService::Impl::list_ingress(const Json& request) {
  Json items = Json::array();
  const auto id = text_of(request, "ingress_id");
  if (!id.empty()) {
    const auto found = ingress.find(id);
    if (found == ingress.end()) return no_ingress();
    items.push_back(found->second);
    return Json{{"items", std::move(items)}};
  }
  const auto room = text_of(request, "room_name");
  for (const auto& [key, info] : ingress) {
    if (room.empty() || text_of(info, "room_name") == room) items.push_back(info);
  }
  return Json{{"items", std::move(items)}};
}

Outcome LiveKitService::Impl::delete_ingress(const Json& request) {
  const auto found = ingress.find(text_of(request, "ingress_id"));
  if (found == ingress.end()) return no_ingress();
  std::vector<PublishId> publishing;
  for (const auto& [publish, feed] : feeds) {
    if (feed.ingress == found->first) publishing.push_back(publish);
  }
  for (const auto publish : publishing) {
    effects.push_back(PublisherKick{publish, "the ingress was deleted"});
    end_feed(publish, "");
  }
  auto info = found->second;
  ingress.erase(found);
  info["state"]["status"] = "ENDPOINT_INACTIVE";
  return info;
}

Status LiveKitService::Impl::begin_feed(std::string_view key, PublishId publish) {
  for (auto& [id, info] : ingress) {
    if (text_of(info, "stream_key") != key) continue;
    if (info.value("enabled", true) == false) {
      return Error{.kind = ErrorKind::kAuth, .message = "session is disabled"};
    }
    if (text_of(info, "room_name").empty()) {
      return Error{.kind = ErrorKind::kAuth, .message = "invalid ingress: no room name"};
    }
    for (const auto& [other, feed] : feeds) {
      if (feed.ingress == id) {
        return Error{.kind = ErrorKind::kConflict, .message = "the ingress is publishing already"};
      }
    }
    feeds[publish] = Feed{.publish = publish,
                          .ingress = id,
                          .room = text_of(info, "room_name"),
                          .identity = text_of(info, "participant_identity")};
    info["state"] = {{"status", "ENDPOINT_BUFFERING"},
                     {"started_at", now_ns()},
                     {"updated_at", now_ns()},
                     {"resource_id", new_id("RE_")}};
    emit("ingress_started", id, {{"ingress_info", info}});
    return ok_status();
  }
  return Error{.kind = ErrorKind::kAuth, .message = "ingress does not exist"};
}

void LiveKitService::Impl::join_feed(Feed& feed) {
  const auto& info = ingress.at(feed.ingress);
  auto& room = open_room(feed.room);
  if (auto* other = find_participant(feed.room, feed.identity)) {
    // The older session of the same identity gives way.
    if (other->publish != 0) {
      effects.push_back(PublisherKick{other->publish, "duplicate identity"});
    }
    leave(feed.room, feed.identity);
  }
  auto& participant =
      join(room, feed.identity,
           {{"name", text_of(info, "participant_name")},
            {"metadata", text_of(info, "participant_metadata")},
            {"kind", "INGRESS"},
            {"permission",
             {{"can_subscribe", false}, {"can_publish", true}, {"can_publish_data", true}}}});
  participant.publish = feed.publish;
  feed.joined = true;
}

void LiveKitService::Impl::describe_feed(PublishId publish, const StreamInfo& stream) {
  const auto found = feeds.find(publish);
  if (found == feeds.end()) return;
  auto& feed = found->second;
  const auto configured = ingress.find(feed.ingress);
  if (configured == ingress.end()) return;
  feed.info = stream;
  if (feed.described == SteadyTime{}) feed.described = clock.steady_now();
  if (!feed.joined) join_feed(feed);
  auto* room = find_room(feed.room);
  auto* participant = find_participant(feed.room, feed.identity);
  if (room == nullptr || participant == nullptr || participant->publish != publish) return;
  auto& info = configured->second;
  auto& state = info["state"];
  const auto add = [&](bool video) {
    const auto* type = video ? "VIDEO" : "AUDIO";
    if (has_track(*participant, type)) return;
    const auto options_of = info.value(video ? "video" : "audio", Json::object());
    const auto source = options_of.value("source", std::string("UNKNOWN"));
    Json track{{"sid", new_id(track_prefix(video, source))},
               {"type", type},
               {"name", text_of(options_of, "name")},
               {"source", source},
               {"mime_type", video ? stream.video_mime : stream.audio_mime},
               {"stream", "camera"}};
    if (video) {
      track["width"] = stream.width;
      track["height"] = stream.height;
      track["layers"] =
          Json::array({{{"quality", "HIGH"}, {"width", stream.width}, {"height", stream.height}}});
    } else {
      track["stereo"] = stream.channels == 2;
    }
    state["tracks"].push_back(track);
    publish_track(*room, *participant, std::move(track));
  };
  if (stream.has_video) {
    add(true);
    state["video"] = {{"mime_type", stream.video_mime},
                      {"width", stream.width},
                      {"height", stream.height},
                      {"framerate", stream.frame_rate}};
  }
  if (stream.has_audio) {
    add(false);
    state["audio"] = {{"mime_type", stream.audio_mime},
                      {"channels", stream.channels},
                      {"sample_rate", stream.sample_rate}};
  }
  state["status"] = "ENDPOINT_PUBLISHING";
  state["room_id"] = text_of(room->info, "sid");
  state["updated_at"] = now_ns();
  run_waiting_egress();
}

void LiveKitService::Impl::end_feed(PublishId publish, std::string_view error) {
  const auto found = feeds.find(publish);
  if (found == feeds.end()) return;
  const auto feed = found->second;
  feeds.erase(found);
  const auto* participant = find_participant(feed.room, feed.identity);
  if (participant != nullptr && participant->publish == publish) leave(feed.room, feed.identity);
  source_gone(publish);
  const auto configured = ingress.find(feed.ingress);
  if (configured == ingress.end()) return;
  auto& state = configured->second["state"];
  state["status"] = error.empty() ? "ENDPOINT_INACTIVE" : "ENDPOINT_ERROR";
  state["error"] = error;
  state["ended_at"] = now_ns();
  state["updated_at"] = now_ns();
  state.erase("tracks");
  emit("ingress_ended", feed.ingress, {{"ingress_info", configured->second}});
}

}  // namespace ts::sandbox
