// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/explain.hpp"
#include "scene/show.hpp"

#include <string>

namespace ts::scene {

/// A time that "t" of a filter is compared with: t of the tick that has this very time may be a
/// hair less (3.7 s at 30 fps), and must not be taken for the tick before.
std::string enable_seconds(const Ratio& rate, milliseconds time);

/// True from one time up to, and without, another: for the option "enable" of a filter.
std::string from_until(const Ratio& rate, milliseconds from, milliseconds until);

/// When an overlay is visible, for "enable"; empty when never.
std::string overlay_visible(const Show& show, const ExplainOptions& options,
                            const Overlay& overlay);

/// The chain of FFmpeg's own filters that draws an overlay of text while `when` holds. Not for
/// images.
/// @param begin  the program's time at the first picture.
std::string overlay_text_filters(const Canvas& canvas, const Overlay& overlay,
                                 const std::string& when, milliseconds begin);

}  // namespace ts::scene
