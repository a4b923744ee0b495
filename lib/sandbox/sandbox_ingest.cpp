// SPDX-License-Identifier: Apache-2.0
// The way of media and of effects: publishers in, state changes carried out.
#include "net/url.hpp"
#include "sandbox/sandbox_internal.hpp"
#include "sandbox/stream_probe.hpp"

#include <variant>

namespace ts::sandbox {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// Hands one publisher's tags to its publication and tells the state machines what they are.
class Sink final : public rtmp::MediaSink {
 public:
  using Described = std::function<void(const StreamInfo&)>;
  using Ended = std::function<void(rtmp::EndReason)>;
  Sink(std::shared_ptr<Publication> publication, std::shared_ptr<DriftMeter> drift,
       const Clock& clock, Described described, Ended ended)
      : publication_(std::move(publication)),
        drift_(std::move(drift)),
        clock_(clock),
        described_(std::move(described)),
        ended_(std::move(ended)) {}

  void on_tag(const rtmp::TagView& tag) override {
    publication_->push(tag);
    drift_->feed(tag.timestamp_ms, clock_.steady_now(), clock_.now());
    if (const auto info = probe_.feed(tag)) described_(*info);
  }
  void on_end(rtmp::EndReason reason, std::string_view) noexcept override {
    publication_->close();
    ended_(reason);
  }

 private:
  std::shared_ptr<Publication> publication_;
  std::shared_ptr<DriftMeter> drift_;
  const Clock& clock_;
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
    if (request.app == kCloudflareApp) {
      return cloudflare->publish_begins(request.key.reveal(), publish);
    }
    if (request.app == kCompositeApp) {
      return livekit->composite_begins(request.key.reveal(), publish);
    }
    return livekit->publish_begins(request.key.reveal(), publish);
  });
  if (!admitted) {
    media->close(publish);
    return admitted.error();
  }
  auto drift = std::make_shared<DriftMeter>();
  with_state([&] {
    drifts[publish] = drift;
    return true;
  });
  log.info("sandbox", "publisher {} connected to /{}", publish, request.app);
  return std::unique_ptr<rtmp::MediaSink>(std::make_unique<Sink>(
      std::move(publication), std::move(drift), clock,
      [this, publish](const StreamInfo& info) { described(publish, info); },
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
    cloudflare->publish_described(publish, info);
    return true;
  });
}

void Sandbox::Impl::ended(PublishId publish, rtmp::EndReason reason) {
  media->close(publish);
  with_state([&] {
    publishing.erase(publish);
    drifts.erase(publish);
    assets_of.erase(publish);
    const bool broken = reason == rtmp::EndReason::kProtocolError;
    const std::string why = broken ? "the publisher broke the protocol" : "";
    livekit->publish_ended(publish, why);
    mux->publish_ended(publish);
    cloudflare->publish_ended(publish, why);
    return true;
  });
  log.info("sandbox", "publisher {} left: {}", publish, rtmp::to_string(reason));
}

std::string Sandbox::Impl::on_this_machine(std::string url) const {
  const auto parsed = net::Url::parse(url);
  if (!parsed) return url;
  const auto& host = parsed.value().host;
  const auto& path = parsed.value().path;
  if (host == "global-live.mux.com" || host.ends_with(".live.mux.com")) {
    return access.rtmp_url + path;
  }
  if (host == "live.cloudflare.com") {
    return access.rtmp_url + "/" + std::string(kCloudflareApp) + path.substr(path.rfind('/'));
  }
  return url;
}

void Sandbox::Impl::carry_out(Effect effect) {
  std::visit(Overloaded{[&](WebhookDue& due) {
                          log.info("sandbox", "event {}", due.type);
                          webhooks->post(std::move(due));
                        },
                        [&](WebhookEndpoints& said) { webhooks->subscribe(std::move(said)); },
                        [&](RelayStart& start) {
                          start.url = Secret(on_this_machine(std::string(start.url.reveal())));
                          media->apply(std::move(start));
                        },
                        [&](RelayStop& stop) { media->apply(stop); },
                        [&](CompositeStart& start) { composites->apply(std::move(start)); },
                        [&](CompositeChange& change) { composites->apply(std::move(change)); },
                        [&](CompositeStop& stop) { composites->apply(stop); },
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
                        [&](AssetImport& import) { media->apply(std::move(import)); },
                        [&](RecordingDelete& gone) { media->apply(gone); },
                        [&](FileMake& make) { media->apply(std::move(make)); }},
             effect);
}

}  // namespace ts::sandbox
