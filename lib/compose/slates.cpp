// SPDX-License-Identifier: Apache-2.0
#include "compose/slates.hpp"

#include "compose/raster.hpp"
#include "core/clock.hpp"

#include <utility>

namespace ts::compose {

void Slates::add(Picture card) { cards_.emplace_back().picture = std::move(card); }

const Picture& Slates::plain() {
  if (!plain_) plain_ = draw_slate("", canvas_);
  return plain_;
}

Picture Slates::card(std::size_t source, const std::string& name) {
  Card& card = cards_[source];
  if (card.picture) return card.picture;
  if (at_once_) {
    card.picture = draw_slate(name, canvas_);
    return card.picture;
  }
  // Drawing takes milliseconds: not between two frames.
  if (!card.drawing.valid()) {
    card.drawing = std::async(std::launch::async,
                              [name, canvas = canvas_] { return draw_slate(name, canvas); });
  }
  if (card.drawing.wait_for(seconds{0}) != std::future_status::ready) return plain();
  card.picture = card.drawing.get();
  ++card.version;
  return card.picture;
}

}  // namespace ts::compose
