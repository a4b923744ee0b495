// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ts {

/// Names the calling thread for `top -H`, `perf` and core dumps, so that a person sees which source
/// or output the processor's time goes to. Longer names are cut to the 15 bytes Linux keeps, never
/// within a character. Threads started afterwards by this one inherit the name.
void name_this_thread(std::string_view name) noexcept;

}  // namespace ts
