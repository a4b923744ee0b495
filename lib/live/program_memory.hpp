// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::live {

/// What is on air, from the lines that `ts-media compose run --json` prints, so that a compositor
/// that has to be started again goes on where the one before was. Not remembered: sources, scenes
/// and outputs that were added by hand. For one thread.
class ProgramMemory {
 public:
  void read(std::string_view line);
  /// The scene to go on with; empty before anything was read. Not the guards' slate: they bring it
  /// again if the scene still fails, and from one that they have not brought nobody comes back.
  [[nodiscard]] const std::string& scene() const noexcept {
    return slate_for_.empty() ? scene_ : slate_for_;
  }
  /// What the show's clock said in the newest line; nullopt before it ran.
  [[nodiscard]] std::optional<milliseconds> clock() const;
  /// Commands of the control protocol, one for each thing that was set.
  /// @param at  what the show's clock says; nullopt when it does not run. What its cues would have
  ///            done since the newest line is still to be done.
  [[nodiscard]] std::vector<Json> commands(std::optional<milliseconds> at) const;

 private:
  std::string scene_;
  std::string slate_for_;  ///< The scene that the guards' slate stands in for.
  std::string preview_;
  std::optional<milliseconds> before_;  ///< The clock of the program before this one.
  double ticks_per_s_ = 0;
  std::optional<double> zero_tick_;  ///< Where the show's clock said 0.
  double tick_ = 0;
  bool black_ = false;
  std::map<std::string, Json, std::less<>> overlays_;  ///< To show, or to hide.
  std::map<std::string, Json, std::less<>> words_;
  std::map<std::string, Json, std::less<>> sound_;  ///< By source: a command "audio".
};

}  // namespace ts::live
