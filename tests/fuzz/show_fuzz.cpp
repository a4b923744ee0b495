// SPDX-License-Identifier: Apache-2.0
// Show files: what is accepted is whole. Every name that is used exists, rectangles meet the
// canvas, cues are in order; and nothing is opened.
#include "fuzz/fuzz.hpp"

#include "scene/show.hpp"

#include <algorithm>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ts::fuzz::require;
  const auto result = ts::scene::parse_show(ts::fuzz::as_text(data, size), "show.json", "/show");
  if (!result.ok()) {
    require(result.error().kind == ts::ErrorKind::kUsage && !result.error().message.empty());
    return 0;
  }
  const auto& show = result.value();
  require(show.canvas.size.width > 0 && show.canvas.size.height > 0);
  require(show.canvas.rate.num > 0 && show.canvas.rate.den > 0);
  std::set<std::string> sources;
  for (const auto& source : show.sources) require(sources.insert(source.name).second);
  std::set<std::string> scenes;
  for (const auto& scene : show.scenes) {
    require(scenes.insert(scene.name).second);
    for (const auto& layer : scene.layers) {
      require(sources.contains(layer.source));
      require(layer.cell.x % 2 == 0 && layer.cell.y % 2 == 0);
      require(ts::scene::even_inside(layer.cell, show.canvas.size).width > 0);
    }
  }
  require(show.program.empty() || scenes.contains(show.program));
  require(std::is_sorted(show.cues.begin(), show.cues.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; }));
  return 0;
}
