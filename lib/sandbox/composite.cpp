// SPDX-License-Identifier: Apache-2.0
#include "sandbox/composite.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

/// What a scene of the compositor takes, without the backdrop.
constexpr std::size_t kMostTiles = 15;

/// "speaker" of "speaker-light": anything unknown is a grid, as in the template.
std::string_view kind_of(const CompositeView& view) {
  const std::string_view layout = view.layout;
  const bool screen = std::any_of(view.members.begin(), view.members.end(),
                                  [](const auto& member) { return member.video && member.screen; });
  if (layout.starts_with("single-speaker")) return "single-speaker";
  if (layout.starts_with("speaker")) return "speaker";
  return screen && (layout.empty() || layout.starts_with("grid")) ? "speaker" : "grid";
}

CompositeTile tile_of(const CompositeMember& member, int x, int y, int width, int height) {
  const auto even = [](int value) { return value & ~1; };
  return {.publish = member.publish,
          .x = even(x),
          .y = even(y),
          .width = std::max(2, even(x + width) - even(x)),
          .height = std::max(2, even(y + height) - even(y)),
          .whole = member.screen || member.portrait};
}

void add_grid(std::vector<CompositeTile>& tiles, const std::vector<CompositeMember>& shown,
              int width, int height) {
  const auto count = static_cast<int>(shown.size());
  int columns = 1;
  while (columns * columns < count) ++columns;
  int rows = columns;
  // Two share the longer side.
  if (count == 2) (width >= height ? rows : columns) = 1;
  for (int i = 0; i < count; ++i) {
    const int column = i % columns;
    const int row = i / columns;
    const int x = width * column / columns;
    const int y = height * row / rows;
    tiles.push_back(tile_of(shown[static_cast<std::size_t>(i)], x, y,
                            width * (column + 1) / columns - x, height * (row + 1) / rows - y));
  }
}

/// A column of small pictures on the left, a sixth of the width; the speaker has the rest.
void add_speaker(std::vector<CompositeTile>& tiles, const std::vector<CompositeMember>& shown,
                 int width, int height) {
  const int column = shown.size() > 1 ? width / 6 : 0;
  tiles.push_back(tile_of(shown.front(), column, 0, width - column, height));
  const int tall = std::max(2, column * 9 / 16);
  const auto room = static_cast<std::size_t>(std::max(1, height / tall));
  for (std::size_t i = 1; i < std::min(shown.size(), room + 1); ++i) {
    tiles.push_back(tile_of(shown[i], 0, static_cast<int>(i - 1) * tall, column, tall));
  }
}

}  // namespace

bool follows_speaker(const CompositeView& view) { return kind_of(view) != "grid"; }

std::vector<CompositeTile> arrange_composite(const CompositeView& view, int width, int height,
                                             std::uint64_t speaker) {
  std::vector<CompositeTile> tiles;
  if (view.layout.ends_with("-light")) tiles.push_back({.width = width, .height = height});
  std::vector<CompositeMember> shown;
  for (const auto& member : view.members) {
    if (member.video) shown.push_back(member);
  }
  // Screens first, then whoever speaks, then in the order they came.
  std::stable_sort(shown.begin(), shown.end(), [&](const auto& a, const auto& b) {
    if (a.screen != b.screen) return a.screen;
    return follows_speaker(view) && a.publish == speaker && b.publish != speaker;
  });
  if (shown.size() > kMostTiles) shown.resize(kMostTiles);
  if (shown.empty()) return tiles;
  const auto kind = kind_of(view);
  if (kind == "single-speaker") {
    tiles.push_back(tile_of(shown.front(), 0, 0, width, height));
  } else if (kind == "speaker") {
    add_speaker(tiles, shown, width, height);
  } else {
    add_grid(tiles, shown, width, height);
  }
  return tiles;
}

}  // namespace ts::sandbox
