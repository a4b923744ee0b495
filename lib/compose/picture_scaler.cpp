// SPDX-License-Identifier: Apache-2.0
#include "compose/picture_scaler.hpp"

#include <utility>

namespace ts::compose {
namespace {

scene::Size halved(scene::Size size) noexcept { return {size.width / 2, size.height / 2}; }

}  // namespace

PictureScaler::PictureScaler(scene::Size from, scene::Size to)
    : to_(to), planes_{PlaneScaler(from, to), PlaneScaler(halved(from), halved(to))}, pool_(to) {}

Picture PictureScaler::scale(const Picture& picture) {
  if (picture == before_) return scaled_;
  auto canvas = pool_.take(0);
  for (int plane = 0; plane < 3; ++plane) {
    const scene::Size size = plane == 0 ? to_ : halved(to_);
    planes_[plane == 0 ? 0 : 1].run(best_kernels(), picture->data[plane], picture->linesize[plane],
                                    {0, 0, size.width, size.height}, canvas->frame->data[plane],
                                    canvas->frame->linesize[plane]);
  }
  canvas->stamp = {};
  scaled_ = pool_.publish(std::move(canvas));
  before_ = picture;
  return scaled_;
}

}  // namespace ts::compose
