// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/kernels/kernels.hpp"
#include "scene/geometry.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace ts::compose {

/// For every sample of a scaled line: where it reads and with which weights. Catmull-Rom, stretched
/// when reducing (the quality of "bicubic"), weights in 1/64. Immutable.
struct ScaleTaps {
  int from = 0;
  int to = 0;
  int blocks = 1;                       ///< 16 * blocks weights per sample.
  bool half = false;                    ///< Exactly 2 : 1.
  std::vector<std::int32_t> offsets{};  ///< First input sample of each.
  std::vector<std::int8_t> weights{};   ///< Zero padded; they sum to 64.
};
/// The taps of from -> to, both at least 1; made once and kept.
std::shared_ptr<const ScaleTaps> scale_taps(int from, int to);

/// Scales one plane. Cheap to make again; for one thread at a time.
class PlaneScaler {
 public:
  PlaneScaler(scene::Size from, scene::Size to);

  /// Writes the samples inside `part` (of the scaled picture) to `out`, whose first byte is the
  /// part's top left one. Parts put together equal the whole.
  void run(const Kernels& kernels, const std::uint8_t* in, int in_stride, const scene::Rect& part,
           std::uint8_t* out, int out_stride);

 private:
  std::shared_ptr<const ScaleTaps> across_;
  std::shared_ptr<const ScaleTaps> down_;
  std::vector<std::uint8_t> line_;  // one input-wide row, already reduced in height, with margins
};

}  // namespace ts::compose
