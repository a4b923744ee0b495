// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "net/http.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace ts::live {

/// Looks at the viewers' playlist while the show is on air and notices when it stands still: the
/// one fault that no API of the vendors reports. look() and change() may run on different threads.
class ViewerWatch {
 public:
  /// Without a new segment for this long, or three target durations if that is more, viewers wait.
  static constexpr std::chrono::seconds kPatience{12};

  /// @param transport, clock  must outlive the watch.
  ViewerWatch(net::HttpTransport& transport, const Clock& clock, std::string playback_url);

  /// Fetches the playlist once (at most 8 s). Failures are kept as the reason of a stall.
  void look(std::stop_token stop);

  struct Change {
    bool stalled = false;  ///< False: the playlist goes on.
    std::string text{};    ///< For people, with the length of the stall and its reason.
  };
  /// What changed since the last call; nullopt when nothing did.
  std::optional<Change> change();

 private:
  net::HttpTransport& transport_;
  const Clock& clock_;
  const std::string url_;
  std::mutex mutex_;
  std::int64_t newest_ = -1;  ///< Sequence number after the newest segment.
  SteadyTime advanced_;       ///< When it last grew.
  milliseconds patience_{kPatience};
  std::string reason_;  ///< Of the last failed look; empty when it could be read.
  std::optional<SteadyTime> stalled_since_;
  milliseconds stall_{};  ///< Length of the stall that is over.
  bool told_ = false;     ///< change() has reported the stall.
};

}  // namespace ts::live
