// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/renderer.hpp"
#include "media/filter_graph.hpp"

#include <string>
#include <vector>

namespace ts::compose {

/// Where a picture of this size goes in a layer's cell, inside its border.
scene::Fitted fit(const scene::Layer& layer, const AVFrame& frame);
scene::Fitted fit(const scene::Layer& layer, scene::Size picture, AVRational pixel_aspect);

/// A scene as a libavfilter graph: in0 is the background, in1 … one input per layer.
std::string scene_graph(const ScenePlan& plan, const scene::Canvas& canvas,
                        const std::vector<media::FilterInput>& inputs);

}  // namespace ts::compose
