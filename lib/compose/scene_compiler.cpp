// SPDX-License-Identifier: Apache-2.0
#include "compose/scene_compiler.hpp"

#include "core/thread_name.hpp"

namespace ts::compose {

SceneCompiler::SceneCompiler(Renderer& renderer) : renderer_(renderer) {
  thread_ = std::jthread([this] {
    name_this_thread("scene compiler");
    while (const auto wanted = wanted_.pop({})) {
      if (!renderer_.prepared(wanted->plan, wanted->sources)) {
        renderer_.prepare(wanted->plan, wanted->sources);
      }
    }
  });
}

SceneCompiler::~SceneCompiler() { wanted_.close(); }

void SceneCompiler::ask(const ScenePlan& plan, const std::vector<SourcePicture>& sources) {
  if (renderer_.prepared(plan, sources)) return;
  (void)wanted_.try_push({plan, sources});
}

}  // namespace ts::compose
