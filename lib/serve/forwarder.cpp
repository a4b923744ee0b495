// SPDX-License-Identifier: Apache-2.0
#include "serve/forwarder.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::serve {
namespace {

/// Headers of a connection, not of the message (RFC 9110, 7.6.1), and those the transport writes.
constexpr std::array<std::string_view, 11> kConnectionHeaders{
    "host",    "content-length", "connection",       "keep-alive", "transfer-encoding", "te",
    "trailer", "upgrade",        "proxy-connection", "expect",     "accept-encoding"};

bool worth_another_try(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501);
}

}  // namespace

net::HttpRequest forward_request(const store::EventRow& row, const std::string& url,
                                 milliseconds timeout) {
  net::HttpRequest request{.method = "POST",
                           .url = url,
                           .has_body = true,
                           .body = row.body,
                           .timeout = timeout,
                           // What it says is nobody's business; that it was taken is.
                           .max_response_bytes = std::size_t{16} << 20U};
  for (const auto& [name, value] : row.headers) {
    const auto lower = to_lower(name);
    if (std::find(kConnectionHeaders.begin(), kConnectionHeaders.end(), lower) ==
        kConnectionHeaders.end()) {
      request.headers.emplace_back(name, value);
    }
  }
  return request;
}

Delivery deliver(const store::EventRow& row, const ForwarderOptions& options,
                 store::Database& database, net::HttpTransport& transport, Clock& clock,
                 std::stop_token stop) {
  Delivery delivery{.seq = row.seq, .type = row.type};
  net::Backoff backoff(options.backoff, static_cast<std::uint64_t>(row.seq) + 1);
  while (delivery.tries < options.tries) {
    ++delivery.tries;
    std::optional<milliseconds> wait;
    const auto response = transport.send(forward_request(row, options.url, options.timeout), stop);
    if (response.ok()) {
      delivery.status = response.value().status;
      if (response.value().ok()) {
        const auto marked = store::mark_event_handled(database, row.seq, clock.now());
        delivery.delivered = true;
        delivery.problem = marked.ok() ? "" : marked.error().message;
        return delivery;
      }
      delivery.problem = fmt::format("answered {}", delivery.status);
      if (!worth_another_try(delivery.status)) return delivery;
      wait = net::parse_retry_after(response.value().header("retry-after-ms"),
                                    response.value().header("retry-after"), clock.now());
    } else {
      delivery.status = 0;
      delivery.problem = response.error().message;
      if (!response.error().retryable) return delivery;
    }
    if (delivery.tries == options.tries) break;
    const auto pause = std::min(wait.value_or(backoff.next()), options.backoff.cap);
    if (!clock.wait_for(pause, stop)) break;
  }
  return delivery;
}

Forwarder::Forwarder(ForwarderOptions options, store::Database& database,
                     net::HttpTransport& transport, Clock& clock,
                     std::function<void(const Delivery&)> on_delivery)
    : options_(std::move(options)),
      database_(database),
      transport_(transport),
      clock_(clock),
      on_delivery_(std::move(on_delivery)),
      queue_(options_.queue),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Forwarder::~Forwarder() {
  thread_.request_stop();
  queue_.close();
}

bool Forwarder::add(store::EventRow row) { return queue_.try_push(std::move(row)); }

void Forwarder::run(const std::stop_token& stop) {
  while (auto row = queue_.pop(stop)) {
    if (stop.stop_requested()) return;
    const auto delivery = deliver(*row, options_, database_, transport_, clock_, stop);
    if (stop.stop_requested() && !delivery.delivered) return;
    if (on_delivery_) on_delivery_(delivery);
  }
}

}  // namespace ts::serve
