// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "core/result.hpp"
#include "livekit/limits.hpp"
#include "livekit/service.hpp"
#include "livekit/wire.hpp"

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

namespace ts::livekit {

/// Whether sending it twice makes a second one.
bool makes_another(std::string_view method);
/// What to do then, where it may have been carried out.
std::string may_be_there(std::string_view method);

/// Sends a typed request and reads a typed answer.
template <typename Answer, typename Request>
Result<Answer> typed_call(Service& service, std::string_view method, const Request& request,
                          const CallGrant& grant, const Secrets& secrets, std::stop_token stop,
                          bool is_start = false) {
  TS_TRY(const auto json,
         service.call(method, to_json(request), grant,
                      is_start ? service.options().start_timeout : service.options().call_timeout,
                      secrets, std::move(stop)));
  auto answer = from_json<Answer>(json);
  if (answer.ok()) return answer;
  Error error = std::move(answer).error();
  error.code = "bad_answer";
  // It says done.
  if (makes_another(method)) error.hint = may_be_there(method);
  return std::move(error).with_context(std::string("the answer of ").append(method));
}

/// An id that LiveKit made: not empty, no "/", no control characters.
Status check_id(std::string_view value, std::string_view what);
Status check_metadata(std::string_view value, std::string_view what);

/// Growing pauses of a poll: 250 ms to 2 s.
class PollPause {
 public:
  /// @return false when stopped; the pause never reaches beyond `deadline`.
  bool wait(Clock& clock, SteadyTime deadline, std::stop_token stop) {
    const auto until = std::min(clock.steady_now() + next_, deadline);
    next_ = std::min(next_ * 3 / 2, milliseconds{2'000});
    return clock.wait_until(until, std::move(stop));
  }

 private:
  milliseconds next_{250};
};

}  // namespace ts::livekit
