// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/explain.hpp"
#include "scene/show.hpp"

#include <string>

namespace ts::scene {

/// True from one time up to, and without, another: for the option "enable" of a filter.
std::string from_until(milliseconds from, milliseconds until);

/// When an overlay is visible, for "enable"; empty when never.
std::string overlay_visible(const Show& show, const ExplainOptions& options,
                            const Overlay& overlay);

/// The chain of FFmpeg's own filters that draws an overlay of text while `when` holds. Not for
/// images.
std::string overlay_text_filters(const Canvas& canvas, const Overlay& overlay,
                                 const std::string& when);

}  // namespace ts::scene
