// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "scene/show.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ts::scene {

struct ExplainOptions {
  /// One scene only, without cues; empty: the whole show with its cues.
  std::string scene{};
  /// With `scene` empty: only the scene that is on air at this time.
  std::optional<milliseconds> at{};
  std::string output = "program.mp4";
  /// What opening the inputs told: has it sound, is it a still? Unset: files have sound, .png and
  /// .jpg are stills.
  std::function<bool(const Source&)> has_sound{};
  std::function<bool(const Source&)> is_still{};
  /// How the address of a network source is written: with its key hidden, say. Unset: as it is.
  std::function<std::string(const std::string&)> address{};
};

/// The show (or one scene of it) as an ffmpeg command line that a person can paste into a shell.
/// Cuts, fades, overlays and gains are there; reconnecting sources and live commands are what ts
/// adds to it.
/// @return kUsage for a scene that does not exist.
Result<std::string> explain(const Show& show, const ExplainOptions& options);

/// `text` as one word of a POSIX shell.
std::string shell_quoted(std::string_view text);

}  // namespace ts::scene
