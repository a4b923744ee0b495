// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.hpp"

#include "core/bounded_queue.hpp"
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/random.hpp"
#include "crypto/rsa.hpp"
#include "httpd/server.hpp"
#include "rtmp/server.hpp"
#include "sandbox/api_gate.hpp"
#include "sandbox/fault_script.hpp"
#include "sandbox/livekit_service.hpp"
#include "sandbox/media_host.hpp"
#include "sandbox/mux_service.hpp"
#include "sandbox/playback_site.hpp"
#include "sandbox/stream_probe.hpp"
#include "sandbox/webhook_sender.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace ts::sandbox {
namespace {

constexpr milliseconds kTick{100};
constexpr std::size_t kEffects = 8192;
constexpr std::string_view kMuxApp = "app";
constexpr std::string_view kLiveKitApp = "live";

httpd::Response to_response(Reply reply) {
  if (reply.body.empty()) return httpd::Response::empty(reply.status);
  httpd::Response out;
  out.status = reply.status;
  out.headers.set("Content-Type", reply.content_type);
  out.body = std::move(reply.body);
  return out;
}

Result<std::string> make_signing_key() {
  TS_TRY(const auto key, crypto::RsaPrivateKey::generate());
  TS_TRY(const auto pem, key.private_pem());
  return crypto::base64_encode(pem.reveal());
}

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

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
  return Secret(out);
}

struct Sandbox::Impl final : rtmp::PublishHandler {
  Impl(SandboxOptions o, net::HttpTransport& t, Clock& c, Log& l)
      : options(std::move(o)), transport(t), clock(c), log(l) {}
  ~Impl() override { stop(); }

  Status begin();
  void stop();

  // The state machines. Everything that touches them holds `mutex` and posts what they want done
  // before it lets go, so that effects are carried out in the order of the state changes.
  template <typename Call>
  auto with_state(Call call) {
    const std::lock_guard lock(mutex);
    auto result = call();
    post_effects();
    return result;
  }
  void post_effects() {
    post(livekit->take_effects());
    post(mux->take_effects());
  }
  void post(Effects happened) {
    for (auto& effect : happened) {
      if (!effects.try_push(std::move(effect))) {
        log.error("sandbox", "too much is going on: an effect was dropped");
      }
    }
  }
  void carry_out(Effect effect);

  // rtmp::PublishHandler, on the RTMP event loop.
  Result<std::unique_ptr<rtmp::MediaSink>> accept(rtmp::PublishRequest request) override;
  void described(PublishId publish, const StreamInfo& info);
  void ended(PublishId publish, rtmp::EndReason reason);

  [[nodiscard]] httpd::Router routes();
  httpd::Response livekit_call(const httpd::Request& request);
  httpd::Response mux_call(const httpd::Request& request);
  httpd::Response control_call(const httpd::Request& request);
  [[nodiscard]] Json describe();
  void reset();

  SandboxOptions options;
  net::HttpTransport& transport;
  Clock& clock;
  Log& log;
  SandboxAccess access;
  FaultScript faults;

  std::mutex mutex;
  std::unique_ptr<LiveKitService> livekit;
  std::unique_ptr<MuxService> mux;
  std::map<PublishId, StreamInfo> publishing;               ///< Guarded by `mutex`.
  std::map<PublishId, std::string> assets_of;               ///< Guarded by `mutex`.
  std::map<std::string, StreamInfo, std::less<>> recorded;  ///< By asset. Guarded by `mutex`.
  std::map<std::string, std::int64_t, std::less<>> peaks;   ///< By asset. Guarded by `mutex`.

  BoundedQueue<Effect> effects{kEffects};
  std::unique_ptr<MediaHost> media;
  std::unique_ptr<WebhookSender> webhooks;
  std::unique_ptr<PlaybackSite> site;
  std::unique_ptr<rtmp::RtmpServer> rtmp_server;
  std::unique_ptr<httpd::HttpServer> http_server;

  std::mutex end_mutex;
  std::condition_variable_any end_changed;
  bool end_wanted = false;
  bool stopped = false;

  std::jthread effect_thread;
  std::jthread tick_thread;
};

namespace {

/// Hands one publisher's tags to its publication and tells the state machines what they are.
class Sink final : public rtmp::MediaSink {
 public:
  using Described = std::function<void(const StreamInfo&)>;
  using Ended = std::function<void(rtmp::EndReason)>;
  Sink(std::shared_ptr<Publication> publication, Described described, Ended ended)
      : publication_(std::move(publication)),
        described_(std::move(described)),
        ended_(std::move(ended)) {}

  void on_tag(const rtmp::TagView& tag) override {
    publication_->push(tag);
    if (const auto info = probe_.feed(tag)) described_(*info);
  }
  void on_end(rtmp::EndReason reason, std::string_view) noexcept override {
    publication_->close();
    ended_(reason);
  }

 private:
  std::shared_ptr<Publication> publication_;
  StreamProbe probe_;
  Described described_;
  Ended ended_;
};

}  // namespace

Result<std::unique_ptr<rtmp::MediaSink>> Sandbox::Impl::accept(rtmp::PublishRequest request) {
  const auto publish = request.session;
  auto publication = media->open(publish);
  const auto admitted = with_state([&]() -> Status {
    if (request.app == kMuxApp) return mux->publish_begins(request.key.reveal(), publish);
    return livekit->publish_begins(request.key.reveal(), publish);
  });
  if (!admitted) {
    media->close(publish);
    return admitted.error();
  }
  log.info("sandbox", "publisher {} connected to /{}", publish, request.app);
  return std::unique_ptr<rtmp::MediaSink>(std::make_unique<Sink>(
      std::move(publication), [this, publish](const StreamInfo& info) { described(publish, info); },
      [this, publish](rtmp::EndReason reason) { ended(publish, reason); }));
}

void Sandbox::Impl::described(PublishId publish, const StreamInfo& info) {
  with_state([&] {
    publishing[publish] = info;
    if (const auto asset = assets_of.find(publish); asset != assets_of.end()) {
      recorded[asset->second] = info;
    }
    livekit->publish_described(publish, info);
    mux->publish_described(publish, info);
    return true;
  });
}

void Sandbox::Impl::ended(PublishId publish, rtmp::EndReason reason) {
  media->close(publish);
  with_state([&] {
    publishing.erase(publish);
    assets_of.erase(publish);
    const bool broken = reason == rtmp::EndReason::kProtocolError;
    livekit->publish_ended(publish, broken ? "the publisher broke the protocol" : "");
    mux->publish_ended(publish);
    return true;
  });
  log.info("sandbox", "publisher {} left: {}", publish, rtmp::to_string(reason));
}

void Sandbox::Impl::carry_out(Effect effect) {
  std::visit(Overloaded{[&](WebhookDue& due) {
                          log.info("sandbox", "event {}", due.type);
                          webhooks->post(std::move(due));
                        },
                        [&](RelayStart& start) { media->apply(std::move(start)); },
                        [&](RelayStop& stop) { media->apply(stop); },
                        [&](TrackMute& mute) { media->apply(mute); },
                        [&](PublisherKick& kick) { rtmp_server->kick(kick.publish, kick.why); },
                        [&](RecordingStart& start) {
                          {
                            const std::lock_guard lock(mutex);
                            assets_of[start.publish] = start.asset;
                            const auto info = publishing.find(start.publish);
                            if (info != publishing.end()) recorded[start.asset] = info->second;
                          }
                          media->apply(std::move(start));
                        },
                        // The publication has closed its rings: the recorder ends by itself.
                        [](RecordingPause&) {}, [&](RecordingEnd& end) { media->apply(end); },
                        [&](RecordingDelete& gone) { media->apply(gone); }},
             effect);
}

httpd::Response Sandbox::Impl::livekit_call(const httpd::Request& request) {
  if (request.method != "POST") {
    return to_response(twirp_error(
        "bad_route", "unsupported method \"" + request.method + "\" (only POST is allowed)"));
  }
  auto caller = livekit_caller(request, access.livekit_key, access.livekit_secret, clock.now());
  if (auto* refused = std::get_if<httpd::Response>(&caller)) return std::move(*refused);
  const auto& grants = std::get<std::optional<RoomGrants>>(caller);
  const auto path = request.param("path");
  const auto slash = path.find('/');
  constexpr std::string_view kPackage = "livekit.";
  if (!path.starts_with(kPackage) || slash == std::string_view::npos) {
    return httpd::Response::text(404, "404 page not found\n");
  }
  auto type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  if (type != "application/json") {
    return to_response(
        twirp_error("bad_route", type == "application/protobuf"
                                     ? "the sandbox speaks JSON only, not protobuf"
                                     : "unexpected Content-Type: \"" + std::string(type) + "\""));
  }
  return with_state([&] {
    return to_response(livekit->call(path.substr(kPackage.size(), slash - kPackage.size()),
                                     path.substr(slash + 1), request.body, grants));
  });
}

httpd::Response Sandbox::Impl::mux_call(const httpd::Request& request) {
  if (auto refused = mux_refusal(request, access.mux_token_id, access.mux_token_secret)) {
    return std::move(*refused);
  }
  auto answer = with_state([&] {
    return to_response(mux->call(request.method, request.path, request.query, request.body));
  });
  answer.headers.set("X-Request-Id", crypto::random_uuid());
  return answer;
}

httpd::Response Sandbox::Impl::control_call(const httpd::Request& request) {
  if (!has_bearer(request, access.control_token)) {
    return httpd::Response::text(401, "this needs the sandbox's own token\n");
  }
  const auto verb = request.param("verb");
  if (verb == "status" && request.method == "GET") {
    return httpd::Response::json(200, dump_json(describe()));
  }
  if (request.method != "POST") return httpd::Response::text(405, "use POST\n");
  if (verb == "reset") {
    reset();
    return httpd::Response::json(200, "{}");
  }
  if (verb == "fail") {
    if (auto added = faults.add(request.body); !added) {
      return httpd::Response::text(400, added.error().message);
    }
    return httpd::Response::json(200, "{}");
  }
  if (verb == "down") {
    const std::lock_guard lock(end_mutex);
    end_wanted = true;
    end_changed.notify_all();
    return httpd::Response::json(200, "{}");
  }
  return httpd::Response::text(404, "there is no such verb\n");
}

httpd::Router Sandbox::Impl::routes() {
  httpd::Router router;
  const auto guarded = [this](httpd::Response (Impl::*serve)(const httpd::Request&)) {
    return [this, serve](const httpd::Request& request) {
      return faults.run(request, [&] { return (this->*serve)(request); });
    };
  };
  const httpd::RouteOptions large{.max_body_bytes = std::size_t{10} << 20U};
  router.on("*", "/twirp/{path*}", guarded(&Impl::livekit_call), large);
  // Clients that append "/twirp" to a URL that ends in a slash.
  router.on("*", "//twirp/{path*}", guarded(&Impl::livekit_call), large);
  router.on("*", "/video/{path*}", guarded(&Impl::mux_call));
  router.on("*", "/system/{path*}", guarded(&Impl::mux_call));
  router.on("*", "/_sandbox/{verb}",
            [this](const httpd::Request& request) { return control_call(request); });
  const auto no_rtc = [](const httpd::Request&) {
    return httpd::Response::text(
        404, "this sandbox has no WebRTC: media enters its rooms by RTMP ingress\n");
  };
  router.on("GET", "/rtc", no_rtc);
  router.on("GET", "/rtc/{path*}", no_rtc);
  router.on("GET", "/", [](const httpd::Request&) { return httpd::Response::text(200, "OK"); });
  router.on("GET", "/watch/{id}",
            [this](const httpd::Request& request) { return site->watch(request); });
  router.on("GET", "/{file}",
            [this](const httpd::Request& request) { return site->master(request); });
  router.on("GET", "/{id}/{path*}",
            [this](const httpd::Request& request) { return site->media(request); });
  return router;
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
  access.livekit_key = "API" + crypto::random_alphanumeric(12);
  access.livekit_secret = Secret(crypto::random_alphanumeric(44));
  access.mux_token_id = crypto::random_uuid();
  access.mux_token_secret = Secret(crypto::random_alphanumeric(64));
  access.mux_webhook_secret = Secret(crypto::random_alphanumeric(32));
  access.control_token = Secret(crypto::random_alphanumeric(44));
  for (const auto* secret : {&access.livekit_secret, &access.mux_token_secret,
                             &access.mux_webhook_secret, &access.control_token}) {
    log.scrub(*secret);
  }

  media = std::make_unique<MediaHost>(
      MediaHost::Options{.program = options.media_program,
                         .recordings = recordings,
                         .environment = options.child_environment},
      MediaHost::Hooks{
          .progress =
              [this](const std::string& asset, const RecordingInfo& info) {
                with_state([&] {
                  peaks[asset] = info.peak_bits_per_s;
                  mux->recording_progress(asset, info.segments, info.duration);
                  return true;
                });
              },
          .completed =
              [this](const std::string& asset, const RecordingInfo& info, std::string_view error) {
                with_state([&] {
                  mux->recording_completed(asset, info.duration, error);
                  return true;
                });
              },
          .connected =
              [this](RelayId relay) {
                with_state([&] {
                  livekit->relay_connected(relay);
                  mux->relay_connected(relay);
                  return true;
                });
              },
          .ended =
              [this](RelayId relay, std::string_view error) {
                with_state([&] {
                  livekit->relay_ended(relay, error);
                  mux->relay_ended(relay, error);
                  return true;
                });
              }},
      log);
  webhooks = std::make_unique<WebhookSender>(
      WebhookSender::Options{.urls = options.webhook_urls,
                             .livekit_key = access.livekit_key,
                             .livekit_secret = access.livekit_secret.clone(),
                             .mux_secret = access.mux_webhook_secret.clone()},
      transport, clock, log);
  site = std::make_unique<PlaybackSite>(
      PlaybackSite::Hooks{.find =
                              [this](std::string_view id) {
                                const std::lock_guard lock(mutex);
                                return mux->find_playback(id);
                              },
                          .stream =
                              [this](const std::string& asset) {
                                const std::lock_guard lock(mutex);
                                PlaybackSite::Stream out{.folder = media->folder(asset)};
                                if (const auto info = recorded.find(asset);
                                    info != recorded.end()) {
                                  out.codecs = info->second.codecs;
                                  out.width = info->second.width;
                                  out.height = info->second.height;
                                  out.frame_rate = info->second.frame_rate;
                                }
                                if (const auto peak = peaks.find(asset); peak != peaks.end()) {
                                  out.peak_bits_per_s = peak->second;
                                }
                                return out;
                              },
                          .signing_key =
                              [this](std::string_view id) {
                                const std::lock_guard lock(mutex);
                                return mux->signing_key(id);
                              }},
      clock, options.web_root);

  // The services exist before the listeners: a publisher may come at once.
  const auto random = [](std::size_t length) { return crypto::random_alphanumeric(length); };
  mux = std::make_unique<MuxService>(
      MuxService::Options{.random = random, .make_signing_key = make_signing_key}, clock);
  livekit = std::make_unique<LiveKitService>(LiveKitService::Options{.random = random}, clock);
  TS_TRY(rtmp_server, rtmp::RtmpServer::start({.port = options.rtmp_port, .log = &log}, *this));
  access.rtmp_url = fmt::format("rtmp://127.0.0.1:{}", rtmp_server->port());
  {
    const std::lock_guard lock(mutex);
    livekit = std::make_unique<LiveKitService>(
        LiveKitService::Options{.rtmp_url = access.rtmp_url + "/" + std::string(kLiveKitApp),
                                .mux_url = access.rtmp_url + "/" + std::string(kMuxApp),
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

  effect_thread = std::jthread([this](const std::stop_token& stop) {
    while (auto effect = effects.pop(stop)) carry_out(std::move(*effect));
  });
  tick_thread = std::jthread([this](const std::stop_token& stop) {
    while (clock.wait_for(kTick, stop)) {
      with_state([&] {
        livekit->tick();
        mux->tick();
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
             {{"name", "rtmp"}, {"url", access.rtmp_url}}}}};
  {
    const std::lock_guard lock(mutex);
    out.update(livekit->describe());
    out.update(mux->describe());
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
  out["children"] = {{"recordings", figures.recordings}, {"relays", figures.relays}};
  out["webhooks"] = {{"urls", options.webhook_urls.size()},
                     {"delivered", hooks.delivered},
                     {"pending", hooks.pending},
                     {"failed", hooks.failed}};
  out["faults"] = faults.describe();
  Json can{"rooms",
           "rtmp ingress",
           "rtmp egress of one publisher's tracks (as they are, not "
           "re-encoded)",
           "mux live streams with HLS and recordings",
           "signed playback",
           "simulcast on loopback",
           "signed webhooks"};
  if (site->has_watch_page()) can.push_back("watch page");
  out["can_make"] = std::move(can);
  out["cannot_make"] = {"WebRTC participants",        "WHIP and URL ingress",
                        "web and file egress",        "composites of several publishers",
                        "egress to other machines",   "thumbnails",
                        "assets from uploaded files", "SRT"};
  if (options.media_program.empty()) {
    out["cannot_make"].push_back("any media: ts-media is not installed");
  }
  return out;
}

void Sandbox::Impl::reset() {
  with_state([&] {
    livekit->reset();
    mux->reset();
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
