// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "net/url.hpp"
#include "sandbox/livekit_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr seconds kTrackTimeout{30};
constexpr std::chrono::hours kKept{24};
constexpr std::string_view kMuxLive = "rtmps://global-live.mux.com:443/app/";

Refusal missing(std::string_view field) {
  return service_error("invalid_argument",
                       "request has missing or invalid field: " + std::string(field));
}
Refusal invalid_url(const std::string& url, std::string_view why) {
  return service_error("invalid_argument", "invalid url " + url + ": " + std::string(why));
}
Refusal no_egress() { return service_error("not_found", "egress does not exist"); }

bool is_terminal(std::string_view status) {
  return status != "EGRESS_STARTING" && status != "EGRESS_ACTIVE" && status != "EGRESS_ENDING";
}

std::string scheme_of(std::string_view url) {
  const auto colon = url.find("://");
  return colon == std::string_view::npos ? std::string() : to_lower(url.substr(0, colon));
}

/// The stream key hidden, as the server writes it into answers.
std::string redact_url(const std::string& url) {
  const auto scheme = scheme_of(url);
  if (scheme == "mux" || scheme == "twitch") {
    return scheme + "://" + redact_identifier(std::string_view(url).substr(scheme.size() + 3));
  }
  if (scheme == "rtmp" || scheme == "rtmps") {
    auto end = url.size();
    constexpr std::string_view kLive = " live=1";
    if (url.ends_with(kLive)) end -= kLive.size();
    const auto slash = url.rfind('/', end - 1);
    return url.substr(0, slash + 1) +
           redact_identifier(std::string_view(url).substr(slash + 1, end - slash - 1)) +
           url.substr(end);
  }
  const auto question = url.find('?');
  return question == std::string::npos ? url : url.substr(0, question) + "?{...}";
}

/// mux://KEY in full; anything else as it is.
std::string expand_url(const std::string& url) {
  if (scheme_of(url) != "mux") return url;
  auto key = std::string_view(url).substr(6);
  key = key.substr(0, key.find_first_of("/?"));
  return std::string(kMuxLive) + std::string(key);
}

/// rtmp(s)://host/(path/)app/key.
bool is_rtmp_target(const std::string& url) {
  const auto parsed = net::Url::parse(url.substr(0, url.find(' ')));
  if (!parsed) return false;
  const auto& path = parsed.value().path;
  const auto app = path.find('/', 1);
  return path.size() > 1 && app != std::string::npos && app > 1;
}

bool is_rtmp_scheme(std::string_view url) {
  const auto scheme = scheme_of(url);
  return scheme == "rtmp" || scheme == "rtmps" || scheme == "mux";
}

/// Hides what the request carried, for the echo in EgressInfo.
void redact_streams(Json& request) {
  const auto redact = [](Json& output) {
    if (!output.contains("urls")) return;
    for (auto& url : output["urls"]) url = redact_url(url.get<std::string>());
  };
  if (request.contains("stream")) redact(request["stream"]);
  if (request.contains("stream_outputs")) {
    for (auto& output : request["stream_outputs"]) redact(output);
  }
  if (request.contains("outputs")) {
    for (auto& output : request["outputs"]) {
      if (output.contains("stream")) redact(output["stream"]);
    }
  }
}

struct Outputs {
  std::vector<std::string> urls;
  bool other_kinds = false;  ///< Files, segments, images, a websocket.
  std::size_t streams = 0;
};

Outputs outputs_of(const Json& request) {
  Outputs out;
  const auto add = [&](const Json& stream) {
    ++out.streams;
    for (const auto& url : stream.value("urls", Json::array())) {
      out.urls.push_back(url.get<std::string>());
    }
  };
  const auto plural = request.value("stream_outputs", Json::array());
  for (const auto& stream : plural) add(stream);
  if (plural.empty() && request.contains("stream")) add(request["stream"]);
  for (const auto& output : request.value("outputs", Json::array())) {
    if (output.contains("stream")) {
      add(output["stream"]);
    } else {
      out.other_kinds = true;
    }
  }
  for (const auto* key : {"file", "segments", "websocket_url"}) {
    if (request.contains(key)) out.other_kinds = true;
  }
  for (const auto* key : {"file_outputs", "segment_outputs", "image_outputs"}) {
    if (!request.value(key, Json::array()).empty()) out.other_kinds = true;
  }
  return out;
}

}  // namespace

EgressOutput LiveKitService::Impl::make_output(const std::string& url) {
  EgressOutput output;
  output.relay = next_relay++;
  output.original = url;
  output.url = expand_url(url);
  output.info = {{"url", redact_url(output.url)}, {"status", "ACTIVE"}};
  return output;
}

Outcome LiveKitService::Impl::plan_source(std::string_view method, const Json& request,
                                          Egress& item) {
  const auto room_composite = [&](const Json& source) -> Outcome {
    if (flag_of(source, "audio_only") && flag_of(source, "video_only")) {
      return missing("audio_only and video_only");
    }
    item.source = Egress::Source::kRoom;
    item.video = !flag_of(source, "audio_only");
    item.audio = !flag_of(source, "video_only");
    return Json();
  };
  if (method == "StartRoomCompositeEgress") return room_composite(request);
  if (method == "StartParticipantEgress") {
    item.identity = text_of(request, "identity");
    if (item.identity.empty()) return missing("identity");
    item.source = Egress::Source::kParticipant;
    return Json();
  }
  item.source = Egress::Source::kTracks;
  if (method == "StartTrackCompositeEgress") {
    item.audio_track = text_of(request, "audio_track_id");
    item.video_track = text_of(request, "video_track_id");
    if (item.audio_track.empty() && item.video_track.empty()) {
      return missing("audio_track_id or video_track_id");
    }
  } else if (method == "StartEgress" && request.contains("template")) {
    return room_composite(request["template"]);
  } else if (method == "StartEgress" && request.contains("media")) {
    const auto& media = request["media"];
    item.video_track = text_of(media, "video_track_id");
    const auto audio = media.value("audio", Json::object());
    const auto routes = audio.value("routes", Json::array());
    if (media.contains("participant_video") || flag_of(audio, "capture_all") || routes.size() > 1 ||
        (routes.size() == 1 && !routes[0].contains("track_id"))) {
      return no_worker();
    }
    if (routes.size() == 1) item.audio_track = text_of(routes[0], "track_id");
    if (item.audio_track.empty() && item.video_track.empty()) return missing("media");
  } else {
    // Web pages and single tracks to files need a browser and storage: no worker takes them.
    return no_worker();
  }
  item.audio = !item.audio_track.empty();
  item.video = !item.video_track.empty();
  return Json();
}

Outcome LiveKitService::Impl::start_egress(std::string_view method, const Json& request) {
  static const std::map<std::string_view, std::string_view> kMember{
      {"StartEgress", "egress"},
      {"StartRoomCompositeEgress", "room_composite"},
      {"StartWebEgress", "web"},
      {"StartParticipantEgress", "participant"},
      {"StartTrackCompositeEgress", "track_composite"},
      {"StartTrackEgress", "track"}};
  const auto room_name = text_of(request, "room_name");
  const auto* room = find_room(room_name);
  if (room == nullptr && !room_name.empty()) {
    return service_error("not_found", "requested room does not exist");
  }
  Egress made;
  if (auto outcome = plan_source(method, request, made); std::holds_alternative<Refusal>(outcome)) {
    return outcome;
  }
  if (room == nullptr) return missing("room_name");
  const auto outputs = outputs_of(request);
  if (outputs.streams > 1) return missing("multiple stream outputs");
  if (outputs.other_kinds) return no_worker();
  if (outputs.urls.empty()) return missing(outputs.streams == 0 ? "output" : "stream url");
  const bool first_is_rtmp = is_rtmp_scheme(outputs.urls.front());
  for (const auto& url : outputs.urls) {
    const auto scheme = scheme_of(url);
    if (scheme == "srt" || scheme == "ws" || scheme == "wss" || scheme == "twitch") {
      if (outputs.urls.size() > 1 && first_is_rtmp) return invalid_url(url, "invalid scheme");
      return no_worker();
    }
    if (!is_rtmp_scheme(url)) return invalid_url(url, "invalid scheme");
    if (!is_rtmp_target(expand_url(url))) {
      return invalid_url(url,
                         "rtmp urls must be of format "
                         "rtmp(s)://{host}(/{path})/{app}/{stream_key}( live=1)");
    }
  }
  const auto mixing = request.value("audio_mixing", std::string("DEFAULT_MIXING"));
  if (mixing != "DEFAULT_MIXING") return no_worker();
  std::size_t feeding = 0;
  for (const auto& [publish, feed] : feeds) {
    if (feed.room == room_name && feed.joined) ++feeding;
  }
  // One publisher's picture is the whole composite; more would have to be composed.
  if (made.source == Egress::Source::kRoom && feeding > 1) return no_worker();
  if (made.source == Egress::Source::kTracks && made.audio && made.video) {
    const auto owner = [&](const std::string& sid) -> PublishId {
      for (const auto& [identity, participant] : room->participants) {
        for (const auto& track : participant.info.value("tracks", Json::array())) {
          if (text_of(track, "sid") == sid) return participant.publish;
        }
      }
      return 0;
    };
    const auto audio_of = owner(made.audio_track);
    const auto video_of = owner(made.video_track);
    if (audio_of != 0 && video_of != 0 && audio_of != video_of) return no_worker();
  }

  const auto id = new_id("EG_");
  auto echo = request;
  redact_streams(echo);
  made.info = {{"egress_id", id},
               {"room_id", text_of(room->info, "sid")},
               {"room_name", room_name},
               {"source_type", made.source == Egress::Source::kRoom ? "EGRESS_SOURCE_TYPE_WEB"
                                                                    : "EGRESS_SOURCE_TYPE_SDK"},
               {"status", "EGRESS_STARTING"},
               {"updated_at", now_ns()},
               {std::string(kMember.at(method)), std::move(echo)}};
  made.had_stream_member = request.contains("stream");
  if (made.source != Egress::Source::kRoom) {
    made.track_deadline = clock.steady_now() + kTrackTimeout;
  }
  for (const auto& url : outputs.urls) {
    made.outputs.push_back(make_output(url));
  }
  auto& stored = egress[id] = std::move(made);
  egress_event("egress_started", stored);
  const auto answer = egress_json(stored);
  auto& recorder =
      join(*find_room(room_name), id,
           {{"kind", "EGRESS"},
            {"permission", {{"can_subscribe", true}, {"hidden", true}, {"recorder", true}}}});
  recorder.egress = id;
  return answer;
}

Json LiveKitService::Impl::egress_json(const Egress& item) const {
  auto out = item.info;
  auto results = Json::array();
  for (const auto& output : item.outputs) results.push_back(output.info);
  if (item.had_stream_member) out["stream"] = {{"info", results}};
  out["stream_results"] = std::move(results);
  return out;
}

void LiveKitService::Impl::egress_event(std::string_view event, const Egress& item) {
  emit(event, text_of(item.info, "egress_id"), {{"egress_info", egress_json(item)}});
}

const Feed* LiveKitService::Impl::pick_feed(const Egress& item, bool& audio, bool& video) const {
  const auto room = rooms.find(text_of(item.info, "room_name"));
  if (room == rooms.end()) return nullptr;
  for (const auto& [identity, participant] : room->second.participants) {
    const auto found = feeds.find(participant.publish);
    if (participant.publish == 0 || found == feeds.end()) continue;
    const auto tracks = participant.info.value("tracks", Json::array());
    const auto has = [&](std::string_view key, std::string_view value) {
      return std::any_of(tracks.begin(), tracks.end(),
                         [&](const Json& track) { return text_of(track, key) == value; });
    };
    audio = item.audio && has("type", "AUDIO");
    video = item.video && has("type", "VIDEO");
    switch (item.source) {
      case Egress::Source::kRoom:
        if (audio || video) return &found->second;
        break;
      case Egress::Source::kParticipant:
        if (identity == item.identity && (audio || video)) return &found->second;
        break;
      case Egress::Source::kTracks:
        if ((!item.audio || has("sid", item.audio_track)) &&
            (!item.video || has("sid", item.video_track))) {
          audio = item.audio;
          video = item.video;
          return &found->second;
        }
        break;
    }
  }
  return nullptr;
}

void LiveKitService::Impl::launch(Egress& item, EgressOutput& output) {
  bool audio = true;
  bool video = true;
  if (pick_feed(item, audio, video) == nullptr) return;
  auto target = output.url.substr(0, output.url.find(' '));
  const auto parsed = net::Url::parse(target);
  const auto host = parsed ? parsed.value().host : std::string();
  if (host == "global-live.mux.com" || host.ends_with(".live.mux.com")) {
    target = options.mux_url + target.substr(target.rfind('/'));
  }
  output.running = true;
  effects.push_back(RelayStart{.relay = output.relay,
                               .publish = item.publish,
                               .audio = audio,
                               .video = video,
                               .url = Secret(target)});
}

void LiveKitService::Impl::try_to_run(Egress& item) {
  bool audio = true;
  bool video = true;
  const auto* feed = pick_feed(item, audio, video);
  if (feed == nullptr) return;
  item.publish = feed->publish;
  item.track_deadline.reset();
  item.info["status"] = "EGRESS_ACTIVE";
  item.info["started_at"] = now_ns();
  item.info["updated_at"] = now_ns();
  for (auto& output : item.outputs) launch(item, output);
  egress_event("egress_updated", item);
}

void LiveKitService::Impl::run_waiting_egress() {
  for (auto& [id, item] : egress) {
    if (text_of(item.info, "status") == "EGRESS_STARTING") try_to_run(item);
  }
}

void LiveKitService::Impl::finish(Egress& item, std::string_view status, std::string error,
                                  int error_code, std::string details) {
  item.info["status"] = status;
  item.info["error"] = std::move(error);
  item.info["error_code"] = error_code;
  item.info["details"] = details.empty() ? "" : "End reason: " + details;
  item.info["ended_at"] = now_ns();
  item.info["updated_at"] = now_ns();
  for (auto& output : item.outputs) {
    if (output.running) effects.push_back(RelayStop{output.relay});
    output.running = false;
    if (text_of(output.info, "status") == "ACTIVE") {
      output.info["status"] = status == "EGRESS_COMPLETE" ? "FINISHED" : "FAILED";
    }
    if (number_of(output.info, "ended_at") == 0) output.info["ended_at"] = now_ns();
    if (const auto started = number_of(output.info, "started_at"); started != 0) {
      output.info["duration"] = number_of(output.info, "ended_at") - started;
    }
  }
  item.track_deadline.reset();
  item.forget = clock.steady_now() + kKept;
  egress_event("egress_ended", item);
  leave(text_of(item.info, "room_name"), text_of(item.info, "egress_id"));
}

void LiveKitService::Impl::begin_end(Egress& item, std::string reason) {
  const auto status = text_of(item.info, "status");
  if (status == "EGRESS_STARTING") {
    const bool stopped = reason == "StopEgress API";
    finish(item, "EGRESS_ABORTED",
           stopped ? "Stop called before pipeline could start" : "Start signal not received", 412,
           std::move(reason));
    return;
  }
  if (status != "EGRESS_ACTIVE") return;
  item.end_reason = std::move(reason);
  item.info["status"] = "EGRESS_ENDING";
  item.info["details"] = "End reason: " + item.end_reason;
  item.info["updated_at"] = now_ns();
  egress_event("egress_updated", item);
  for (auto& output : item.outputs) {
    if (output.running) effects.push_back(RelayStop{output.relay});
  }
  settle(item);
}

/// Ends what has no output left.
void LiveKitService::Impl::settle(Egress& item) {
  const auto status = text_of(item.info, "status");
  if (is_terminal(status) || status == "EGRESS_STARTING") return;
  const bool running = std::any_of(item.outputs.begin(), item.outputs.end(),
                                   [](const EgressOutput& output) { return output.running; });
  if (running) return;
  if (status == "EGRESS_ENDING") {
    finish(item, "EGRESS_COMPLETE", "", 0, item.end_reason);
    return;
  }
  std::string error;
  bool all_removed = true;
  for (const auto& output : item.outputs) {
    if (output.removed) continue;
    all_removed = false;
    if (!text_of(output.info, "error").empty()) error = text_of(output.info, "error");
  }
  if (all_removed) {
    finish(item, "EGRESS_COMPLETE", "", 0, "All streams stopped");
  } else {
    finish(item, "EGRESS_FAILED", error, 503, "Failure");
  }
}

std::pair<Egress*, EgressOutput*> LiveKitService::Impl::find_relay(RelayId relay) {
  for (auto& [id, item] : egress) {
    for (auto& output : item.outputs) {
      if (output.relay == relay) return {&item, &output};
    }
  }
  return {nullptr, nullptr};
}

void LiveKitService::Impl::relay_is_up(RelayId relay) {
  auto [item, output] = find_relay(relay);
  if (item == nullptr || !output->running) return;
  if (number_of(output->info, "started_at") == 0) {
    output->info["started_at"] = now_ns();
  } else {
    output->info["last_retry_at"] = now_ns();
    output->info["retries"] = number_of(output->info, "retries") + 1;
  }
  item->info["updated_at"] = now_ns();
  if (text_of(item->info, "status") == "EGRESS_ACTIVE") egress_event("egress_updated", *item);
}

void LiveKitService::Impl::relay_is_over(RelayId relay, std::string_view error) {
  auto [item, output] = find_relay(relay);
  if (item == nullptr || !output->running) return;
  output->running = false;
  const bool ending = text_of(item->info, "status") == "EGRESS_ENDING" || output->removed;
  const bool failed = !error.empty() && !ending;
  output->info["status"] = failed ? "FAILED" : "FINISHED";
  if (failed) output->info["error"] = error;
  output->info["ended_at"] = now_ns();
  if (const auto started = number_of(output->info, "started_at"); started != 0) {
    output->info["duration"] = now_ns() - started;
  }
  item->info["updated_at"] = now_ns();
  const bool others = std::any_of(item->outputs.begin(), item->outputs.end(),
                                  [](const EgressOutput& other) { return other.running; });
  if (failed && others) egress_event("egress_updated", *item);
  settle(*item);
}

void LiveKitService::Impl::source_gone(PublishId publish) {
  for (auto& [id, item] : egress) {
    if (item.publish == publish) begin_end(item, "Source closed");
  }
}

void LiveKitService::Impl::room_closed(const std::string& name) {
  for (auto& [id, item] : egress) {
    if (text_of(item.info, "room_name") == name && !is_terminal(text_of(item.info, "status"))) {
      begin_end(item, "Source closed");
    }
  }
}

void LiveKitService::Impl::tick_egress() {
  const auto now = clock.steady_now();
  for (auto item = egress.begin(); item != egress.end();) {
    if (item->second.forget && now >= *item->second.forget) {
      item = egress.erase(item);
      continue;
    }
    auto& one = item->second;
    if (text_of(one.info, "status") == "EGRESS_STARTING") {
      try_to_run(one);
      if (one.track_deadline && now >= *one.track_deadline) {
        const auto what = one.source == Egress::Source::kParticipant
                              ? "participant " + one.identity
                              : "track " + (one.video ? one.video_track : one.audio_track);
        finish(one, "EGRESS_FAILED", what + " not found", 404, "Failure");
      }
    }
    ++item;
  }
}

Outcome LiveKitService::Impl::update_layout(const Json& request) {
  const auto found = egress.find(text_of(request, "egress_id"));
  if (found == egress.end()) return no_egress();
  auto* recorder = find_participant(text_of(found->second.info, "room_name"), found->first);
  if (recorder == nullptr) return service_error("not_found", "participant does not exist");
  recorder->info["metadata"] = dump_json(Json{{"layout", text_of(request, "layout")}});
  return egress_json(found->second);
}

Outcome LiveKitService::Impl::update_stream(const Json& request) {
  const auto found = egress.find(text_of(request, "egress_id"));
  if (found == egress.end()) return no_egress();
  auto& item = found->second;
  const auto status = text_of(item.info, "status");
  if (status != "EGRESS_STARTING" && status != "EGRESS_ACTIVE") {
    return Refusal{"failed_precondition", "egress with status " + status + " cannot be updated"};
  }
  const auto running = [&](const std::string& url) {
    return std::find_if(item.outputs.begin(), item.outputs.end(), [&](const EgressOutput& output) {
      return !output.removed && text_of(output.info, "status") == "ACTIVE" &&
             (output.original == url || output.url == expand_url(url));
    });
  };
  std::vector<std::string> errors;
  std::string code = "invalid_argument";
  for (const auto& added : request.value("add_output_urls", Json::array())) {
    const auto url = added.get<std::string>();
    if (!is_rtmp_scheme(url) || !is_rtmp_target(expand_url(url))) {
      return invalid_url(url, "invalid scheme");
    }
    if (running(url) != item.outputs.end()) continue;
    item.outputs.push_back(make_output(url));
    if (status == "EGRESS_ACTIVE") launch(item, item.outputs.back());
  }
  for (const auto& removed : request.value("remove_output_urls", Json::array())) {
    const auto url = removed.get<std::string>();
    const auto output = running(url);
    if (output == item.outputs.end()) {
      code = "not_found";
      errors.push_back("stream " + url + " not found");
      continue;
    }
    output->removed = true;
    if (output->running) {
      effects.push_back(RelayStop{output->relay});
    } else {
      output->info["status"] = "FINISHED";
      output->info["ended_at"] = now_ns();
    }
  }
  if (!errors.empty()) {
    std::string text = errors.front();
    for (std::size_t i = 1; i < errors.size(); ++i) text += "\n" + errors[i];
    return service_error(code, text);
  }
  item.info["updated_at"] = now_ns();
  egress_event("egress_updated", item);
  settle(item);
  return egress_json(item);
}

Outcome LiveKitService::Impl::list_egress(const Json& request) {
  Json items = Json::array();
  if (const auto id = text_of(request, "egress_id"); !id.empty()) {
    const auto found = egress.find(id);
    if (found == egress.end()) return no_egress();
    items.push_back(egress_json(found->second));
    return Json{{"items", std::move(items)}};
  }
  const auto room = text_of(request, "room_name");
  for (const auto& [id, item] : egress) {
    if (!room.empty() && text_of(item.info, "room_name") != room) continue;
    if (flag_of(request, "active") && is_terminal(text_of(item.info, "status"))) continue;
    items.push_back(egress_json(item));
  }
  return Json{{"items", std::move(items)}};
}

Outcome LiveKitService::Impl::stop_egress(const Json& request) {
  const auto found = egress.find(text_of(request, "egress_id"));
  if (found == egress.end()) return no_egress();
  const auto status = text_of(found->second.info, "status");
  if (is_terminal(status) || status == "EGRESS_ENDING") {
    return Refusal{"failed_precondition", "egress with status " + status + " cannot be stopped"};
  }
  auto& item = found->second;
  begin_end(item, "StopEgress API");
  return egress_json(item);
}

}  // namespace ts::sandbox
