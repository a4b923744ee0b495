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

/// LiveKit counts every answer but 429 and 5xx (501 excepted) as delivered; Mux wants 2xx.
bool delivered(Vendor vendor, int status) {
  if (vendor == Vendor::kMux) return status >= 200 && status < 300;
  return status != 429 && (status < 500 || status == 501);
}

}  // namespace

WebhookSender::WebhookSender(Options options, net::HttpTransport& transport, Clock& clock, Log& log)
    : options_(std::move(options)), transport_(transport), clock_(clock), log_(log) {
  if (options_.urls.empty()) return;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

WebhookSender::~WebhookSender() {
  for (auto& thread : threads_) thread.request_stop();
  changed_.notify_all();
  threads_.clear();
}

void WebhookSender::post(WebhookDue event) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& url : options_.urls) {
      const auto* vendor = event.vendor == Vendor::kMux ? "mux " : "livekit ";
      auto& queue = queues_[vendor + event.queue + " " + url];
      queue.url = url;
      if (queue.items.size() >= kDepth) {
        ++stats_.failed;
        continue;
      }
      queue.items.push_back({.event = event, .queued = clock_.steady_now()});
      ++stats_.pending;
    }
    ++generation_;
  }
  changed_.notify_all();
}

WebhookSender::Stats WebhookSender::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

Result<net::Headers> WebhookSender::sign(const WebhookDue& event) const {
  const bool mux = event.vendor == Vendor::kMux;
  webhook::Credentials credentials{.livekit_key = options_.livekit_key};
  credentials.secrets.push_back((mux ? options_.mux_secret : options_.livekit_secret).clone());
  return webhook::sign(mux ? webhook::Provider::kMux : webhook::Provider::kLivekit, event.body,
                       credentials, clock_.now());
}

Result<int> WebhookSender::send(const std::string& url, const WebhookDue& event,
                                const std::stop_token& stop) {
  TS_TRY(auto headers, sign(event));
  net::HttpRequest request{.method = "POST",
                           .url = url,
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
  if (++item.tries >= (vendor == Vendor::kMux ? kMuxTries : kLiveKitTries) || late) {
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
    const auto url = chosen->url;
    lock.unlock();
    const auto answer = send(url, event, stop);
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
