// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/lint.hpp"
#include "scene/show.hpp"

#include <vector>

namespace ts::compose {

/// Looks whether the show's encoders and outputs could be had now: folders, address files, disks.
/// Nothing is connected to and nothing stays written.
/// @param allow_loose  accept a secret file others may read.
std::vector<scene::Finding> check_outputs(const scene::Show& show, bool allow_loose);

}  // namespace ts::compose
