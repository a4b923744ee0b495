// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/geometry.hpp"

#include <vector>

namespace ts::compose {

/// The part that two rectangles share; 0 x 0 when there is none.
scene::Rect intersection(const scene::Rect& a, const scene::Rect& b) noexcept;

/// What of `area` (rectangles that do not overlap) lies outside of `hole`, as rectangles that do
/// not overlap: full-width strips above and below, then the two sides.
std::vector<scene::Rect> subtract(const std::vector<scene::Rect>& area, const scene::Rect& hole);

}  // namespace ts::compose
