// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/kernels/kernels.hpp"

#include <algorithm>
#include <cstddef>

/// The arithmetic of one sample, shared by the scalar set and by the tails of the others.
namespace ts::compose::kernel {

inline std::uint8_t byte(int value) noexcept {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

inline std::uint8_t mix(int a, int b, int weight) noexcept {
  return static_cast<std::uint8_t>((a * (256 - weight) + b * weight + 128) >> 8);
}

inline std::uint8_t over(int ground, int color, int keep) noexcept {
  const int product = ground * keep + 128;
  return static_cast<std::uint8_t>(std::min(255, ((product + (product >> 8)) >> 8) + color));
}

inline std::uint8_t over_faded(int ground, int color, int keep, int factor) noexcept {
  const int faded = (color * factor + 128) >> 8;
  const int kept = 255 - (((255 - keep) * factor + 128) >> 8);
  return over(ground, faded, kept);
}

inline std::uint8_t column(const std::uint8_t* const* rows, const std::int8_t* taps, int pairs,
                           int x) noexcept {
  int sum = 32;
  for (int k = 0; k < 2 * pairs; ++k) sum += rows[k][x] * taps[k];
  return byte(sum >> 6);
}

inline std::uint8_t sample(const std::uint8_t* in, const std::int8_t* taps, int count) noexcept {
  int sum = 32;
  for (int k = 0; k < count; ++k) sum += in[k] * taps[k];
  return byte(sum >> 6);
}

inline constexpr std::int8_t kHalf[8] = {-1, -2, 7, 28, 28, 7, -2, -1};

/// The sets for this processor family; null where there are none.
const Kernels* sse41() noexcept;
const Kernels* avx2() noexcept;

}  // namespace ts::compose::kernel
