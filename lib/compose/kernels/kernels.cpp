// SPDX-License-Identifier: Apache-2.0
#include "compose/kernels/kernels.hpp"

#include "compose/kernels/kernels_internal.hpp"

#include <array>

namespace ts::compose {
namespace {

void mix(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out, int count, int weight) {
  for (int i = 0; i < count; ++i) out[i] = kernel::mix(a[i], b[i], weight);
}

void over(std::uint8_t* ground, const std::uint8_t* color, const std::uint8_t* keep, int count) {
  for (int i = 0; i < count; ++i) ground[i] = kernel::over(ground[i], color[i], keep[i]);
}

void over_faded(std::uint8_t* ground, const std::uint8_t* color, const std::uint8_t* keep,
                int count, int factor) {
  for (int i = 0; i < count; ++i) {
    ground[i] = kernel::over_faded(ground[i], color[i], keep[i], factor);
  }
}

void vertical(const std::uint8_t* const* rows, const std::int8_t* taps, int pairs,
              std::uint8_t* out, int count) {
  for (int x = 0; x < count; ++x) out[x] = kernel::column(rows, taps, pairs, x);
}

void horizontal(const std::uint8_t* in, const std::int32_t* offsets, const std::int8_t* taps,
                int blocks, std::uint8_t* out, int count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    out[i] = kernel::sample(in + offsets[i], taps + i * 16 * blocks, 16 * blocks);
  }
}

void halve(const std::uint8_t* in, std::uint8_t* out, int count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    out[i] = kernel::sample(in + 2 * i - 3, static_cast<const std::int8_t*>(kernel::kHalf), 8);
  }
}

constexpr Kernels kScalar{"scalar", mix, over, over_faded, vertical, horizontal, halve};

struct Sets {
  std::array<const Kernels*, 3> all{};
  std::size_t count = 0;
};

const Sets& sets() noexcept {
  static const Sets found = [] {
    Sets out;
    for (const Kernels* set : {&kScalar, kernel::sse41(), kernel::avx2()}) {
      if (set != nullptr) out.all.at(out.count++) = set;
    }
    return out;
  }();
  return found;
}

}  // namespace

const Kernels& scalar_kernels() noexcept { return kScalar; }
const Kernels& best_kernels() noexcept { return *all_kernels().back(); }
std::span<const Kernels* const> all_kernels() noexcept {
  return std::span(sets().all).first(sets().count);
}

}  // namespace ts::compose
