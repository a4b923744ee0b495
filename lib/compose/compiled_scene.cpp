// SPDX-License-Identifier: Apache-2.0
#include "compose/compiled_scene.hpp"

#include "compose/region.hpp"
#include "compose/scene_graph.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ts::compose {
namespace {

scene::Size halved(scene::Size size) noexcept { return {size.width / 2, size.height / 2}; }

}  // namespace

PictureShape shape_of(const AVFrame& frame) noexcept {
  return {.size = size_of(frame),
          .aspect_num = frame.sample_aspect_ratio.num,
          .aspect_den = frame.sample_aspect_ratio.den};
}

bool CompiledLayer::touches(const scene::Rect& rect) const noexcept {
  const auto meets = [&](const scene::Rect& part) { return part.intersects(rect); };
  return std::any_of(picture.begin(), picture.end(), meets) ||
         std::any_of(border.begin(), border.end(), meets);
}

CompiledScene compile_scene(const ScenePlan& plan, const scene::Canvas& canvas,
                            std::vector<PictureShape> shapes, std::uint64_t id) {
  const scene::Rect all{0, 0, canvas.size.width, canvas.size.height};
  CompiledScene out{.id = id, .plan = plan.id, .shapes = std::move(shapes)};
  out.layers.resize(plan.layers.size());
  std::vector<scene::Rect> open{all};  // what no opaque layer hides so far
  for (std::size_t i = plan.layers.size(); i-- > 0;) {
    const scene::Layer& layer = plan.layers[i].layer;
    const PictureShape& shape = out.shapes[i];
    CompiledLayer& compiled = out.layers[i];
    compiled.source = plan.layers[i].source;
    compiled.fitted = fit(layer, shape.size, {shape.aspect_num, shape.aspect_den});
    compiled.weight_256 = static_cast<int>(std::lround(std::clamp(layer.opacity, 0.0, 1.0) * 256));
    compiled.border_rgb = layer.border_rgb;
    const scene::Rect& target = compiled.fitted.target;
    const int border = layer.inner_border();
    const scene::Rect place =
        intersection(all, {target.x - border, target.y - border, target.width + 2 * border,
                           target.height + 2 * border});
    if (compiled.weight_256 == 0 || place.width == 0) continue;
    std::vector<scene::Rect> seen;
    for (const scene::Rect& rect : open) {
      const scene::Rect part = intersection(rect, place);
      if (part.width > 0) seen.push_back(part);
    }
    compiled.border = subtract(seen, target);
    for (const scene::Rect& rect : seen) {
      const scene::Rect part = intersection(rect, target);
      if (part.width > 0) compiled.picture.push_back(part);
    }
    if (!compiled.visible()) continue;
    const scene::Size from = compiled.fitted.source.size();
    if (from != target.size()) {
      compiled.scalers.emplace(std::array{PlaneScaler(from, target.size()),
                                          PlaneScaler(halved(from), halved(target.size()))});
    }
    if (compiled.weight_256 < 256) {
      out.translucent = true;
    } else {
      open = subtract(open, place);
      const bool is_whole =
          i + 1 == plan.layers.size() ||
          std::none_of(out.layers.begin() + static_cast<std::ptrdiff_t>(i) + 1, out.layers.end(),
                       [](const CompiledLayer& above) { return above.visible(); });
      if (is_whole && target == all && compiled.fitted.source == all && shape.size == canvas.size) {
        out.whole = i;
      }
    }
  }
  out.background = std::move(open);
  return out;
}

}  // namespace ts::compose
