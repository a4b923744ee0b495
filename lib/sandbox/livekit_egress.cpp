// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "net/url.hpp"
#include "sandbox/livekit_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr seconds kTrackTimeout{30};
constexpr std::chrono::hours kKept{24};

Refusal missing(std::string_view field) {
  return service_error("invalid_argument",
                       "request has missing or invalid field: " + std::string(field));
}

void count_written(EgressOutput& output, RelayLeft left) {
  if (output.kind == EgressOutput::Kind::kImages) {
    output.info["image_count"] = left.files;
    return;
  }
  output.info["size"] = left.bytes;
  if (output.kind == EgressOutput::Kind::kSegments) output.info["segment_count"] = left.files;
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

EgressOutput LiveKitService::Impl::make_file(EgressOutput::Kind kind, const Json& wanted,
                                             const NameParts& parts) {
  EgressOutput output;
  output.kind = kind;
  output.relay = next_relay++;
  if (kind == EgressOutput::Kind::kFile) {
    output.path = file_name(text_of(wanted, "filepath"), parts, ".mp4");
    output.info = {{"filename", output.path}, {"location", options.files + "/" + output.path}};
    return output;
  }
  if (kind == EgressOutput::Kind::kImages) {
    output.path = file_name(text_of(wanted, "filename_prefix"), parts, "");
    output.info = {{"filename_prefix", output.path}};
    const auto interval = number_of(wanted, "capture_interval");
    const auto suffix = text_of(wanted, "filename_suffix");
    output.stills = {.prefix = output.path,
                     .interval = interval > 0 ? seconds{interval} : StillsWanted{}.interval,
                     .width = number_of(wanted, "width"),
                     .height = number_of(wanted, "height"),
                     .naming = suffix == "IMAGE_SUFFIX_TIMESTAMP"        ? "timestamp"
                               : suffix == "IMAGE_SUFFIX_NONE_OVERWRITE" ? "overwrite"
                                                                         : "index",
                     .manifest = !flag_of(wanted, "disable_manifest")};
    return output;
  }
  output.path = file_name(text_of(wanted, "filename_prefix"), parts, ".hls");
  const auto at = options.files + "/" + output.path;
  output.info = {{"playlist_name", "recording.m3u8"},
                 {"playlist_location", at + "/recording.m3u8"},
                 {"live_playlist_name", "live.m3u8"},
                 {"live_playlist_location", at + "/live.m3u8"}};
  return output;
}

std::optional<Refusal> LiveKitService::Impl::wrong_url(const WantedOutputs& wanted) const {
  for (const auto& url : wanted.urls) {
    const auto scheme = scheme_of(url);
    if (scheme == "srt" || scheme == "ws" || scheme == "wss" || scheme == "twitch") {
      if (wanted.urls.size() > 1 && is_rtmp_scheme(wanted.urls.front())) {
        return invalid_url(url, "invalid scheme");
      }
      return no_worker("stream output to SRT, a websocket or Twitch");
    }
    if (!is_rtmp_scheme(url)) return invalid_url(url, "invalid scheme");
    if (!is_rtmp_target(expand_url(url))) {
      return invalid_url(url,
                         "rtmp urls must be of format "
                         "rtmp(s)://{host}(/{path})/{app}/{stream_key}( live=1)");
    }
  }
  return std::nullopt;
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
    if (auto refusal = plan_composite(request, source, item)) return *refusal;
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
  } else if (method == "StartTrackEgress") {
    const auto track = text_of(request, "track_id");
    if (track.empty()) return missing("track_id");
    // Which kind it is is known once it is there.
    const auto* found = find_track(text_of(request, "room_name"), track);
    (found != nullptr && text_of(*found, "type") == "AUDIO" ? item.audio_track : item.video_track) =
        track;
  } else if (method == "StartEgress" && request.contains("template")) {
    return room_composite(request["template"]);
  } else if (method == "StartEgress" && request.contains("media")) {
    const auto& media = request["media"];
    item.video_track = text_of(media, "video_track_id");
    const auto audio = media.value("audio", Json::object());
    const auto routes = audio.value("routes", Json::array());
    if (media.contains("participant_video") || flag_of(audio, "capture_all") || routes.size() > 1 ||
        (routes.size() == 1 && !routes[0].contains("track_id"))) {
      return no_worker("egress of that sound");
    }
    if (routes.size() == 1) item.audio_track = text_of(routes[0], "track_id");
    if (item.audio_track.empty() && item.video_track.empty()) return missing("media");
  } else {
    // A web page needs a browser: no worker takes it.
    return no_worker("egress of a web page");
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
  if (outputs.files.size() > 1) return missing("multiple file outputs");
  if (outputs.segments.size() > 1) return missing("multiple segmented file outputs");
  if (outputs.images.size() > 1) return missing("multiple image outputs");
  if (outputs.needs_worker) return no_worker("egress to cloud storage, a websocket or OGG");
  if (!outputs.images.empty() && !made.video) return missing("image_outputs");
  if (outputs.urls.empty() && outputs.files.empty() && outputs.segments.empty() &&
      outputs.images.empty()) {
    return missing(outputs.streams == 0 ? "output" : "stream url");
  }
  if (auto refusal = wrong_url(outputs)) return *refusal;
  const auto mixing = request.value("audio_mixing", std::string("DEFAULT_MIXING"));
  if (mixing != "DEFAULT_MIXING") return no_worker("audio mixing but DEFAULT_MIXING");
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
    if (audio_of != 0 && video_of != 0 && audio_of != video_of)
      return no_worker("egress of two participants' tracks");
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
  for (const auto* member : {"stream", "file", "segments"}) {
    if (request.contains(member)) made.deprecated = member;
  }
  if (made.source != Egress::Source::kRoom) {
    made.track_deadline = clock.steady_now() + kTrackTimeout;
  }
  for (const auto& url : outputs.urls) made.outputs.push_back(make_output(url));
  auto time = format_rfc3339(clock.now()).substr(0, 19);
  std::erase(time, ':');
  const NameParts parts{.room_name = room_name,
                        .room_id = text_of(room->info, "sid"),
                        .time = time,
                        .publisher = made.identity,
                        .track_id = made.video_track.empty() ? made.audio_track : made.video_track};
  for (const auto& file : outputs.files) {
    made.outputs.push_back(make_file(EgressOutput::Kind::kFile, file, parts));
  }
  for (const auto& segments : outputs.segments) {
    made.outputs.push_back(make_file(EgressOutput::Kind::kSegments, segments, parts));
  }
  for (const auto& images : outputs.images) {
    made.outputs.push_back(make_file(EgressOutput::Kind::kImages, images, parts));
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
  auto streams = Json::array();
  auto files = Json::array();
  auto segments = Json::array();
  auto images = Json::array();
  for (const auto& output : item.outputs) {
    (output.kind == EgressOutput::Kind::kStream   ? streams
     : output.kind == EgressOutput::Kind::kFile   ? files
     : output.kind == EgressOutput::Kind::kImages ? images
                                                  : segments)
        .push_back(output.info);
  }
  if (item.deprecated == "stream") out["stream"] = {{"info", streams}};
  if (item.deprecated == "file" && !files.empty()) out["file"] = files.front();
  if (item.deprecated == "segments" && !segments.empty()) out["segments"] = segments.front();
  out["stream_results"] = std::move(streams);
  out["file_results"] = std::move(files);
  out["segment_results"] = std::move(segments);
  out["image_results"] = std::move(images);
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
  bool audio = item.audio;
  bool video = item.video;
  const bool composed = item.source == Egress::Source::kRoom;
  if (!composed && pick_feed(item, audio, video) == nullptr) return;
  output.running = true;
  RelayStart start{.relay = output.relay, .publish = item.publish, .audio = audio, .video = video};
  if (output.kind == EgressOutput::Kind::kFile) {
    start.file = output.path;
  } else if (output.kind == EgressOutput::Kind::kSegments) {
    start.folder = output.path;
  } else if (output.kind == EgressOutput::Kind::kImages) {
    start.stills = output.stills;
  } else {
    auto target = output.url.substr(0, output.url.find(' '));
    const auto parsed = net::Url::parse(target);
    const auto host = parsed ? parsed.value().host : std::string();
    if (host == "global-live.mux.com" || host.ends_with(".live.mux.com")) {
      target = options.mux_url + target.substr(target.rfind('/'));
    }
    start.url = Secret(target);
  }
  effects.push_back(std::move(start));
}

void LiveKitService::Impl::try_to_run(Egress& item) {
  if (item.source == Egress::Source::kRoom) {
    try_to_compose(item);
    return;
  }
  bool audio = true;
  bool video = true;
  if (const auto* feed = pick_feed(item, audio, video)) run(item, feed->publish);
}

void LiveKitService::Impl::run(Egress& item, PublishId publish) {
  item.publish = publish;
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
    if (output.kind == EgressOutput::Kind::kStream && text_of(output.info, "status") == "ACTIVE") {
      output.info["status"] = status == "EGRESS_COMPLETE" ? "FINISHED" : "FAILED";
    }
    if (number_of(output.info, "ended_at") == 0) output.info["ended_at"] = now_ns();
    const auto started = number_of(output.info, "started_at");
    if (started != 0 && output.kind != EgressOutput::Kind::kImages) {
      output.info["duration"] = number_of(output.info, "ended_at") - started;
    }
  }
  stop_composite(item);
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
    if (!output.error.empty()) error = output.error;
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

void LiveKitService::Impl::relay_has_written(RelayId relay, RelayLeft left) {
  auto [item, output] = find_relay(relay);
  if (item == nullptr || !output->running) return;
  count_written(*output, left);
}

void LiveKitService::Impl::relay_is_over(RelayId relay, std::string_view error, RelayLeft left) {
  auto [item, output] = find_relay(relay);
  if (item == nullptr || !output->running) return;
  output->running = false;
  const bool ending = text_of(item->info, "status") == "EGRESS_ENDING" || output->removed;
  const bool failed = !error.empty() && !ending;
  if (failed) output->error = error;
  if (output->kind == EgressOutput::Kind::kStream) {
    output->info["status"] = failed ? "FAILED" : "FINISHED";
    if (failed) output->info["error"] = error;
  } else {
    count_written(*output, left);
  }
  output->info["ended_at"] = now_ns();
  const auto started = number_of(output->info, "started_at");
  if (started != 0 && output->kind != EgressOutput::Kind::kImages) {
    output->info["duration"] = now_ns() - started;
  }
  item->info["updated_at"] = now_ns();
  const bool others = std::any_of(item->outputs.begin(), item->outputs.end(),
                                  [](const EgressOutput& other) { return other.running; });
  if (failed && others) egress_event("egress_updated", *item);
  // An end of the composite that nobody asked for is the compositor's, which says why.
  const bool lost = item->source == Egress::Source::kRoom && !failed && !ending;
  if (!lost) settle(*item);
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
  tell_composites();
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

}  // namespace ts::sandbox
