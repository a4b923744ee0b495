// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace ts::compose {

/// The inner loops of the native engine on rows of bytes. Every set gives the same bytes for the
/// same input; none reads or writes outside of what its arguments name. Pure; any thread.
struct Kernels {
  const char* name;  ///< "scalar", "sse4.1", "avx2".

  /// out = (a * (256 - weight) + b * weight + 128) / 256, weight 0 to 256. `out` may be a or b.
  void (*mix)(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out, int count,
              int weight);
  /// ground = ground * keep / 255 + color, rounded, at most 255: `color` is premultiplied, `keep`
  /// is 255 less the alpha.
  void (*over)(std::uint8_t* ground, const std::uint8_t* color, const std::uint8_t* keep,
               int count);
  /// The same with alpha (and thus color) times factor / 256, factor 0 to 256.
  void (*over_faded)(std::uint8_t* ground, const std::uint8_t* color, const std::uint8_t* keep,
                     int count, int factor);
  /// out[x] = (32 + sum of rows[k][x] * taps[k]) / 64, clamped to a byte; `taps` is 2 * pairs long
  /// and sums to 64. No partial sum may leave 16 bits: the taps' sizes sum to less than 128.
  void (*vertical)(const std::uint8_t* const* rows, const std::int8_t* taps, int pairs,
                   std::uint8_t* out, int count);
  /// out[i] = (32 + sum of in[offsets[i] + k] * taps[(i * 16 * blocks) + k]) / 64 for the 16 *
  /// blocks taps of i, clamped to a byte. The same limits as for vertical.
  void (*horizontal)(const std::uint8_t* in, const std::int32_t* offsets, const std::int8_t* taps,
                     int blocks, std::uint8_t* out, int count);
  /// Half the width: out[i] from in[2i - 3] to in[2i + 4] with the taps -1 -2 7 28 28 7 -2 -1.
  void (*halve)(const std::uint8_t* in, std::uint8_t* out, int count);
};

/// What this processor does fastest.
const Kernels& best_kernels() noexcept;
/// Plain C++, the definition of what the others do.
const Kernels& scalar_kernels() noexcept;
/// All sets this processor can run, scalar first.
std::span<const Kernels* const> all_kernels() noexcept;

}  // namespace ts::compose
