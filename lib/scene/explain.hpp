// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "scene/show.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ts::scene {

/// What looking into a source told.
struct KnownPicture {
  std::string chain{};   ///< Filters that make its pictures the program's; empty for none.
  Size size{};           ///< Of what comes out of `chain`.
  Ratio pixel_aspect{};  ///< Of that, too.
  bool turned = false;   ///< `chain` turns it: ffmpeg must not do so, too.
};

/// An overlay drawn into a file, and where it goes.
struct DrawnFile {
  std::string path{};
  int x = 0;
  int y = 0;
};

struct ExplainOptions {
  /// One scene only, without cues; empty: the whole show with its cues.
  std::string scene{};
  /// With `scene` empty: only the scene that is on air at this time.
  std::optional<milliseconds> at{};
  std::string output = "program.mp4";
  /// What opening the inputs told: has it a picture, sound, is it a still? Unset: files have both,
  /// .png and .jpg are stills.
  std::function<bool(const Source&)> has_picture{};
  std::function<bool(const Source&)> has_sound{};
  std::function<bool(const Source&)> is_still{};
  /// Unset, or nullopt: ffmpeg finds the place of such a picture by itself, as near as it can.
  std::function<std::optional<KnownPicture>(const Source&)> picture{};
  std::function<std::optional<milliseconds>(const Source&)> length{};  ///< Of a file, if known.
  /// Overlays that were drawn into files; unset, or nullopt: ffmpeg's own text, which looks alike.
  std::function<std::optional<DrawnFile>(const Overlay&)> drawn{};
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
