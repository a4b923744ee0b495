// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "mux/types.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::mux {

/// Of the members that a wish always has: which were asked for, and which are our own defaults.
struct AskedFor {
  bool policies = true;
  bool reconnect_window = true;
};

/// Whether a live stream found by its ref is what was wished for: who wants it watched with signed
/// tokens only must not be handed a public one. What was not asked for, and what the answer does
/// not tell, may be anything.
///
/// @return kConflict (code "ref_mismatch") naming every difference.
Status check_same(const NewLiveStream& wish, AskedFor asked, const LiveStream& found,
                  std::string_view ref);

/// Whether a target that is there pushes where `wish` would, with the same key as far as the answer
/// tells keys.
bool same_target(const SimulcastTarget& present, const NewSimulcastTarget& wish);

/// "public", or "public, signed".
std::string policies_text(const std::vector<PlaybackId>& ids);

}  // namespace ts::mux
