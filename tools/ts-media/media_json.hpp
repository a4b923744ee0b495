// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "media/flv_demuxer.hpp"

#include <chrono>

namespace ts::cli {

/// {"video": {"codec", "width", "height"} or null, "audio": {"codec", "sample_rate", "channels"}
/// or null}, merged into `into`.
void add_tracks(Json& into, const media::Tracks& tracks);

/// Seconds with six decimals, for members that end in _s.
double seconds_of(std::chrono::microseconds duration);

}  // namespace ts::cli
