// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/protocol.hpp"
#include "scene/show.hpp"

#include <vector>

namespace ts::compose {

/// The protocol's steps as the program's own actions.
std::vector<scene::Action> actions_of(const control::ActCommand& act);

}  // namespace ts::compose
