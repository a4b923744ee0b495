// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <string>
#include <type_traits>

/// Not to be found by other libraries of the process, which bring the real one.
#define TS_HIDDEN [[gnu::visibility("hidden")]]

/// Defines `name` with the parameters `params` as one that calls the function of that name in
/// `library` with the arguments after it, or answers `missing` when there is none.
#define TS_HAND_ON(library, missing, name, params, ...)                            \
  TS_HIDDEN auto name params->decltype(name(__VA_ARGS__)) {                        \
    using Answer = decltype(name(__VA_ARGS__));                                    \
    static const auto real = ts::delayed::find<decltype(&(name))>(library, #name); \
    if (real != nullptr) return real(__VA_ARGS__);                                 \
    return ts::delayed::failure<Answer, missing>();                                \
  }

namespace ts::delayed {

/// A shared library for the rest of the process; null when it is not installed.
inline void* load(const std::string& name) noexcept {
  return ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
}

template <typename Function>
Function find(void* library, const char* name) noexcept {
  return library == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(library, name));
}

/// What a missing function answers: nothing, null, or the number that means failure.
template <typename Answer, int number>
Answer failure() noexcept {
  if constexpr (std::is_void_v<Answer>) {
    return;
  } else if constexpr (std::is_pointer_v<Answer>) {
    return nullptr;
  } else {
    return static_cast<Answer>(number);
  }
}

}  // namespace ts::delayed
