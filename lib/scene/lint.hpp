// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/show.hpp"

#include <string>
#include <vector>

namespace ts::scene {

/// Something in a valid show that is probably not meant.
struct Finding {
  bool serious = false;  ///< The show will not look or sound as written.
  std::string where{};   ///< "$.cues[2]", "$.sources.wide".
  std::string message{};
  std::string hint{};
};

/// Reads the show as a careful colleague would: what is never used, hidden, overlapping, left
/// muted. Opens nothing.
std::vector<Finding> lint(const Show& show);

}  // namespace ts::scene
