// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/kernels/kernels.hpp"
#include "compose/picture.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace ts::compose {

/// An overlay made ready to be laid over a canvas many times: premultiplied color and 255 less the
/// alpha for each plane, and for each row the part that is not empty. Immutable; any thread.
class Sprite {
 public:
  /// @param picture  yuva420p with straight alpha, even size.
  explicit Sprite(const AVFrame& picture);

  [[nodiscard]] scene::Size size() const noexcept { return size_; }

  /// Lays it over a yuv420p frame; what is outside of the frame is left out.
  /// @param x, y  even, may be negative.
  /// @param factor_256  times its own alpha, 0 to 256.
  void draw(const Kernels& kernels, AVFrame& canvas, int x, int y, int factor_256) const;

 private:
  struct Span {
    int begin = 0;
    int end = 0;
  };
  struct Plane {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> color{};
    std::vector<std::uint8_t> keep{};
    std::vector<Span> rows{};
  };
  scene::Size size_{};
  std::array<Plane, 3> planes_{};
};

}  // namespace ts::compose
