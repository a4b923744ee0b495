// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace ts::sandbox {

/// Who watches: a view is one fetch of a master playlist, a viewer one whose media playlist was
/// fetched lately. Thread-safe.
class Audience {
 public:
  struct Counts {
    std::int64_t views = 0;
    std::int64_t viewers = 0;
  };
  explicit Audience(const Clock& clock) : clock_(clock) {}

  /// `view` fetched a playlist of `playback_id`.
  void saw(std::string_view playback_id, std::string_view view);
  [[nodiscard]] Counts counts(std::string_view playback_id) const;

 private:
  struct Views {
    std::map<std::string, SteadyTime, std::less<>> last{};
    std::int64_t forgotten = 0;  ///< Old views, no longer held one by one.
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Views, std::less<>> by_id_;
};

/// How late media arrives against its own clock: what Mux calls stream drift. Thread-safe.
class DriftMeter {
 public:
  struct Drift {
    bool known = false;
    double session_average_ms = 0;
    double deviation_ms = 0;  ///< Of the newest from the average of the last 30 s.
    WallTime updated{};
  };
  void feed(std::int64_t timestamp_ms, SteadyTime arrived, WallTime now);
  [[nodiscard]] Drift drift() const;

 private:
  mutable std::mutex mutex_;
  bool begun_ = false;
  std::int64_t first_timestamp_ = 0;
  SteadyTime first_arrival_{};
  SteadyTime next_sample_{};
  std::map<SteadyTime, double> recent_;
  double sum_ = 0;
  std::int64_t samples_ = 0;
  double newest_ = 0;
  WallTime updated_{};
};

}  // namespace ts::sandbox
