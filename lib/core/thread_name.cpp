// SPDX-License-Identifier: Apache-2.0
#include "core/thread_name.hpp"

#include <pthread.h>

#include <array>
#include <cstddef>

namespace ts {

void name_this_thread(std::string_view name) noexcept {
  constexpr std::size_t kKept = 15;
  std::size_t length = name.size() < kKept ? name.size() : kKept;
  // A cut before a continuation byte of UTF-8 would leave half a character.
  if (length < name.size()) {
    while (length > 0 && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) --length;
  }
  std::array<char, kKept + 1> text{};
  name.copy(text.data(), length);
  (void)pthread_setname_np(pthread_self(), text.data());
}

}  // namespace ts
