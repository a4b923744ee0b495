// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/renderer.hpp"
#include "core/bounded_queue.hpp"

#include <thread>
#include <vector>

namespace ts::compose {

/// Prepares scenes on a thread of its own, so that a take costs the tick nothing. Thread-safe.
class SceneCompiler {
 public:
  /// @param renderer  must outlive this.
  explicit SceneCompiler(Renderer& renderer);
  SceneCompiler(const SceneCompiler&) = delete;
  SceneCompiler& operator=(const SceneCompiler&) = delete;
  ~SceneCompiler();

  /// Asks for a scene, unless it is ready, with its sources' pictures as they are now. Returns at
  /// once; while eight wait already nothing is asked, and whoever still wants it asks again.
  void ask(const ScenePlan& plan, const std::vector<SourcePicture>& sources);

 private:
  struct Wanted {
    ScenePlan plan;
    std::vector<SourcePicture> sources;
  };
  Renderer& renderer_;
  BoundedQueue<Wanted> wanted_{8};
  std::jthread thread_;
};

}  // namespace ts::compose
