// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/compositor.hpp"
#include "core/json_fwd.hpp"

#include <string>
#include <string_view>

namespace ts::cli {

/// {"schema": "ts.compose/1", "event": `event`}.
Json compose_line(std::string_view event);
/// The members of a status line (also of the control protocol's status reply), merged into `into`.
void add_snapshot(Json& into, const compose::Snapshot& snapshot);
/// A change on air: tick, what, and its name.
Json event_line(const compose::ProgramEvent& event);
/// One line for a terminal: time, scene, rate, trouble, outputs.
std::string progress_text(const compose::Snapshot& snapshot);
/// Several lines for --stats.
std::string stats_text(const compose::Snapshot& snapshot);

}  // namespace ts::cli
