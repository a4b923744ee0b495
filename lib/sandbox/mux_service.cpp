// SPDX-License-Identifier: Apache-2.0
#include "sandbox/mux_service.hpp"

#include "sandbox/mux_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ts::sandbox {
namespace {

/// Segments before viewers are let in.
constexpr std::size_t kSegmentsToActive = 2;
/// Media before the asset of a running stream is ready.
constexpr seconds kMediaToReady{10};
constexpr seconds kDrain{60};
constexpr seconds kEndShown{60};
constexpr seconds kTestLimit{300};
constexpr std::chrono::hours kTestAssetLife{24};

std::string aspect_ratio(std::uint32_t width, std::uint32_t height) {
  const auto divisor = std::gcd(width, height);
  return divisor == 0 ? "" : fmt::format("{}:{}", width / divisor, height / divisor);
}

std::string resolution_tier(std::uint32_t height) {
  if (height <= 720) return "720p";
  if (height <= 1080) return "1080p";
  return height <= 1440 ? "1440p" : "2160p";
}

}  // namespace

std::string MuxService::Impl::now_text() const {
  return std::to_string(
      std::chrono::duration_cast<seconds>(clock.now().time_since_epoch()).count());
}

Json MuxService::Impl::stream_json(const LiveStream& stream) const {
  auto out = stream.data;
  out["status"] = stream.status;
  out["stream_key"] = stream.stream_key;
  out["playback_ids"] = stream.playback_ids;
  if (!stream.asset.empty()) out["active_asset_id"] = stream.asset;
  if (!stream.recent_assets.empty()) out["recent_asset_ids"] = stream.recent_assets;
  if (stream.publish != 0) out["active_ingest_protocol"] = "rtmp";
  if (!stream.targets.empty()) {
    out["simulcast_targets"] = Json::array();
    for (const auto& target : stream.targets) out["simulcast_targets"].push_back(target.data);
  }
  return out;
}

Json MuxService::Impl::asset_json(const Asset& asset) const {
  auto out = asset.data;
  out["status"] = asset.status;
  out["playback_ids"] = asset.playback_ids;
  if (!asset.imported) {
    out["live_stream_id"] = asset.live_stream;
    out["is_live"] = asset.is_live;
  }
  if (asset.duration.count() > 0) {
    out["duration"] = static_cast<double>(asset.duration.count()) / 1000.0;
  }
  out["progress"] = asset.is_live ? Json{{"state", "live"}, {"progress", -1}}
                                  : Json{{"state", "completed"}, {"progress", 100}};
  if (asset.imported && asset.status == "preparing") {
    out["progress"] = {{"state", "ingesting"}, {"progress", 0}};
  }
  if (!asset.renditions.empty()) out["static_renditions"] = {{"files", asset.renditions}};
  out["master_access"] = asset.master.empty() ? "none" : "temporary";
  if (!asset.master.empty()) {
    out["master"] = {{"status", asset.master_ready ? "ready" : "preparing"}};
    if (asset.master_ready) {
      out["master"]["url"] = fmt::format("{}/master/{}/master.mp4", site_url, asset.master);
    }
  }
  if (!asset.errors.is_null()) {
    out["errors"] = asset.errors;
    out["progress"] = {{"state", "errored"}, {"progress", -1}};
  }
  if (!asset.imported && !asset.is_live && !out["recording_times"].empty()) {
    out["recording_times"].back()["duration"] = out.value("duration", 0.0);
  }
  return out;
}

void MuxService::Impl::emit(std::string_view type, std::string_view object, Json data) {
  const auto uuid = fmt::format("{}-{}-{}-{}-{}", options.random(8), options.random(4),
                                options.random(4), options.random(4), options.random(12));
  const auto id = data.value("id", std::string());
  Json body{{"type", type},
            {"object", {{"type", object}, {"id", id}}},
            {"id", uuid},
            {"environment", {{"name", "Sandbox"}, {"id", "sandbox"}}},
            {"data", std::move(data)},
            {"created_at", format_rfc3339(clock.now())},
            {"accessor_source", nullptr},
            {"accessor", nullptr},
            {"request_id", nullptr}};
  effects.push_back(WebhookDue{
      .vendor = Vendor::kMux, .queue = "mux", .type = std::string(type), .body = dump_json(body)});
}

void MuxService::Impl::stream_event(std::string_view name, const LiveStream& stream) {
  emit("video.live_stream." + std::string(name), "live", stream_json(stream));
}
void MuxService::Impl::asset_event(std::string_view name, const Asset& asset) {
  emit("video.asset." + std::string(name), "asset", asset_json(asset));
}
void MuxService::Impl::target_event(std::string_view name, const SimulcastTarget& target) {
  emit("video.live_stream.simulcast_target." + std::string(name), "simulcast_target", target.data);
}

LiveStream* MuxService::Impl::find_stream(std::string_view id) {
  const auto found = streams.find(id);
  return found == streams.end() ? nullptr : &found->second;
}

LiveStream* MuxService::Impl::by_key(std::string_view key) {
  for (auto& [id, stream] : streams) {
    if (stream.stream_key == key) return &stream;
  }
  return nullptr;
}

LiveStream* MuxService::Impl::by_publish(PublishId publish) {
  for (auto& [id, stream] : streams) {
    if (publish != 0 && stream.publish == publish) return &stream;
  }
  return nullptr;
}

SimulcastTarget* MuxService::Impl::by_relay(RelayId relay) {
  for (auto& [id, stream] : streams) {
    for (auto& target : stream.targets) {
      if (relay != 0 && target.relay == relay) return &target;
    }
  }
  return nullptr;
}

Json MuxService::Impl::make_playback_ids(const Json& policies) {
  Json out = Json::array();
  for (const auto& policy : policies) out.push_back({{"id", new_id()}, {"policy", policy}});
  return out;
}

std::string MuxService::Impl::open_asset(LiveStream& stream) {
  const auto id = new_id();
  auto& asset = assets[id];
  asset_order.push_back(id);
  const auto settings = stream.data.value("new_asset_settings", Json::object());
  asset.live_stream = stream.data.value("id", std::string());
  asset.playback_ids = make_playback_ids(settings.value("playback_policies", Json::array()));
  asset.data = {{"id", id},
                {"created_at", now_text()},
                {"ingest_type", "live_rtmp"},
                {"master_access", "none"},
                {"mp4_support", "none"},
                {"max_resolution_tier", settings.value("max_resolution_tier", "1080p")},
                {"video_quality", settings.value("video_quality", "basic")},
                {"tracks", Json::array()},
                {"recording_times", Json::array({{{"started_at", format_rfc3339(clock.now())},
                                                  {"duration", nullptr},
                                                  {"type", "content"}}})}};
  for (const auto* key : {"passthrough", "meta"}) {
    if (settings.contains(key)) asset.data[key] = settings[key];
  }
  if (stream.data.value("test", false)) {
    asset.data["test"] = true;
    asset.expires = clock.steady_now() + kTestAssetLife;
  }
  for (const auto& rendition : settings.value("static_renditions", Json::array())) {
    if (rendition.is_object() && rendition.value("resolution", Json()).is_string()) {
      add_rendition(asset, rendition);
    }
  }
  if (settings.value("master_access", "none") == "temporary") asset.master = options.random(32);
  stream.asset = id;
  stream.recent_assets.push_back(id);
  return id;
}

void MuxService::Impl::start_targets(LiveStream& stream) {
  for (auto& target : stream.targets) {
    target.relay = next_relay++;
    target.data["status"] = "starting";
    target_event("starting", target);
    const auto key = target.data.value("stream_key", std::string());
    auto url = target.data.value("url", std::string());
    if (!key.empty()) url += (url.ends_with('/') ? "" : "/") + key;
    effects.push_back(
        RelayStart{.relay = target.relay, .publish = stream.publish, .url = Secret(url)});
  }
}

void MuxService::Impl::stop_targets(LiveStream& stream) {
  for (auto& target : stream.targets) {
    if (target.relay != 0) effects.push_back(RelayStop{target.relay});
    target.relay = 0;
    if (target.data.value("status", "idle") != "idle") {
      target.data["status"] = "idle";
      target_event("idle", target);
    }
  }
}

void MuxService::Impl::end_session(LiveStream& stream) {
  stream.window_ends.reset();
  stream.stop_at.reset();
  if (stream.asset.empty()) return;
  stop_targets(stream);
  effects.push_back(RecordingEnd{stream.asset});
  stream.last_asset = stream.announced_active || stream.status == "active" ? stream.asset : "";
  stream.last_shown_until = clock.steady_now() + kEndShown;
  stream.asset.clear();
  if (stream.status != "disabled") stream.status = "idle";
  stream_event("idle", stream);
}

void MuxService::Impl::complete(LiveStream& stream) {
  if (stream.publish != 0 && !stream.draining) {
    stream.draining = true;
    stream.kick_at = clock.steady_now() + kDrain;
  }
  end_session(stream);
}

void MuxService::Impl::disable(LiveStream& stream) {
  if (stream.publish != 0) {
    effects.push_back(PublisherKick{stream.publish, "the live stream was disabled"});
  }
  stream.status = "disabled";
  end_session(stream);
  stream_event("disabled", stream);
}

void MuxService::Impl::enable(LiveStream& stream) {
  if (stream.status != "disabled") return;
  stream.status = "idle";
  stream_event("enabled", stream);
}

void MuxService::Impl::remove(const std::string& id) {
  auto& stream = streams.at(id);
  if (stream.publish != 0) {
    effects.push_back(PublisherKick{stream.publish, "the live stream was deleted"});
  }
  end_session(stream);
  stream_event("deleted", stream);
  streams.erase(id);
  std::erase(stream_order, id);
}

MuxService::MuxService(Options options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
MuxService::~MuxService() = default;

Status MuxService::publish_begins(std::string_view stream_key, PublishId publish) {
  auto* stream = impl_->by_key(stream_key);
  if (stream == nullptr) {
    return Error{.kind = ErrorKind::kAuth, .message = "no live stream has this key"};
  }
  if (stream->status == "disabled") {
    return Error{.kind = ErrorKind::kAuth, .message = "the live stream is disabled"};
  }
  if (stream->publish != 0) {
    return Error{.kind = ErrorKind::kConflict, .message = "an encoder is connected already"};
  }
  const bool resume = !stream->asset.empty();
  stream->publish = publish;
  stream->draining = false;
  stream->kick_at.reset();
  stream->window_ends.reset();
  stream->announced_recording = false;
  stream->announced_active = false;
  if (!resume) {
    impl_->open_asset(*stream);
    const auto limit = stream->data.value("test", false)
                           ? kTestLimit
                           : seconds{stream->data.value("max_continuous_duration", 43'200)};
    stream->stop_at = impl_->clock.steady_now() + limit;
  }
  impl_->stream_event("connected", *stream);
  if (!resume) impl_->asset_event("created", impl_->assets.at(stream->asset));
  impl_->effects.push_back(RecordingStart{.asset = stream->asset,
                                          .publish = publish,
                                          .resume = resume,
                                          .audio_only = stream->data.value("audio_only", false)});
  impl_->start_targets(*stream);
  return ok_status();
}

void MuxService::Impl::describe_asset(Asset& asset, const StreamInfo& info) {
  // Not a reference into the data: what is added to it below moves its members.
  auto tracks = Json::array();
  if (info.has_video) {
    tracks.push_back({{"type", "video"},
                      {"id", new_id()},
                      {"max_width", info.width},
                      {"max_height", info.height},
                      {"max_frame_rate", info.frame_rate}});
    asset.data["aspect_ratio"] = aspect_ratio(info.width, info.height);
    asset.data["resolution_tier"] = resolution_tier(std::min(info.width, info.height));
    if (info.frame_rate > 0) asset.data["max_stored_frame_rate"] = info.frame_rate;
  } else {
    asset.data["resolution_tier"] = "audio-only";
  }
  if (info.has_audio) {
    tracks.push_back({{"type", "audio"}, {"id", new_id()}, {"max_channels", info.channels}});
  }
  asset.data["tracks"] = std::move(tracks);
}

void MuxService::publish_described(PublishId publish, const StreamInfo& info) {
  auto* stream = impl_->by_publish(publish);
  if (stream == nullptr || stream->asset.empty()) return;
  impl_->describe_asset(impl_->assets.at(stream->asset), info);
  if (!stream->announced_recording) {
    stream->announced_recording = true;
    impl_->stream_event("recording", *stream);
  }
}

void MuxService::publish_ended(PublishId publish) {
  auto* stream = impl_->by_publish(publish);
  if (stream == nullptr) return;
  stream->publish = 0;
  stream->draining = false;
  stream->kick_at.reset();
  impl_->stop_targets(*stream);
  impl_->stream_event("disconnected", *stream);
  if (stream->asset.empty()) return;
  const seconds window{stream->data.value("reconnect_window", 60)};
  if (window.count() == 0 || stream->status == "disabled") {
    impl_->end_session(*stream);
    return;
  }
  impl_->effects.push_back(RecordingPause{stream->asset});
  stream->window_ends = impl_->clock.steady_now() + window;
}

void MuxService::recording_progress(std::string_view id, std::size_t segments,
                                    milliseconds duration) {
  const auto found = impl_->assets.find(id);
  if (found == impl_->assets.end()) return;
  auto& asset = found->second;
  asset.segments = segments;
  asset.duration = duration;
  auto* stream = impl_->find_stream(asset.live_stream);
  if (stream != nullptr && stream->asset == id && stream->publish != 0 &&
      !stream->announced_active && segments >= kSegmentsToActive) {
    stream->announced_active = true;
    stream->status = "active";
    impl_->stream_event("active", *stream);
  }
  // A live one is ready early; a file when all of it is there.
  if (!asset.imported && asset.status == "preparing" && duration >= kMediaToReady) {
    asset.status = "ready";
    impl_->asset_event("ready", asset);
  }
}

void MuxService::recording_completed(std::string_view id, milliseconds duration,
                                     std::string_view error) {
  const auto found = impl_->assets.find(id);
  if (found == impl_->assets.end()) return;
  auto& asset = found->second;
  asset.is_live = false;
  asset.duration = duration;
  if (!error.empty() || duration.count() == 0) {
    asset.status = "errored";
    const bool absent = asset.imported && error.find("cannot be fetched") != std::string_view::npos;
    asset.errors = {
        {"type", absent ? "download_failed" : "invalid_input"},
        {"messages", Json::array({error.empty() ? "no media was received" : std::string(error)})}};
    impl_->asset_event("errored", asset);
    return;
  }
  if (asset.status == "preparing") {
    asset.status = "ready";
    impl_->asset_event("ready", asset);
  }
  if (!asset.imported) impl_->asset_event("live_stream_completed", asset);
  impl_->make_files(asset);
}

void MuxService::relay_connected(RelayId relay) {
  auto* target = impl_->by_relay(relay);
  if (target == nullptr || target->data.value("status", "") == "broadcasting") return;
  target->data["status"] = "broadcasting";
  target->data.erase("error_severity");
  impl_->target_event("broadcasting", *target);
}

void MuxService::relay_ended(RelayId relay, std::string_view error) {
  auto* target = impl_->by_relay(relay);
  if (target == nullptr) return;
  target->relay = 0;
  target->data["status"] = error.empty() ? "idle" : "errored";
  if (!error.empty()) target->data["error_severity"] = "fatal";
  impl_->target_event(error.empty() ? "idle" : "errored", *target);
}

void MuxService::tick() {
  const auto now = impl_->clock.steady_now();
  std::vector<std::string> over;
  for (auto& [id, stream] : impl_->streams) {
    if (stream.window_ends && now >= *stream.window_ends) impl_->end_session(stream);
    if (stream.kick_at && now >= *stream.kick_at) {
      stream.kick_at.reset();
      impl_->effects.push_back(PublisherKick{stream.publish, "the live stream was completed"});
    }
    if (stream.stop_at && now >= *stream.stop_at) {
      stream.stop_at.reset();
      if (stream.data.value("test", false)) {
        impl_->disable(stream);
      } else {
        if (stream.publish != 0) {
          impl_->effects.push_back(
              PublisherKick{stream.publish, "the longest continuous duration was reached"});
        }
        impl_->end_session(stream);
      }
    }
  }
  std::vector<std::string> expired;
  for (const auto& [id, asset] : impl_->assets) {
    if (asset.expires && now >= *asset.expires && !asset.is_live) expired.push_back(id);
  }
  for (const auto& id : expired) {
    impl_->asset_event("deleted", impl_->assets.at(id));
    impl_->effects.push_back(RecordingDelete{id});
    impl_->assets.erase(id);
    std::erase(impl_->asset_order, id);
  }
}

Effects MuxService::take_effects() { return std::exchange(impl_->effects, {}); }

void MuxService::reset() {
  for (auto& [id, stream] : impl_->streams) {
    if (stream.publish != 0) {
      impl_->effects.push_back(PublisherKick{stream.publish, "the sandbox was reset"});
    }
    for (const auto& target : stream.targets) {
      if (target.relay != 0) impl_->effects.push_back(RelayStop{target.relay});
    }
  }
  for (const auto& [id, asset] : impl_->assets) impl_->effects.push_back(RecordingDelete{id});
  impl_->streams.clear();
  impl_->stream_order.clear();
  impl_->assets.clear();
  impl_->asset_order.clear();
  impl_->restrictions.clear();
  impl_->webhooks.clear();
  impl_->tell_endpoints();
}

}  // namespace ts::sandbox
