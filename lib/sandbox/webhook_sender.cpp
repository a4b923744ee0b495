// SPDX-License-Identifier: Apache-2.0
#include "sandbox/webhook_sender.hpp"

#include "webhook/webhook.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kDepth = 200;
constexpr seconds kPatience{30};
constexpr int kLiveKitTries = 5;
constexpr int kMuxTries = 7;

/// LiveKit counts every answer but 429 and 5xx (501 excepted) as delivered; the others want 2xx.
bool delivered(Vendor vendor, int status) {
  if (vendor != Vendor::kLiveKit) return status >= 200 && status < 300;
  return status != 429 && (status < 500 || status == 501);
}

}  // namespace

WebhookSender::WebhookSender(Options options, net::HttpTransport& transport, Clock& clock, Log& log)
    : options_(std::move(options)), transport_(transport), clock_(clock), log_(log) {
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

WebhookSender::~WebhookSender() {
  for (auto& thread : threads_) thread.request_stop();
  changed_.notify_all();
  threads_.clear();
}

void WebhookSender::enqueue(const WebhookDue& event, const Endpoint& endpoint) {
  const auto* vendor = event.vendor == Vendor::kMux       ? "mux "
                       : event.vendor == Vendor::kLiveKit ? "livekit "
                                                          : "cloudflare ";
  auto& queue = queues_[vendor + event.queue + " " + endpoint.url];
  queue.url = endpoint.url;
  queue.secret = endpoint.secret;
  if (queue.items.size() >= kDepth) {
    ++stats_.failed;
    return;
  }
  queue.items.push_back({.event = event, .queued = clock_.steady_now()});
  ++stats_.pending;
}

void WebhookSender::post(WebhookDue event) {
  {
    const std::lock_guard lock(mutex_);
    const auto& subscribed = subscriptions_[event.vendor];
    if (!event.notification) {
      for (const auto& endpoint : subscribed) enqueue(event, endpoint);
    }
    for (const auto& url : options_.urls) {
      const bool twice =
          !event.notification && std::any_of(subscribed.begin(), subscribed.end(),
                                             [&](const Endpoint& one) { return one.url == url; });
      if (!twice) enqueue(event, {.url = url, .secret = nullptr});
    }
    ++generation_;
  }
  changed_.notify_all();
}

void WebhookSender::subscribe(WebhookEndpoints endpoints) {
  std::vector<Endpoint> list;
  for (auto& endpoint : endpoints.endpoints) {
    list.push_back({.url = std::move(endpoint.url),
                    .secret = std::make_shared<const Secret>(std::move(endpoint.secret))});
  }
  const std::lock_guard lock(mutex_);
  subscriptions_[endpoints.vendor] = std::move(list);
}

WebhookSender::Stats WebhookSender::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

Result<net::Headers> WebhookSender::sign(const WebhookDue& event, const Secret* secret) const {
  webhook::Credentials credentials{.livekit_key = options_.livekit_key};
  const auto use = [&](const Secret& usual) {
    credentials.secrets.push_back((secret == nullptr ? usual : *secret).clone());
  };
  switch (event.vendor) {
    case Vendor::kMux:
      use(options_.mux_secret);
      return webhook::sign(webhook::Provider::kMux, event.body, credentials, clock_.now());
    case Vendor::kCloudflare:
      use(options_.cloudflare_secret);
      if (event.notification) return webhook::sign_cloudflare_live(credentials);
      return webhook::sign(webhook::Provider::kCloudflare, event.body, credentials, clock_.now());
    case Vendor::kLiveKit:
      break;
  }
  use(options_.livekit_secret);
  return webhook::sign(webhook::Provider::kLivekit, event.body, credentials, clock_.now());
}

Result<int> WebhookSender::send(const Endpoint& endpoint, const WebhookDue& event,
                                const std::stop_token& stop) {
  TS_TRY(auto headers, sign(event, endpoint.secret.get()));
  net::HttpRequest request{.method = "POST",
                           .url = endpoint.url,
                           .headers = std::move(headers),
                           .has_body = true,
                           .body = event.body};
  TS_TRY(const auto answer, transport_.send(request, stop));
  return answer.status;
}

bool WebhookSender::settle(Queue& queue, const Result<int>& answer) {
  auto& item = queue.items.front();
  const auto vendor = item.event.vendor;
  if (answer && delivered(vendor, answer.value())) {
    ++stats_.delivered;
    return true;
  }
  const auto now = clock_.steady_now();
  const bool late = vendor == Vendor::kLiveKit && now - item.queued > kPatience;
  if (++item.tries >= (vendor == Vendor::kLiveKit ? kLiveKitTries : kMuxTries) || late) {
    ++stats_.failed;
    return true;
  }
  const auto wait =
      std::min<milliseconds>(seconds{1U << static_cast<unsigned>(item.tries - 1)}, seconds{30});
  queue.ready = now + wait;
  return false;
}

void WebhookSender::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto now = clock_.steady_now();
    auto next = SteadyTime::max();
    Queue* chosen = nullptr;
    for (auto& [name, queue] : queues_) {
      if (queue.busy || queue.items.empty()) continue;
      if (queue.ready <= now) {
        chosen = &queue;
        break;
      }
      next = std::min(next, queue.ready);
    }
    if (chosen == nullptr) {
      const auto limit = next == SteadyTime::max() ? now + seconds{60} : next;
      const auto seen = generation_;
      changed_.wait_for(lock, stop, limit - now, [&] { return generation_ != seen; });
      continue;
    }
    chosen->busy = true;
    const auto event = chosen->items.front().event;
    const Endpoint endpoint{.url = chosen->url, .secret = chosen->secret};
    lock.unlock();
    const auto answer = send(endpoint, event, stop);
    if (!answer) {
      log_.warning("sandbox", "webhook {} was not delivered: {}", event.type,
                   answer.error().message);
    }
    lock.lock();
    chosen->busy = false;
    if (stop.stop_requested()) return;
    if (settle(*chosen, answer)) {
      chosen->items.pop_front();
      --stats_.pending;
      chosen->ready = {};
    }
    ++generation_;
    changed_.notify_all();
  }
}

}  // namespace ts::sandbox
