// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "live/compositor.hpp"
#include "live/services.hpp"
#include "live/session.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace ts::live {

struct TeardownOptions {
  /// True after a failed start: a live stream that this run made and nobody saw is deleted.
  bool abort = false;
  bool keep_room = false;
  milliseconds room_grace{0};
  milliseconds step_timeout{30'000};
  bool wait_for_asset = true;  ///< Wait for idle and for the finished recording.
};

/// Ends everything a session has made, in the order that keeps the recording whole: egress,
/// compositor, ingress, live stream (complete, idle, asset), room. Each step runs whatever became
/// of the others.
///
/// @param compositor  the running child, or nullptr when this process has none.
/// @return what could not be ended, such as "egress EG_x"; empty when nothing is left behind.
std::vector<std::string> teardown(const Services& services, Session& session,
                                  Compositor* compositor, const TeardownOptions& options,
                                  std::stop_token stop);

}  // namespace ts::live
