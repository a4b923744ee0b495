// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"
#include "compose/sprite.hpp"
#include "core/result.hpp"
#include "scene/show.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace ts::compose {

/// An overlay drawn once: its pixels and where they go.
struct DrawnOverlay {
  Picture picture{};  ///< yuva420p, even size.
  int x = 0;          ///< Even.
  int y = 0;
  bool cut = false;       ///< Its text did not fit.
  std::string unknown{};  ///< Letters of its text that no font here has: boxes stand for them.
  std::shared_ptr<const Sprite> sprite{};  ///< The picture, ready for the native engine.
};

/// What of a drawn overlay viewers do not see because of where it is.
struct Beyond {
  bool outside = false;  ///< All of it.
  int pixels = 0;        ///< So far it goes beyond the picture; a shadow may.
};
Beyond beyond_canvas(const DrawnOverlay& drawn, scene::Size canvas) noexcept;

/// Draws an overlay for this canvas; its own opacity is in the pixels' alpha.
/// @param live  what a clock or countdown says now; the others do not need it.
/// @return kMedia: the picture does not open, no font is installed.
Result<DrawnOverlay> draw_overlay(const scene::Overlay& overlay, const scene::Canvas& canvas,
                                  std::string_view live = {});

/// The card a slot shows when its source is gone: its name on a dark ground.
/// Without a font the card has no text.
Picture draw_slate(std::string_view text, const scene::Canvas& canvas);

}  // namespace ts::compose
