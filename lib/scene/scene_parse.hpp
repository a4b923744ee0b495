// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "scene/show.hpp"

#include <string_view>

namespace ts::scene {

/// One scene from the JSON text of its object in a show file, for a scene that is arranged while
/// the program runs. Its sources must be among the show's.
Result<Scene> parse_scene(std::string_view name, std::string_view json, const Show& show);

}  // namespace ts::scene
