// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"
#include "scene/show.hpp"

#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <vector>

namespace ts::compose {

/// The cards that stand in for sources without a picture, drawn when they are needed first. For the
/// tick's thread.
class Slates {
 public:
  /// @param at_once  draw while the caller waits, instead of beside it: offline.
  Slates(const scene::Canvas& canvas, bool at_once) : canvas_(canvas), at_once_(at_once) {}

  /// Room for that many sources.
  void resize(std::size_t sources) { cards_.resize(sources); }
  /// One more source, whose card has been drawn already.
  void add(Picture card);
  /// A card without a name.
  const Picture& plain();
  /// The card with the source's name; a plain one while that is being drawn.
  Picture card(std::size_t source, const std::string& name);
  /// Changes with the picture that card() gives.
  [[nodiscard]] std::uint64_t version(std::size_t source) const { return cards_[source].version; }
  [[nodiscard]] bool is_card(std::size_t source, const Picture& picture) const {
    return picture == cards_[source].picture || picture == plain_;
  }

 private:
  struct Card {
    Picture picture{};  ///< Null: never needed so far.
    std::future<Picture> drawing{};
    std::uint64_t version = 0;
  };
  const scene::Canvas canvas_;
  const bool at_once_;
  Picture plain_{};
  std::vector<Card> cards_;
};

}  // namespace ts::compose
