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
  /// The scene on air; empty before anything was read.
  [[nodiscard]] const std::string& scene() const noexcept { return scene_; }
  /// Commands of the control protocol, one for each thing that was set.
  /// @param at  what the show's clock says; nullopt when it does not run.
  [[nodiscard]] std::vector<Json> commands(std::optional<milliseconds> at) const;

 private:
  std::string scene_;
  std::string preview_;
  bool black_ = false;
  std::map<std::string, Json, std::less<>> overlays_;  ///< To show, or to hide.
  std::map<std::string, Json, std::less<>> words_;
  std::map<std::string, Json, std::less<>> sound_;  ///< By source: a command "audio".
};

}  // namespace ts::live
