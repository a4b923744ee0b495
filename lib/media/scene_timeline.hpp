// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ts::media {

/// What the compositor put on air from one frame on.
struct SceneChange {
  std::uint64_t frame = 0;
  std::string scene{};
  std::vector<std::string> overlays{};  ///< Shown since; those visible from the start are not told.
  std::string from{};                   ///< The scene before, while a transition runs.
  std::uint64_t settled = 0;            ///< The transition is over at this frame.

  /// "wide", or "wide → two" within the transition.
  [[nodiscard]] std::string label(std::uint64_t at_frame) const;
};

/// The compositor's own account of a show, by frame number.
struct SceneTimeline {
  std::vector<SceneChange> changes{};  ///< By rising frame.
  std::uint64_t frames = 0;            ///< How many the compositor made; 0 when it did not say.
  std::uint64_t left_out = 0;          ///< Of these, reported as skipped or repeated under load.

  /// The change in force at `frame`; nullptr before the first.
  [[nodiscard]] const SceneChange* at(std::uint64_t frame) const;
  /// Scene names in order of first appearance.
  [[nodiscard]] std::vector<std::string> scenes() const;
};

/// Reads the JSON lines of `ts compose run --json` (program, overlay_show, overlay_hide, ended;
/// other lines are skipped, half a last line too), or one JSON list of {"frame", "scene",
/// "overlays"}.
/// @return kUsage when it is neither.
Result<SceneTimeline> parse_timeline(std::string_view text);

}  // namespace ts::media
