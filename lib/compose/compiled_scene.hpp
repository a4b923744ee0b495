// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/kernels/plane_scaler.hpp"
#include "compose/renderer.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ts::compose {

/// What a scene's geometry depends on, beside the plan.
struct PictureShape {
  scene::Size size{};
  int aspect_num = 1;
  int aspect_den = 1;
  friend bool operator==(const PictureShape&, const PictureShape&) = default;
};
PictureShape shape_of(const AVFrame& frame) noexcept;

/// One layer as drawing steps: only the parts that no opaque layer above hides.
struct CompiledLayer {
  std::size_t source = 0;
  scene::Fitted fitted{};
  int weight_256 = 256;                ///< Opacity; 256 hides what is below.
  std::vector<scene::Rect> picture{};  ///< Parts of the canvas it fills with the picture …
  std::vector<scene::Rect> border{};   ///< … and with its border's color.
  std::uint32_t border_rgb = 0;
  std::optional<std::array<PlaneScaler, 2>> scalers{};  ///< Luma, chroma; none when it is a copy.
  [[nodiscard]] bool visible() const noexcept { return !picture.empty() || !border.empty(); }
  [[nodiscard]] bool touches(const scene::Rect& rect) const noexcept;
};

/// A scene for pictures of certain shapes: the visible parts of all layers and of the background.
/// The opaque parts never overlap, so none is drawn twice.
struct CompiledScene {
  std::uint64_t id = 0;  ///< Never used again.
  std::uint64_t plan = 0;
  std::vector<PictureShape> shapes{};   ///< Of each layer's picture.
  std::vector<CompiledLayer> layers{};  ///< Back to front, all of the plan's.
  std::vector<scene::Rect> background{};
  bool translucent = false;  ///< Some visible layer lets others shine through.
  std::optional<std::size_t>
      whole{};  ///< This layer's picture alone is the canvas, pixel by pixel.
};

CompiledScene compile_scene(const ScenePlan& plan, const scene::Canvas& canvas,
                            std::vector<PictureShape> shapes, std::uint64_t id);

}  // namespace ts::compose
