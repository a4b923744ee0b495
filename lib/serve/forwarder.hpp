// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/bounded_queue.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "net/backoff.hpp"
#include "net/http.hpp"
#include "store/database.hpp"
#include "store/events.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace ts::serve {

/// How one event's delivery ended.
struct Delivery {
  std::int64_t seq = 0;
  std::string type{};
  bool delivered = false;
  int status = 0;  ///< Of the last answer; 0 when none came.
  int tries = 0;
  std::string problem{};  ///< Empty when delivered.
};

struct ForwarderOptions {
  std::string url{};
  int tries = 6;
  net::Backoff::Options backoff{};
  milliseconds timeout{10'000};  ///< Of one try.
  std::size_t queue = 1000;
};

/// The request that hands `row` on: the original body and headers, without those that belong to
/// the old connection (Host, Content-Length, Connection …).
net::HttpRequest forward_request(const store::EventRow& row, const std::string& url,
                                 milliseconds timeout);

/// Sends one event until it is answered 2xx, tries are used up or `stop` is requested. A transport
/// error, 408, 429 and 5xx are tried again (after Retry-After where given), other answers are
/// final. A delivered event is marked as handled; the others stay unhandled: they are the dead
/// letters.
Delivery deliver(const store::EventRow& row, const ForwarderOptions& options,
                 store::Database& database, net::HttpTransport& transport, Clock& clock,
                 std::stop_token stop);

/// Delivers events one after the other on a thread of its own, in the order they were added.
class Forwarder {
 public:
  /// @param database, transport, clock  outlive the forwarder.
  /// @param on_delivery  called on its thread after each.
  Forwarder(ForwarderOptions options, store::Database& database, net::HttpTransport& transport,
            Clock& clock, std::function<void(const Delivery&)> on_delivery);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;
  /// Stops: the event under way is given up, the rest stay unhandled.
  ~Forwarder();

  /// @return false when the queue is full: the event stays in the store, unhandled.
  bool add(store::EventRow row);

 private:
  void run(const std::stop_token& stop);

  ForwarderOptions options_;
  store::Database& database_;
  net::HttpTransport& transport_;
  Clock& clock_;
  std::function<void(const Delivery&)> on_delivery_;
  BoundedQueue<store::EventRow> queue_;
  std::jthread thread_;
};

}  // namespace ts::serve
