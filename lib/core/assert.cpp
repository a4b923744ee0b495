// SPDX-License-Identifier: Apache-2.0
#include "core/assert.hpp"

#include <stdexcept>
#include <string>

namespace ts {

void invariant_broken(const char* expression, const char* file, int line) {
  throw std::logic_error(std::string("invariant broken: ") + expression + " at " + file + ":" +
                         std::to_string(line));
}

}  // namespace ts
