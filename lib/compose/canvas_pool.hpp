// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace ts::compose {

/// What a canvas shows already, so that only what changed is drawn again.
struct CanvasStamp {
  struct Placed {
    std::uint64_t serial = 0;
    scene::Rect place{};
    int factor_256 = 256;
    friend bool operator==(const Placed&, const Placed&) = default;
  };
  std::uint64_t scene = 0;  ///< Of the compiled scene; 0: nothing that can be built upon.
  std::vector<std::uint64_t> serials{};  ///< Of each layer's picture.
  std::vector<Placed> overlays{};        ///< Bottom to top.
};

struct StampedCanvas {
  media::AvFrame frame{};
  CanvasStamp stamp{};
};

/// Canvases that come back when their last reader lets go of them. take() and publish() are for one
/// thread; pictures may be let go of on any thread, also after the pool is gone.
class CanvasPool {
 public:
  explicit CanvasPool(scene::Size size);

  /// A canvas nobody else sees; one that shows `scene` already if there is one.
  std::unique_ptr<StampedCanvas> take(std::uint64_t scene);
  /// From now on a picture that nobody writes to.
  [[nodiscard]] Picture publish(std::unique_ptr<StampedCanvas> canvas) const;
  /// Takes a canvas back that was not published.
  void put_back(std::unique_ptr<StampedCanvas> canvas) const;

 private:
  struct Shelf {
    std::mutex mutex{};
    std::vector<std::unique_ptr<StampedCanvas>> canvases{};
  };
  static void shelve(Shelf& shelf, std::unique_ptr<StampedCanvas> canvas);
  scene::Size size_;
  std::shared_ptr<Shelf> shelf_;  // owners: the pool; pictures on air hold it weakly
};

}  // namespace ts::compose
