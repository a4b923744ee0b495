// SPDX-License-Identifier: Apache-2.0
#include "compose/canvas_pool.hpp"

#include <algorithm>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kMostIdle = 8;

}  // namespace

CanvasPool::CanvasPool(scene::Size size) : size_(size), shelf_(std::make_shared<Shelf>()) {}

std::unique_ptr<StampedCanvas> CanvasPool::take(std::uint64_t scene) {
  {
    const std::lock_guard lock(shelf_->mutex);
    auto& all = shelf_->canvases;
    if (!all.empty()) {
      // The one that came back last is still in the processor's cache.
      const auto same = std::find_if(all.rbegin(), all.rend(), [&](const auto& canvas) {
        return canvas->stamp.scene == scene;
      });
      const auto at = same == all.rend() ? std::prev(all.end()) : std::prev(same.base());
      auto found = std::move(*at);
      all.erase(at);
      return found;
    }
  }
  auto made = std::make_unique<StampedCanvas>();
  made->frame = make_canvas(size_);
  return made;
}

void CanvasPool::shelve(Shelf& shelf, std::unique_ptr<StampedCanvas> canvas) {
  // An encoder may still hold the pixels themselves.
  if (av_frame_is_writable(canvas->frame.get()) == 0) return;
  const std::lock_guard lock(shelf.mutex);
  if (shelf.canvases.size() < kMostIdle) shelf.canvases.push_back(std::move(canvas));
}

Picture CanvasPool::publish(std::unique_ptr<StampedCanvas> canvas) const {
  const std::shared_ptr<StampedCanvas> owner(
      canvas.release(), [shelf = std::weak_ptr<Shelf>(shelf_)](StampedCanvas* returned) {
        std::unique_ptr<StampedCanvas> own(returned);
        if (const auto alive = shelf.lock()) shelve(*alive, std::move(own));
      });
  return {owner, owner->frame.get()};
}

void CanvasPool::put_back(std::unique_ptr<StampedCanvas> canvas) const {
  shelve(*shelf_, std::move(canvas));
}

}  // namespace ts::compose
