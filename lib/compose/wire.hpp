// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/compositor.hpp"
#include "core/json_fwd.hpp"

#include <string>
#include <string_view>

namespace ts::compose {

/// {"schema": "ts.compose/1", "event": `event`}.
Json compose_line(std::string_view event);
/// The members of a status line (also of the control protocol's status reply), merged into `into`.
void add_snapshot(Json& into, const Snapshot& snapshot);
/// The program's meters: peaks and RMS in dBFS, true peaks in dBTP, loudness in LUFS.
Json meters_json(const Snapshot& snapshot);
/// A change on air: tick, what, and its name.
Json event_line(const ProgramEvent& event);
/// "output 'main' (main.mp4)" is main.
std::string short_name(std::string_view name);
/// One line for a terminal: time, scene, rate, trouble, outputs.
std::string progress_text(const Snapshot& snapshot);
/// Several lines for --stats.
std::string stats_text(const Snapshot& snapshot);

}  // namespace ts::compose
