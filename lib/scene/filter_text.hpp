// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ts::scene {

/// Words and numbers as libavfilter's graph syntax and its drawing filters want them.

/// A value inside a filter of a graph.
std::string filter_quoted(std::string_view text);
/// "1.250": seconds with three decimals.
std::string filter_seconds(milliseconds time);
/// "0xRRGGBB".
std::string filter_color(std::uint32_t rgb);
/// Filters that put a border of one color around an 8 bit yuv420p (or yuva420p) picture in BT.709.
std::string border_filters(int width, std::uint32_t rgb);
/// A generator of one color, in BT.709. @param size  such as "s=1280x720:r=30/1".
std::string color_source(std::uint32_t rgb, std::string_view size);

/// What the program puts before everything else where pictures come interlaced. Whole ones pass.
inline constexpr std::string_view kDeinterlace = "yadif=deint=interlaced";

/// What makes any picture the program's: BT.709, limited range, yuv420p.
inline constexpr std::string_view kToProgramColors =
    "scale=out_range=tv:out_color_matrix=bt709,format=yuv420p";

}  // namespace ts::scene
