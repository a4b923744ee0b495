// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.hpp"

#include "crypto/encoding.hpp"
#include "crypto/random.hpp"
#include "crypto/rsa.hpp"
#include "sandbox/sandbox_internal.hpp"

#include <fmt/format.h>

namespace ts::sandbox {
namespace {

constexpr milliseconds kTick{100};
/// A few segments: with less, recordings stop any moment.
constexpr std::uintmax_t kFullBelow = std::uintmax_t{64} << 20U;

Result<std::string> make_signing_key() {
  TS_TRY(const auto key, crypto::RsaPrivateKey::generate());
  TS_TRY(const auto pem, key.private_pem());
  return crypto::base64_encode(pem.reveal());
}

}  // namespace

Secret SandboxAccess::environment() const {
  auto ws = http_url;
  ws.replace(0, 4, "ws");
  std::string out = "# Points ts and the vendors' SDKs at the sandbox on this machine.\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}={}\n", name, value);
  };
  line("LIVEKIT_URL", ws);
  line("LIVEKIT_API_KEY", livekit_key);
  line("LIVEKIT_API_SECRET", livekit_secret.reveal());
  line("MUX_TOKEN_ID", mux_token_id);
  line("MUX_TOKEN_SECRET", mux_token_secret.reveal());
  line("MUX_WEBHOOK_SECRET", mux_webhook_secret.reveal());
  line("MUX_SIGNING_KEY", mux_signing_key);
  line("MUX_PRIVATE_KEY", mux_private_key.reveal());
  line("MUX_BASE_URL", http_url);
  line("MUX_INGEST_URL", rtmp_url + "/" + std::string(kMuxApp));
  line("MUX_STREAM_BASE_URL", http_url);
  line("MUX_IMAGE_BASE_URL", http_url + "/image");
  line("MUX_STATS_BASE_URL", http_url + "/stats");
  line("CLOUDFLARE_ACCOUNT_ID", cloudflare_account);
  line("CLOUDFLARE_API_TOKEN", cloudflare_token.reveal());
  line("CLOUDFLARE_WEBHOOK_SECRET", cloudflare_webhook_secret.reveal());
  line("CLOUDFLARE_BASE_URL", http_url + "/client/v4");
  return Secret(out);
}

Status Sandbox::Impl::make_access() {
  access.livekit_key = "API" + crypto::random_alphanumeric(12);
  access.livekit_secret = Secret(crypto::random_alphanumeric(44));
  access.mux_token_id = crypto::random_uuid();
  access.mux_token_secret = Secret(crypto::random_alphanumeric(64));
  access.mux_webhook_secret = Secret(crypto::random_alphanumeric(32));
  access.cloudflare_account = crypto::hex_encode(crypto::random_bytes(16));
  access.cloudflare_token = Secret(crypto::random_alphanumeric(40));
  access.cloudflare_webhook_secret = Secret(crypto::random_alphanumeric(32));
  access.control_token = Secret(crypto::random_alphanumeric(44));
  for (const auto* secret :
       {&access.livekit_secret, &access.mux_token_secret, &access.mux_webhook_secret,
        &access.cloudflare_token, &access.cloudflare_webhook_secret, &access.control_token}) {
    log.scrub(*secret);
  }
  return ok_status();
}

void Sandbox::Impl::make_media(const std::filesystem::path& recordings) {
  // One of the services knows the asset or the relay; the others let it pass.
  media = std::make_unique<MediaHost>(
      MediaHost::Options{.program = options.media_program,
                         .recordings = recordings,
                         .files = options.directory / "egress",
                         .environment = options.child_environment},
      MediaHost::Hooks{
          .progress =
              [this](const std::string& asset, const RecordingInfo& info) {
                with_state([&] {
                  peaks[asset] = info.peak_bits_per_s;
                  mux->recording_progress(asset, info.segments, info.duration);
                  cloudflare->recording_progress(asset, info.segments, info.duration);
                  return true;
                });
              },
          .completed =
              [this](const std::string& asset, const RecordingInfo& info, std::string_view error) {
                with_state([&] {
                  mux->recording_completed(asset, info.duration, error);
                  cloudflare->recording_completed(asset, info.duration, error);
                  return true;
                });
              },
          .described =
              [this](const std::string& asset, const StreamInfo& info) {
                with_state([&] {
                  recorded[asset] = info;
                  mux->asset_described(asset, info);
                  return true;
                });
              },
          .file_made =
              [this](const FileMake& make, std::int64_t bytes, std::string_view error) {
                with_state([&] {
                  mux->file_made(make.asset, make.name, bytes, error);
                  return true;
                });
              },
          .connected =
              [this](RelayId relay) {
                with_state([&] {
                  livekit->relay_connected(relay);
                  mux->relay_connected(relay);
                  cloudflare->relay_connected(relay);
                  return true;
                });
              },
          .written =
              [this](RelayId relay, RelayLeft left) {
                with_state([&] {
                  livekit->relay_wrote(relay, left);
                  return true;
                });
              },
          .ended =
              [this](RelayId relay, std::string_view error, RelayLeft left) {
                with_state([&] {
                  livekit->relay_ended(relay, error, left);
                  mux->relay_ended(relay, error);
                  cloudflare->relay_ended(relay, error);
                  return true;
                });
              }},
      log);
  composites = std::make_unique<CompositeHost>(
      CompositeHost::Options{.program = options.media_program,
                             .environment = options.child_environment},
      CompositeHost::Hooks{
          .publication = [this](PublishId publish) { return media->publication(publish); },
          .over =
              [this](RelayId composite, std::string_view error, bool crashed) {
                with_state([&] {
                  livekit->composite_over(composite, error, crashed);
                  return true;
                });
              }},
      log);
  webhooks = std::make_unique<WebhookSender>(
      WebhookSender::Options{.urls = options.webhook_urls,
                             .livekit_key = access.livekit_key,
                             .livekit_secret = access.livekit_secret.clone(),
                             .mux_secret = access.mux_webhook_secret.clone(),
                             .cloudflare_secret = access.cloudflare_webhook_secret.clone()},
      transport, clock, log);
}

void Sandbox::Impl::make_sites(const std::filesystem::path& scratch) {
  tokens = std::make_unique<PlaybackTokens>(
      PlaybackTokens::Hooks{.signing_key =
                                [this](std::string_view id) {
                                  const std::lock_guard lock(mutex);
                                  return mux->signing_key(id);
                                },
                            .restriction =
                                [this](std::string_view id) {
                                  const std::lock_guard lock(mutex);
                                  return mux->restriction(id);
                                }},
      clock);
  cloudflare_tokens = std::make_unique<PlaybackTokens>(
      PlaybackTokens::Hooks{.signing_key =
                                [this](std::string_view id) {
                                  const std::lock_guard lock(mutex);
                                  return cloudflare->signing_key(id);
                                }},
      clock);
  audience = std::make_unique<Audience>(clock);
  pictures = std::make_unique<PictureMaker>(
      PictureMaker::Options{.program = options.media_program,
                            .scratch = scratch,
                            .environment = options.child_environment});
  const auto find = [this](std::string_view id) {
    const std::lock_guard lock(mutex);
    return mux->find_playback(id);
  };
  site = std::make_unique<PlaybackSite>(
      PlaybackSite::Hooks{.find = find,
                          .find_cloudflare =
                              [this](std::string_view uid) {
                                const std::lock_guard lock(mutex);
                                return cloudflare->find_playback(uid);
                              },
                          .stream = [this](const std::string& asset) { return stream_of(asset); }},
      *tokens, *cloudflare_tokens, *audience, options.web_root);
  mux_site = std::make_unique<MuxSite>(
      MuxSite::Hooks{
          .find = find,
          .folder = [this](const std::string& asset) { return media->folder(asset); },
          .playback_ids =
              [this](std::string_view kind, std::string_view id) {
                const std::lock_guard lock(mutex);
                return mux->playback_ids_of(kind, id);
              },
          .drift = [this](std::string_view live_stream) -> std::optional<DriftMeter::Drift> {
            const std::lock_guard lock(mutex);
            const auto publish = mux->publisher_of(live_stream);
            if (!publish) return std::nullopt;
            const auto meter = drifts.find(*publish);
            return meter == drifts.end() ? DriftMeter::Drift{} : meter->second->drift();
          }},
      *tokens, *audience, *pictures, clock);
}

PlaybackSite::Stream Sandbox::Impl::stream_of(const std::string& asset) {
  const std::lock_guard lock(mutex);
  PlaybackSite::Stream out{.folder = media->folder(asset)};
  if (const auto info = recorded.find(asset); info != recorded.end()) {
    out.codecs = info->second.codecs;
    out.width = info->second.width;
    out.height = info->second.height;
    out.frame_rate = info->second.frame_rate;
  }
  if (const auto peak = peaks.find(asset); peak != peaks.end()) out.peak_bits_per_s = peak->second;
  return out;
}

Status Sandbox::Impl::make_services() {
  // The services exist before the listeners: a publisher may come at once.
  const auto random = [](std::size_t length) { return crypto::random_alphanumeric(length); };
  mux = std::make_unique<MuxService>(
      MuxService::Options{.random = random, .make_signing_key = make_signing_key}, clock);
  livekit = std::make_unique<LiveKitService>(LiveKitService::Options{.random = random}, clock);
  cloudflare = std::make_unique<CloudflareService>(
      CloudflareService::Options{.account_id = access.cloudflare_account,
                                 .webhook_secret = access.cloudflare_webhook_secret.clone(),
                                 .random = random,
                                 .make_signing_key = make_signing_key},
      clock);
  TS_TRY(rtmp_server, rtmp::RtmpServer::start({.port = options.rtmp_port, .log = &log}, *this));
  access.rtmp_url = fmt::format("rtmp://127.0.0.1:{}", rtmp_server->port());
  {
    const std::lock_guard lock(mutex);
    livekit = std::make_unique<LiveKitService>(
        LiveKitService::Options{.rtmp_url = access.rtmp_url + "/" + std::string(kLiveKitApp),
                                .composite_url = access.rtmp_url + "/" + std::string(kCompositeApp),
                                .mux_url = access.rtmp_url + "/" + std::string(kMuxApp),
                                .files = (options.directory / "egress").string(),
                                .random = random},
        clock);
    const auto key = parse_json(mux->call("POST", "/system/v1/signing-keys", "", "").body, "a key");
    if (key && key.value().contains("data")) {
      access.mux_signing_key = key.value()["data"].value("id", "");
      access.mux_private_key = Secret(key.value()["data"].value("private_key", ""));
      log.scrub(access.mux_private_key);
    }
  }
  TS_TRY(http_server, httpd::HttpServer::start({.port = options.http_port, .log = &log}, routes()));
  access.http_url = http_server->url();
  const std::lock_guard lock(mutex);
  mux->set_address(access.http_url);
  cloudflare->set_addresses(fmt::format("{}/{}/", access.rtmp_url, kCloudflareApp),
                            fmt::format("{}/{}", access.http_url, kCustomer));
  return ok_status();
}

Status Sandbox::Impl::begin() {
  TS_CHECK(faults.add(options.faults));
  std::error_code failure;
  const auto recordings = options.directory / "recordings";
  // Those of an earlier run belong to streams that nobody knows any more.
  std::filesystem::remove_all(recordings, failure);
  std::filesystem::create_directories(recordings, failure);
  if (failure) {
    return Error{
        .kind = ErrorKind::kConfig,
        .message = "cannot make the folder " + recordings.string() + ": " + failure.message(),
        .hint = "name a folder that can be written with --dir"};
  }
  TS_CHECK(make_access());
  make_media(recordings);
  make_sites(options.directory / "scratch");
  TS_CHECK(make_services());

  effect_thread = std::jthread([this](const std::stop_token& stop) {
    while (auto effect = effects.pop(stop)) carry_out(std::move(*effect));
  });
  tick_thread = std::jthread([this](const std::stop_token& stop) {
    while (clock.wait_for(kTick, stop)) {
      with_state([&] {
        livekit->tick();
        mux->tick();
        cloudflare->tick();
        return true;
      });
    }
  });
  return ok_status();
}

void Sandbox::Impl::stop() {
  if (std::exchange(stopped, true)) return;
  if (http_server) http_server->stop();
  if (tick_thread.joinable()) {
    tick_thread.request_stop();
    tick_thread.join();
  }
  if (rtmp_server) rtmp_server->stop();
  if (effect_thread.joinable()) {
    effect_thread.request_stop();
    effect_thread.join();
  }
  composites.reset();
  media.reset();
  webhooks.reset();
}

Json Sandbox::Impl::describe() {
  const auto figures = media->figures();
  const auto hooks = webhooks->stats();
  Json out{{"schema", "ts.sandbox/1"},
           {"state", "up"},
           {"url", access.http_url},
           {"rtmp_url", access.rtmp_url},
           {"services",
            {{{"name", "livekit"}, {"url", access.http_url}},
             {{"name", "mux"}, {"url", access.http_url}},
             {{"name", "cloudflare"}, {"url", access.http_url + "/client/v4"}},
             {{"name", "rtmp"}, {"url", access.rtmp_url}}}}};
  {
    const std::lock_guard lock(mutex);
    out.update(livekit->describe());
    out.update(mux->describe());
    out.update(cloudflare->describe());
  }
  out["connections"] = Json::array();
  for (const auto& publisher : rtmp_server->publishers()) {
    out["connections"].push_back({{"app", publisher.app},
                                  {"key", publisher.key},
                                  {"encoder", publisher.encoder},
                                  {"since", format_rfc3339(publisher.since)},
                                  {"bytes", publisher.bytes},
                                  {"video_tags", publisher.video_tags},
                                  {"audio_tags", publisher.audio_tags}});
  }
  out["children"] = {{"recordings", figures.recordings},
                     {"relays", figures.relays},
                     {"composites", composites->running()}};
  out["webhooks"] = {{"urls", options.webhook_urls.size()},
                     {"delivered", hooks.delivered},
                     {"pending", hooks.pending},
                     {"failed", hooks.failed}};
  out["faults"] = faults.describe();
  std::error_code ignored;
  const auto space = std::filesystem::space(options.directory, ignored);
  const bool full = !ignored && space.available < kFullBelow;
  out["disk"] = {{"free_bytes", ignored ? 0 : space.available}, {"full", full}};
  out["troubles"] = media->troubles();
  if (full) {
    out["troubles"].push_back("the disk of " + options.directory.string() +
                              " is full: recordings and files stop");
  }
  // NOLINTBEGIN(bugprone-suspicious-missing-comma): long texts
  Json can{"rooms",
           "rtmp ingress",
           "egress of a room, composed: grid, speaker and single-speaker, at any preset, to RTMP, "
           "to files, to HLS segments and to pictures",
           "egress of a participant or of tracks to the same (as they are, not re-encoded)",
           "mux live streams with HLS and recordings",
           "mux assets from files and playlists on this machine (H.264 and AAC, copied)",
           "signed playback",
           "simulcast on loopback",
           "thumbnails, animations and storyboards",
           "static renditions highest and audio-only, masters",
           "viewer counts and ingest health",
           "cloudflare live inputs with recordings, HLS, signed URLs and outputs",
           "signed webhooks"};
  if (site->has_watch_page()) can.push_back("watch page");
  out["can_make"] = std::move(can);
  out["cannot_make"] = {"WebRTC participants",
                        "WHIP and URL ingress",
                        "web egress (503, as without a worker)",
                        "egress to a websocket or to cloud storage (503)",
                        "composites by a template of one's own (custom_base_url), of other codecs "
                        "than H.264 and AAC, or of channels apart (503)",
                        "egress to other machines",
                        "assets of other codecs than H.264 and AAC, or from other machines",
                        "SRT"};
  // NOLINTEND(bugprone-suspicious-missing-comma)
  if (options.media_program.empty()) {
    out["cannot_make"].push_back("any media: ts-media is not installed");
  }
  return out;
}

void Sandbox::Impl::reset() {
  with_state([&] {
    livekit->reset();
    mux->reset();
    cloudflare->reset();
    recorded.clear();
    peaks.clear();
    return true;
  });
}

Sandbox::Sandbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::start(SandboxOptions options,
                                                net::HttpTransport& transport, Clock& clock,
                                                Log& log) {
  auto impl = std::make_unique<Impl>(std::move(options), transport, clock, log);
  TS_CHECK(impl->begin());
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(impl)));
}

const SandboxAccess& Sandbox::access() const { return impl_->access; }
Json Sandbox::describe() const { return impl_->describe(); }
void Sandbox::reset() { impl_->reset(); }
void Sandbox::stop() { impl_->stop(); }

bool Sandbox::wait(std::stop_token stop) {
  std::unique_lock lock(impl_->end_mutex);
  return impl_->end_changed.wait(lock, std::move(stop), [&] { return impl_->end_wanted; });
}

}  // namespace ts::sandbox
