// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/canvas_pool.hpp"
#include "compose/kernels/plane_scaler.hpp"
#include "compose/picture.hpp"

#include <array>

namespace ts::compose {

/// Whole pictures (yuv420p) of one size made another, with the engine's own scaler. A picture that
/// comes again is not scaled again. For one thread.
class PictureScaler {
 public:
  /// Both sizes even.
  PictureScaler(scene::Size from, scene::Size to);
  /// @param picture  of the size given at first.
  Picture scale(const Picture& picture);

 private:
  scene::Size to_;
  std::array<PlaneScaler, 2> planes_;  // luma; chroma
  CanvasPool pool_;
  Picture before_{};
  Picture scaled_{};
};

}  // namespace ts::compose
