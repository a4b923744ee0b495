// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloudflare_service.hpp"

#include "sandbox/cloudflare_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

/// timeoutSeconds 0 is "the platform's own choice"; the real one is not documented.
constexpr seconds kReconnect{10};
/// A broken output is tried again after this long, while the input is fed.
constexpr seconds kOutputRetry{5};
constexpr std::size_t kSegmentsToPlay = 2;

std::string hex_of(std::string text) {
  for (auto& c : text) c = "0123456789abcdef"[static_cast<unsigned char>(c) % 16U];
  return text;
}

}  // namespace

std::string CloudflareService::Impl::now_text() const { return format_rfc3339(clock.now()); }
std::string CloudflareService::Impl::new_uid() { return hex_of(options.random(32)); }
std::string CloudflareService::Impl::new_key() { return hex_of(options.random(32)) + "k"; }

Json CloudflareService::Impl::input_json(const LiveInputState& input, bool whole) const {
  Json out{{"uid", input.uid}, {"created", input.created}, {"modified", input.modified}};
  out.update(input.settings);
  if (!whole) {
    out.erase("recording");
    return out;
  }
  out["status"] = nullptr;
  if (!input.state.empty()) {
    out["status"] = {{"current",
                      {{"ingestProtocol", "rtmp"},
                       {"state", input.state},
                       {"reason", input.reason},
                       {"statusEnteredAt", format_rfc3339(input.since)},
                       {"statusLastSeen", now_text()}}},
                     {"history", Json::array()}};
  }
  out["rtmps"] = {{"url", rtmp_url}, {"streamKey", input.stream_key}};
  out["rtmpsPlayback"] = {{"url", rtmp_url}, {"streamKey", input.playback_key}};
  const auto srt = [&](std::string_view id) {
    return Json{
        {"url", "srt://127.0.0.1:778"}, {"streamId", id}, {"passphrase", input.srt_passphrase}};
  };
  out["srt"] = srt(input.uid);
  out["srtPlayback"] = srt("play" + input.uid);
  out["webRTC"] = {{"url", customer_url + "/" + input.publish_secret + "/webRTC/publish"}};
  out["webRTCPlayback"] = {{"url", customer_url + "/" + input.play_secret + "/webRTC/play"}};
  out["playback"] = {{"hls", customer_url + "/" + input.uid + "/manifest/video.m3u8"},
                     {"dash", customer_url + "/" + input.uid + "/manifest/video.mpd"}};
  if (input.keys_rotated) out["keysRotatedAt"] = *input.keys_rotated;
  return out;
}

Json CloudflareService::Impl::output_json(const CloudflareOutput& output) const {
  Json out{{"uid", output.uid},
           {"url", output.url},
           {"streamKey", output.stream_key},
           {"enabled", output.enabled},
           {"status", nullptr}};
  if (!output.state.empty()) {
    out["status"] = {{"current",
                      {{"state", output.state},
                       {"reason", output.reason},
                       {"statusEnteredAt", format_rfc3339(output.since)},
                       {"statusLastSeen", now_text()}}}};
  }
  return out;
}

Json CloudflareService::Impl::video_json(const VideoState& video) const {
  const auto base = customer_url + "/" + video.uid;
  const bool over = video.state != "live-inprogress";
  Json out{{"uid", video.uid},
           {"liveInput", video.input},
           {"created", video.created},
           {"modified", video.modified},
           {"uploaded", video.created},
           {"readyToStream", video.segments >= kSegmentsToPlay},
           {"readyToStreamAt", video.ready_at.empty() ? Json(nullptr) : Json(video.ready_at)},
           {"status",
            {{"state", video.state},
             {"errorReasonCode", video.error.empty() ? "" : "ERR_NON_VIDEO"},
             {"errorReasonText", video.error}}},
           {"duration", over ? static_cast<double>(video.duration.count()) / 1000 : -1.0},
           {"input", {{"width", video.width}, {"height", video.height}}},
           {"thumbnail", base + "/thumbnails/thumbnail.jpg"},
           {"playback",
            {{"hls", base + "/manifest/video.m3u8"}, {"dash", base + "/manifest/video.mpd"}}},
           {"watermark", nullptr}};
  if (video.state == "ready") out["status"]["pctComplete"] = "100.000000";
  out.update(video.settings);
  return out;
}

bool CloudflareService::Impl::records(const LiveInputState& input) const {
  return input.settings["recording"].value("mode", "off") == "automatic";
}

void CloudflareService::Impl::notify(std::string_view event, const LiveInputState& input,
                                     std::string_view error_code, std::string_view error_text) {
  Json data{{"notification_name", "Stream Live Input"},
            {"input_id", input.uid},
            {"event_type", event},
            {"updated_at", now_text()}};
  if (!error_code.empty()) {
    data["live_input_errored"] = {{"error", {{"code", error_code}, {"message", error_text}}},
                                  {"video_codec", ""},
                                  {"audio_codec", ""}};
  }
  const auto at = std::chrono::duration_cast<seconds>(clock.now().time_since_epoch()).count();
  effects.push_back(
      WebhookDue{.vendor = Vendor::kCloudflare,
                 .queue = input.uid,
                 .type = std::string(event),
                 .body = dump_json(Json{{"name", "Live Webhook Test"},
                                        {"text", "Notification type: Stream Live Input"},
                                        {"data", std::move(data)},
                                        {"ts", at}}),
                 .notification = true});
}

void CloudflareService::Impl::video_event(const VideoState& video) {
  effects.push_back(WebhookDue{.vendor = Vendor::kCloudflare,
                               .queue = video.uid,
                               .type = "video." + video.state,
                               .body = dump_json(video_json(video))});
}

void CloudflareService::Impl::set_state(LiveInputState& input, std::string state,
                                        std::string reason) {
  input.state = std::move(state);
  input.reason = std::move(reason);
  input.since = clock.now();
}

LiveInputState* CloudflareService::Impl::find_input(std::string_view uid) {
  const auto found = inputs.find(uid);
  return found == inputs.end() ? nullptr : &found->second;
}

LiveInputState* CloudflareService::Impl::by_publish(PublishId publish) {
  for (auto& [uid, input] : inputs) {
    if (publish != 0 && input.publish == publish) return &input;
  }
  return nullptr;
}

std::pair<LiveInputState*, CloudflareOutput*> CloudflareService::Impl::by_relay(RelayId relay) {
  for (auto& [uid, input] : inputs) {
    for (auto& output : input.outputs) {
      if (relay != 0 && output.relay == relay) return {&input, &output};
    }
  }
  return {nullptr, nullptr};
}

void CloudflareService::Impl::start_output(LiveInputState& input, CloudflareOutput& output) {
  output.retry.reset();
  if (!output.enabled || input.publish == 0 || output.relay != 0) return;
  output.relay = next_relay++;
  output.state = "connecting";
  output.reason.clear();
  output.since = clock.now();
  auto url = output.url;
  if (!output.stream_key.empty() && !url.ends_with('/')) url += '/';
  effects.push_back(RelayStart{
      .relay = output.relay, .publish = input.publish, .url = Secret(url + output.stream_key)});
}

void CloudflareService::Impl::stop_output(CloudflareOutput& output) {
  output.retry.reset();
  if (output.relay == 0) return;
  effects.push_back(RelayStop{output.relay});
  output.relay = 0;
  output.state = "disconnected";
  output.reason.clear();
  output.since = clock.now();
}

void CloudflareService::Impl::end_recording(LiveInputState& input) {
  input.window_ends.reset();
  if (input.video.empty()) return;
  effects.push_back(RecordingEnd{input.video});
  input.video.clear();
}

void CloudflareService::Impl::remove_input(const std::string& uid) {
  auto& input = inputs.at(uid);
  if (input.publish != 0) {
    effects.push_back(PublisherKick{input.publish, "the live input was deleted"});
  }
  for (auto& output : input.outputs) stop_output(output);
  end_recording(input);
  inputs.erase(uid);
  std::erase(input_order, uid);
}

void CloudflareService::Impl::remove_video(const std::string& uid) {
  effects.push_back(RecordingDelete{uid});
  videos_by_uid.erase(uid);
  std::erase(video_order, uid);
}

void CloudflareService::Impl::tell_endpoints() {
  WebhookEndpoints said{.vendor = Vendor::kCloudflare};
  if (!webhook_url.empty()) {
    said.endpoints.push_back({.url = webhook_url, .secret = options.webhook_secret.clone()});
  }
  effects.push_back(std::move(said));
}

CloudflareService::CloudflareService(Options options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
CloudflareService::~CloudflareService() = default;

void CloudflareService::set_addresses(std::string rtmp_url, std::string customer_url) {
  impl_->rtmp_url = std::move(rtmp_url);
  impl_->customer_url = std::move(customer_url);
}

Status CloudflareService::publish_begins(std::string_view stream_key, PublishId publish) {
  LiveInputState* input = nullptr;
  for (auto& [uid, one] : impl_->inputs) {
    if (one.stream_key == stream_key) input = &one;
  }
  if (input == nullptr) {
    return Error{.kind = ErrorKind::kAuth, .message = "no live input has this key"};
  }
  if (!input->settings.value("enabled", true)) {
    return Error{.kind = ErrorKind::kAuth, .message = "the live input is disabled"};
  }
  if (input->publish != 0) {
    return Error{.kind = ErrorKind::kConflict, .message = "an encoder is connected already"};
  }
  const bool again = input->window_ends.has_value();
  input->publish = publish;
  input->window_ends.reset();
  impl_->set_state(*input, "connected", again ? "reconnected" : "connected");
  impl_->notify("live_input.connected", *input);
  if (impl_->records(*input)) {
    const bool resume = !input->video.empty();
    if (!resume) {
      VideoState video;
      video.uid = impl_->new_uid();
      video.input = input->uid;
      video.created = impl_->now_text();
      video.modified = video.created;
      const auto& recording = input->settings["recording"];
      const auto name = input->settings["meta"].value("name", std::string());
      video.settings = {
          {"meta",
           {{"name", (name.empty() ? input->uid : name) + " " + video.created.substr(0, 16)}}},
          {"creator", input->settings.value("defaultCreator", Json())},
          {"requireSignedURLs", recording["requireSignedURLs"]},
          {"allowedOrigins", recording["allowedOrigins"]}};
      input->video = video.uid;
      impl_->video_order.push_back(video.uid);
      impl_->videos_by_uid[input->video] = std::move(video);
    }
    impl_->effects.push_back(
        RecordingStart{.asset = input->video, .publish = publish, .resume = resume});
  }
  for (auto& output : input->outputs) impl_->start_output(*input, output);
  return ok_status();
}

void CloudflareService::publish_described(PublishId publish, const StreamInfo& info) {
  auto* input = impl_->by_publish(publish);
  if (input == nullptr) return;
  if (const auto video = impl_->videos_by_uid.find(input->video);
      video != impl_->videos_by_uid.end() && info.has_video) {
    video->second.width = info.width;
    video->second.height = info.height;
  }
  if (info.has_video && info.video_mime != "video/H264") {
    impl_->notify("live_input.errored", *input, "ERR_UNSUPPORTED_VIDEO_CODEC",
                  "the video codec is not H.264");
  } else if (info.has_audio && info.audio_mime != "audio/aac") {
    impl_->notify("live_input.errored", *input, "ERR_UNSUPPORTED_AUDIO_CODEC",
                  "the audio codec is not AAC");
  }
}

void CloudflareService::publish_ended(PublishId publish, std::string_view error) {
  auto* input = impl_->by_publish(publish);
  if (input == nullptr) return;
  input->publish = 0;
  impl_->set_state(*input, "disconnected", error.empty() ? "client_disconnect" : "failed");
  for (auto& output : input->outputs) impl_->stop_output(output);
  impl_->notify("live_input.disconnected", *input);
  if (input->video.empty()) return;
  const seconds wanted{input->settings["recording"].value("timeoutSeconds", 0)};
  impl_->effects.push_back(RecordingPause{input->video});
  input->window_ends = impl_->clock.steady_now() + (wanted.count() == 0 ? kReconnect : wanted);
}

void CloudflareService::recording_progress(std::string_view uid, std::size_t segments,
                                           milliseconds duration) {
  const auto found = impl_->videos_by_uid.find(uid);
  if (found == impl_->videos_by_uid.end()) return;
  auto& video = found->second;
  video.segments = segments;
  video.duration = duration;
  if (video.ready_at.empty() && segments >= kSegmentsToPlay) video.ready_at = impl_->now_text();
}

void CloudflareService::recording_completed(std::string_view uid, milliseconds duration,
                                            std::string_view error) {
  const auto found = impl_->videos_by_uid.find(uid);
  if (found == impl_->videos_by_uid.end()) return;
  auto& video = found->second;
  video.duration = duration;
  video.modified = impl_->now_text();
  const bool broken = !error.empty() || duration.count() == 0;
  video.state = broken ? "error" : "ready";
  if (broken) video.error = error.empty() ? "no media was received" : std::string(error);
  if (!broken && video.ready_at.empty()) video.ready_at = impl_->now_text();
  impl_->video_event(video);
}

void CloudflareService::relay_connected(RelayId relay) {
  auto [input, output] = impl_->by_relay(relay);
  if (output == nullptr) return;
  output->state = "connected";
  output->reason.clear();
  output->since = impl_->clock.now();
}

void CloudflareService::relay_ended(RelayId relay, std::string_view error) {
  auto [input, output] = impl_->by_relay(relay);
  if (output == nullptr) return;
  output->relay = 0;
  output->state = error.empty() ? "disconnected" : "failed_to_connect";
  output->reason = error;
  output->since = impl_->clock.now();
  if (!error.empty() && input->publish != 0) {
    output->retry = impl_->clock.steady_now() + kOutputRetry;
  }
}

Playback CloudflareService::find_playback(std::string_view uid) const {
  auto shown = std::string(uid);
  Playback out{.state = Playback::State::kNotActive};
  const auto input = impl_->inputs.find(uid);
  if (input != impl_->inputs.end()) {
    out.is_signed = input->second.settings["recording"].value("requireSignedURLs", false);
    shown = input->second.video;
    out.live = true;
  }
  const auto video = impl_->videos_by_uid.find(shown);
  if (video == impl_->videos_by_uid.end()) {
    if (input == impl_->inputs.end()) out.state = Playback::State::kUnknown;
    return out;
  }
  out.is_signed = video->second.settings.value("requireSignedURLs", out.is_signed);
  out.asset = shown;
  if (video->second.segments >= kSegmentsToPlay || video->second.state == "ready") {
    out.state = Playback::State::kPlayable;
  }
  return out;
}

Json CloudflareService::lifecycle(std::string_view uid) const {
  const auto input = impl_->inputs.find(uid);
  if (input != impl_->inputs.end()) {
    const auto& video = input->second.video;
    return {{"isInput", true},
            {"videoUID", video.empty() ? Json(nullptr) : Json(video)},
            {"live", input->second.publish != 0 && !video.empty()}};
  }
  const auto video = impl_->videos_by_uid.find(uid);
  if (video == impl_->videos_by_uid.end()) return nullptr;
  return {
      {"isInput", false}, {"videoUID", uid}, {"live", video->second.state == "live-inprogress"}};
}

void CloudflareService::tick() {
  const auto now = impl_->clock.steady_now();
  for (auto& [uid, input] : impl_->inputs) {
    if (input.window_ends && now >= *input.window_ends) impl_->end_recording(input);
    for (auto& output : input.outputs) {
      if (output.retry && now >= *output.retry) impl_->start_output(input, output);
    }
  }
}

Effects CloudflareService::take_effects() { return std::exchange(impl_->effects, {}); }

Json CloudflareService::describe() const {
  Json out{{"live_inputs", Json::array()}, {"videos", Json::array()}};
  for (const auto& uid : impl_->input_order) {
    const auto& input = impl_->inputs.at(uid);
    Json outputs = Json::array();
    for (const auto& output : input.outputs) {
      outputs.push_back({{"uid", output.uid},
                         {"enabled", output.enabled},
                         {"state", output.state},
                         {"reason", output.reason}});
    }
    out["live_inputs"].push_back({{"uid", uid},
                                  {"status", input.state},
                                  {"recording", impl_->records(input)},
                                  {"video", input.video},
                                  {"outputs", std::move(outputs)}});
  }
  for (const auto& uid : impl_->video_order) {
    const auto& video = impl_->videos_by_uid.at(uid);
    out["videos"].push_back({{"uid", uid},
                             {"status", video.state},
                             {"input", video.input},
                             {"duration_s", static_cast<double>(video.duration.count()) / 1000}});
  }
  return out;
}

void CloudflareService::reset() {
  const auto all = impl_->input_order;
  for (const auto& uid : all) {
    const auto publish = impl_->inputs.at(uid).publish;
    for (auto& output : impl_->inputs.at(uid).outputs) impl_->stop_output(output);
    if (publish != 0) impl_->effects.push_back(PublisherKick{publish, "the sandbox was reset"});
  }
  for (const auto& uid : impl_->video_order) impl_->effects.push_back(RecordingDelete{uid});
  impl_->inputs.clear();
  impl_->input_order.clear();
  impl_->videos_by_uid.clear();
  impl_->video_order.clear();
  impl_->creates.clear();
  impl_->keys.clear();
  impl_->key_order.clear();
  impl_->account_key_id.clear();
  impl_->account_key.clear();
  impl_->webhook_url.clear();
  impl_->tell_endpoints();
}

}  // namespace ts::sandbox
