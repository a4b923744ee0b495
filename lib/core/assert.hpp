// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ts {

/// Throws std::logic_error naming the broken invariant; main prints it as a bug and exits 70.
[[noreturn]] void invariant_broken(const char* expression, const char* file, int line);

}  // namespace ts

/// A condition that only a bug in ts can break. Always on.
#define TS_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::ts::invariant_broken(#condition, __FILE__, __LINE__))
