// SPDX-License-Identifier: Apache-2.0
#pragma once

// Readers of whole members of a show file. Private to scene.
#include "core/json.hpp"
#include "scene/show.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ts::scene {

/// One of "sources".
/// @param folder  paths are relative to it.
Result<Source> read_source(const std::string& name, const JsonReader& reader,
                           const std::filesystem::path& folder);
/// One of "scenes", over the canvas and the sources of `show`.
Result<Scene> read_scene(const std::string& name, const JsonReader& reader, const Show& show);
/// One of "overlays".
Result<Overlay> read_overlay(const std::string& name, const JsonReader& reader,
                             const std::filesystem::path& folder);
/// One of "cues", over the scenes, sources and overlays of `show`.
Result<Cue> read_cue(const JsonReader& reader, const Show& show);
/// One of "outputs", over the renditions of `show`.
Result<Output> read_output(const JsonReader& reader, const Show& show);

/// "duck": {"under": "mic", "by_db": 12, …} of a source; the names are checked by check_duck.
Result<Duck> read_duck(const JsonReader& reader);
/// kUsage when a source ducks under one that is not there, or under itself.
Status check_duck(const JsonReader& reader, std::string_view source,
                  const std::vector<std::string>& sources);
/// "sound": {"ceiling_dbtp": -1}.
Result<double> read_ceiling(const JsonReader& reader);
/// "guards": {"black": "5s", "silent": {"after": "10s", "below_db": -60}, "slate": "scene"}.
Result<Guards> read_guards(const JsonReader& reader, const std::vector<std::string>& scenes);
/// "clock": true, a strftime format, or {"format": …, "zone": "utc" | "local"}.
Result<ClockOverlay> read_clock(const JsonReader& reader, const JsonReader& overlay);
/// "countdown": "5m", a time in RFC 3339, or {"for" or "to": …, "done": …}.
Result<CountdownOverlay> read_countdown(const JsonReader& reader, const JsonReader& overlay);

/// "encode": {"video_bitrate": "2500k", "gop": "2s", …}.
Result<Encode> read_encode(const JsonReader& reader);
/// "renditions": {"low": {"width": 640, "video_bitrate": "800k", …}}; what is left out follows from
/// the main encode.
Result<std::vector<Rendition>> read_renditions(const JsonReader& reader, const Canvas& canvas,
                                               const Encode& main);
/// "rendition": "low" or "renditions": ["main", "low"] of an output; the names are not checked.
Result<std::vector<std::string>> read_output_renditions(const JsonReader& reader);

}  // namespace ts::scene
