// SPDX-License-Identifier: Apache-2.0
#include "compose/scene_graph.hpp"

#include "scene/filter_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ts::compose {

scene::Fitted fit(const scene::Layer& layer, scene::Size picture, AVRational pixel_aspect) {
  scene::Rect cell = layer.cell;
  const int border = layer.inner_border();
  cell = {cell.x + border, cell.y + border, cell.width - 2 * border, cell.height - 2 * border};
  const scene::Ratio aspect = pixel_aspect.num > 0 && pixel_aspect.den > 0
                                  ? scene::Ratio{pixel_aspect.num, pixel_aspect.den}
                                  : scene::Ratio{1, 1};
  return scene::fit_picture(picture, aspect, layer.crop, cell, layer.fit);
}

scene::Fitted fit(const scene::Layer& layer, const AVFrame& frame) {
  return fit(layer, size_of(frame), frame.sample_aspect_ratio);
}

std::string scene_graph(const ScenePlan& plan, const scene::Canvas& canvas,
                        const std::vector<media::FilterInput>& inputs) {
  std::string text = "[in0]null[c0]";
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const scene::Layer& layer = plan.layers[i].layer;
    const media::FilterInput& input = inputs[i + 1];
    const scene::Size picture{input.width, input.height};
    const scene::Fitted fitted = fit(layer, picture, input.pixel_aspect);
    std::string chain;
    const scene::Rect& from = fitted.source;
    if (from != scene::Rect{0, 0, picture.width, picture.height}) {
      chain += fmt::format("crop={}:{}:{}:{}:exact=1,", from.width, from.height, from.x, from.y);
    }
    if (from.size() != fitted.target.size()) {
      chain += fmt::format("scale={}:{}:flags=bicubic+accurate_rnd+full_chroma_int,",
                           fitted.target.width, fitted.target.height);
    }
    chain += "setsar=1";
    scene::Rect place = fitted.target;
    if (const int border = layer.inner_border(); border > 0) {
      place = {place.x - border, place.y - border, place.width + 2 * border,
               place.height + 2 * border};
      chain += "," + scene::border_filters(border, layer.border_rgb);
    }
    if (layer.opacity < 1) {
      chain += fmt::format(",format=yuva420p,lutyuv=a={}", std::lround(layer.opacity * 255));
    }
    text += fmt::format(";[in{}]{}[l{}];[c{}][l{}]overlay=x={}:y={}:format=yuv420[c{}]", i + 1,
                        chain, i, i, i, place.x, place.y, i + 1);
  }
  text += fmt::format(";[c{}]scale={}:{},format=yuv420p[out]", plan.layers.size(),
                      canvas.size.width, canvas.size.height);
  return text;
}

}  // namespace ts::compose
