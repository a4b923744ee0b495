// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene/show.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::compose {

/// What a program that goes on for another one begins with.
struct Continuation {
  /// To be posted before it runs: what a show cannot say, such as its clock.
  std::vector<scene::Action> actions{};
  std::vector<std::string> warnings{};  ///< What could not be as it was, one text each.
};

/// Makes `show` begin as the other program was, by commands of the control protocol, one a line,
/// such as may be part of a batch: its first scene, overlays and their words, gains and mutes.
/// Pure.
Continuation continue_with(scene::Show& show, std::string_view lines);

}  // namespace ts::compose
