// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"

#include <string_view>

namespace ts::webhook {

/// A Mux event as Mux writes it, for one of `event_types(kMux)`.
Json mux_sample(std::string_view type, WallTime now);

}  // namespace ts::webhook
