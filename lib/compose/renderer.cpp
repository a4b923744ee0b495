// SPDX-License-Identifier: Apache-2.0
#include "compose/renderer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ts::compose {

Blend blend_of(scene::TransitionKind kind, double progress, int canvas_width) noexcept {
  progress = std::clamp(progress, 0.0, 1.0);
  const auto weight = [](double part) { return static_cast<int>(std::lround(part * 256)); };
  switch (kind) {
    case scene::TransitionKind::kFade:
      return {.incoming_256 = weight(progress)};
    case scene::TransitionKind::kFtb:
      return progress < 0.5
                 ? Blend{.incoming_256 = weight(1 - 2 * progress), .show_incoming = false}
                 : Blend{.incoming_256 = weight(2 * progress - 1)};
    case scene::TransitionKind::kWipe:
      return {.wipe_edge = static_cast<int>(std::lround(progress * canvas_width)) & ~1};
    case scene::TransitionKind::kCut:
      break;
  }
  return {};
}

Result<std::unique_ptr<Renderer>> make_renderer(std::string_view engine,
                                                const scene::Canvas& canvas) {
  if (engine == "native") return make_native_renderer(canvas);
  if (engine == "filtergraph") return make_filtergraph_renderer(canvas);
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("unknown engine '{}'", shorten(engine, 40)),
               .hint = "use native or filtergraph"};
}

}  // namespace ts::compose
