// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/bounded_queue.hpp"
#include "core/json.hpp"
#include "httpd/server.hpp"
#include "rtmp/server.hpp"
#include "sandbox/cloudflare_service.hpp"
#include "sandbox/composite_host.hpp"
#include "sandbox/fault_script.hpp"
#include "sandbox/livekit_service.hpp"
#include "sandbox/media_host.hpp"
#include "sandbox/mux_service.hpp"
#include "sandbox/mux_site.hpp"
#include "sandbox/picture_maker.hpp"
#include "sandbox/playback_site.hpp"
#include "sandbox/rate_limit.hpp"
#include "sandbox/sandbox.hpp"
#include "sandbox/webhook_sender.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace ts::sandbox {

constexpr std::size_t kEffects = 8192;
/// RTMP applications: which service a publisher means.
constexpr std::string_view kMuxApp = "app";
constexpr std::string_view kLiveKitApp = "live";
constexpr std::string_view kCloudflareApp = "cloudflare";
/// Where this sandbox's own compositors publish to.
constexpr std::string_view kCompositeApp = "composite";
/// Stands for customer-CODE.cloudflarestream.com.
constexpr std::string_view kCustomer = "customer-sandbox";

struct Sandbox::Impl final : rtmp::PublishHandler {
  Impl(SandboxOptions o, net::HttpTransport& t, Clock& c, Log& l)
      : options(std::move(o)), transport(t), clock(c), log(l) {}
  ~Impl() override { stop(); }

  Status begin();
  Status make_access();
  void make_media(const std::filesystem::path& recordings);
  void make_sites(const std::filesystem::path& scratch);
  /// The refusal of a call beyond the vendor's rate.
  std::optional<httpd::Response> too_often(RateLimit& limit, const Reply& refusal) const;
  Status make_services();
  /// The address of a vendor's ingest as this sandbox has it; anything else as it is.
  [[nodiscard]] std::string on_this_machine(std::string url) const;
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
    post(cloudflare->take_effects());
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
  httpd::Response cloudflare_call(const httpd::Request& request);
  httpd::Response control_call(const httpd::Request& request);
  [[nodiscard]] PlaybackSite::Stream stream_of(const std::string& asset);
  [[nodiscard]] Json describe();
  void reset();

  SandboxOptions options;
  net::HttpTransport& transport;
  Clock& clock;
  Log& log;
  SandboxAccess access;
  FaultScript faults;
  /// As the vendors document them; used with `SandboxOptions::rate_limits` only.
  RateLimit mux_creates{1, 5, clock};
  RateLimit mux_others{5, 25, clock};
  RateLimit cloudflare_calls{4, 1200, clock};

  std::mutex mutex;
  std::unique_ptr<LiveKitService> livekit;
  std::unique_ptr<MuxService> mux;
  std::unique_ptr<CloudflareService> cloudflare;
  std::map<PublishId, std::shared_ptr<DriftMeter>> drifts;  ///< Guarded by `mutex`.
  std::map<PublishId, StreamInfo> publishing;               ///< Guarded by `mutex`.
  std::map<PublishId, std::string> assets_of;               ///< Guarded by `mutex`.
  std::map<std::string, StreamInfo, std::less<>> recorded;  ///< By asset. Guarded by `mutex`.
  std::map<std::string, std::int64_t, std::less<>> peaks;   ///< By asset. Guarded by `mutex`.

  BoundedQueue<Effect> effects{kEffects};
  std::unique_ptr<MediaHost> media;
  std::unique_ptr<CompositeHost> composites;
  std::unique_ptr<WebhookSender> webhooks;
  std::unique_ptr<PlaybackTokens> tokens;
  std::unique_ptr<PlaybackTokens> cloudflare_tokens;
  std::unique_ptr<Audience> audience;
  std::unique_ptr<PictureMaker> pictures;
  std::unique_ptr<PlaybackSite> site;
  std::unique_ptr<MuxSite> mux_site;
  std::unique_ptr<rtmp::RtmpServer> rtmp_server;
  std::unique_ptr<httpd::HttpServer> http_server;

  std::mutex end_mutex;
  std::condition_variable_any end_changed;
  bool end_wanted = false;
  bool stopped = false;

  std::jthread effect_thread;
  std::jthread tick_thread;
};

}  // namespace ts::sandbox
