// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string_view>

namespace ts::media {

/// Whether a libavfilter chain of a show file may be run: known filters of pictures only, none that
/// reads files, the network or other programs. Reads the text the way libavfilter does; creates
/// nothing.
/// @return kUsage naming the filter, with the nearest one that may be used.
Status check_filter(std::string_view chain);

/// Whether the filters of a chain that may be run take their options, too. Makes the filters and
/// gives them nothing to do.
/// @return kUsage with libavfilter's reason.
Status try_filter(std::string_view chain);

}  // namespace ts::media
