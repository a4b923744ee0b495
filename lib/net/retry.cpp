// SPDX-License-Identifier: Apache-2.0
#include "net/retry.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::net {
namespace {

bool worth_repeating(const HttpResponse& response, Repeat repeat) {
  const std::string_view wish = response.header("x-should-retry");
  if (wish == "true") return true;
  if (wish == "false") return false;
  const int status = response.status;
  if (repeat == Repeat::kCreate) return status == 429 || status == 503;
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

/// The service may have carried the request out although it answered so.
bool may_be_done(int status) { return status == 408 || (status >= 500 && status != 503); }

Error interrupted() {
  return Error{.kind = ErrorKind::kInterrupted, .message = "the request was interrupted"};
}

}  // namespace

Result<Exchange> Retrier::send(const HttpRequest& request, Repeat repeat,
                               const std::stop_token& stop) const {
  Backoff backoff(options_.backoff, options_.seed);
  Exchange exchange;
  for (int retries_left = options_.max_retries;; --retries_left) {
    ++exchange.attempts;
    auto answer = transport_.send(request, stop);
    std::optional<milliseconds> wish;
    int status = 0;
    if (answer.ok()) {
      const HttpResponse& response = answer.value();
      if (retries_left <= 0 || !worth_repeating(response, repeat)) {
        exchange.response = std::move(answer).value();
        return exchange;
      }
      exchange.maybe_done_before |= may_be_done(response.status);
      status = response.status;
      wish = parse_retry_after(response.header("retry-after-ms"), response.header("retry-after"),
                               clock_.now());
    } else {
      Error error = std::move(answer).error();
      if (error.kind != ErrorKind::kRemote) return error;
      const bool unsent = never_sent(error);
      if (repeat == Repeat::kCreate && !unsent) {
        error.code = "maybe_done";
        error.retryable = false;
        return error;
      }
      if (retries_left <= 0 || !error.retryable) {
        // The last try never left, but one before it may have been carried out.
        if (unsent && exchange.maybe_done_before && request.method != "GET") {
          error.code = "maybe_done";
          if (repeat == Repeat::kCreate) error.retryable = false;
        }
        return error;
      }
      exchange.maybe_done_before |= !unsent;
    }
    const milliseconds own = backoff.next();
    const milliseconds wait =
        wish ? std::clamp(*wish, milliseconds{0}, options_.longest_retry_after) : own;
    if (options_.on_wait) options_.on_wait(wait, status);
    if (!clock_.wait_for(wait, stop)) return interrupted();
  }
}

Status Pacer::wait_turn(Clock& clock, const std::stop_token& stop) {
  SteadyTime turn;
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock.steady_now();
    full_at_ = std::max(full_at_, now) + interval_;
    turn = full_at_ - interval_ * burst_;
  }
  if (turn > clock.steady_now() && !clock.wait_until(turn, stop)) return interrupted();
  return ok_status();
}

}  // namespace ts::net
