// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/secret.hpp"
#include "net/http.hpp"
#include "sandbox/effects.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ts::sandbox {

/// Delivers webhooks as the vendors do. LiveKit: one queue per resource, at most 200 events in it,
/// 30 s of patience, up to 4 retries. Mux and Cloudflare: retries until the receiver says 2xx, at
/// most 6 times. Cloudflare's account notifications carry the shared secret instead of a signature.
/// Within a queue in order, one at a time; queues do not wait for another. Thread-safe.
class WebhookSender {
 public:
  struct Options {
    std::vector<std::string> urls{};  ///< Every event goes to each. Empty: events are only counted.
    std::string livekit_key{};
    Secret livekit_secret{};
    Secret mux_secret{};
    Secret cloudflare_secret{};
  };
  struct Stats {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;  ///< Given up.
    std::uint64_t pending = 0;
  };
  /// @param transport, clock, log  outlive the sender; the transport is thread-safe.
  WebhookSender(Options options, net::HttpTransport& transport, Clock& clock, Log& log);
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;
  /// Drops what has not been delivered.
  ~WebhookSender();

  void post(WebhookDue event);
  /// Adds addresses of one vendor's own subscription, with their secrets; replaces earlier ones.
  void subscribe(WebhookEndpoints endpoints);
  [[nodiscard]] Stats stats() const;

 private:
  struct Item {
    WebhookDue event;
    SteadyTime queued{};
    int tries = 0;
  };
  struct Queue {
    std::string url;
    std::shared_ptr<const Secret> secret;  ///< Null: the vendor's of `Options`.
    std::deque<Item> items;
    SteadyTime ready{};
    bool busy = false;
  };

  void work(const std::stop_token& stop);
  struct Endpoint {
    std::string url;
    std::shared_ptr<const Secret> secret;
  };

  void enqueue(const WebhookDue& event, const Endpoint& endpoint);
  [[nodiscard]] Result<net::Headers> sign(const WebhookDue& event, const Secret* secret) const;
  Result<int> send(const Endpoint& endpoint, const WebhookDue& event, const std::stop_token& stop);
  /// @return whether the item is done with.
  bool settle(Queue& queue, const Result<int>& answer);

  Options options_;
  net::HttpTransport& transport_;
  Clock& clock_;
  Log& log_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Queue> queues_;
  std::map<Vendor, std::vector<Endpoint>> subscriptions_;
  Stats stats_;
  std::uint64_t generation_ = 0;  ///< Moves when there is something new to look at.
  std::vector<std::jthread> threads_;
};

}  // namespace ts::sandbox
