// SPDX-License-Identifier: Apache-2.0
#include "compose/kernels/kernels_internal.hpp"

#if defined(__x86_64__)

#include <smmintrin.h>

#define TS_SSE41 __attribute__((target("sse4.1")))

namespace ts::compose::kernel {
namespace {

TS_SSE41 inline __m128i load(const void* from) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
TS_SSE41 inline void store(std::uint8_t* to, __m128i value) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value);
}
TS_SSE41 inline __m128i low_words(__m128i bytes) noexcept {
  return _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}
TS_SSE41 inline __m128i high_words(__m128i bytes) noexcept {
  return _mm_unpackhi_epi8(bytes, _mm_setzero_si128());
}
/// Two taps for every pair of bytes.
TS_SSE41 inline __m128i tap_pair(int first, int second) noexcept {
  return _mm_set1_epi16(static_cast<short>((first & 0xFF) | ((second & 0xFF) << 8)));
}

TS_SSE41 inline __m128i mix_words(__m128i a, __m128i b, __m128i weight_a,
                                  __m128i weight_b) noexcept {
  const __m128i sum = _mm_add_epi16(_mm_mullo_epi16(a, weight_a), _mm_mullo_epi16(b, weight_b));
  return _mm_srli_epi16(_mm_add_epi16(sum, _mm_set1_epi16(128)), 8);
}

TS_SSE41 void mix_rows(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out, int count,
                       int weight) {
  const __m128i weight_a = _mm_set1_epi16(static_cast<short>(256 - weight));
  const __m128i weight_b = _mm_set1_epi16(static_cast<short>(weight));
  int i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i x = load(a + i);
    const __m128i y = load(b + i);
    store(out + i, _mm_packus_epi16(mix_words(low_words(x), low_words(y), weight_a, weight_b),
                                    mix_words(high_words(x), high_words(y), weight_a, weight_b)));
  }
  for (; i < count; ++i) out[i] = mix(a[i], b[i], weight);
}

TS_SSE41 inline __m128i product_255(__m128i a, __m128i b) noexcept {
  const __m128i product = _mm_add_epi16(_mm_mullo_epi16(a, b), _mm_set1_epi16(128));
  return _mm_srli_epi16(_mm_add_epi16(product, _mm_srli_epi16(product, 8)), 8);
}

TS_SSE41 inline __m128i over_bytes(__m128i ground, __m128i color, __m128i keep) noexcept {
  const __m128i rest = _mm_packus_epi16(product_255(low_words(ground), low_words(keep)),
                                        product_255(high_words(ground), high_words(keep)));
  return _mm_adds_epu8(rest, color);
}

TS_SSE41 void over_rows(std::uint8_t* ground, const std::uint8_t* color, const std::uint8_t* keep,
                        int count) {
  int i = 0;
  for (; i + 16 <= count; i += 16) {
    store(ground + i, over_bytes(load(ground + i), load(color + i), load(keep + i)));
  }
  for (; i < count; ++i) ground[i] = over(ground[i], color[i], keep[i]);
}

TS_SSE41 inline __m128i faded(__m128i bytes, __m128i factor) noexcept {
  const __m128i half = _mm_set1_epi16(128);
  const auto part = [&](__m128i words) TS_SSE41 {
    return _mm_srli_epi16(_mm_add_epi16(_mm_mullo_epi16(words, factor), half), 8);
  };
  return _mm_packus_epi16(part(low_words(bytes)), part(high_words(bytes)));
}

TS_SSE41 void over_rows_faded(std::uint8_t* ground, const std::uint8_t* color,
                              const std::uint8_t* keep, int count, int factor) {
  const __m128i factors = _mm_set1_epi16(static_cast<short>(factor));
  const __m128i ones = _mm_set1_epi8(-1);
  int i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i alpha = faded(_mm_xor_si128(load(keep + i), ones), factors);
    store(ground + i, over_bytes(load(ground + i), faded(load(color + i), factors),
                                 _mm_xor_si128(alpha, ones)));
  }
  for (; i < count; ++i) ground[i] = over_faded(ground[i], color[i], keep[i], factor);
}

TS_SSE41 inline __m128i column_bytes(const std::uint8_t* const* rows, const __m128i* taps,
                                     int pairs, int x) noexcept {
  __m128i low = _mm_set1_epi16(32);
  __m128i high = low;
  for (int k = 0; k < pairs; ++k) {
    const __m128i a = load(rows[2 * k] + x);
    const __m128i b = load(rows[2 * k + 1] + x);
    low = _mm_add_epi16(low, _mm_maddubs_epi16(_mm_unpacklo_epi8(a, b), taps[k]));
    high = _mm_add_epi16(high, _mm_maddubs_epi16(_mm_unpackhi_epi8(a, b), taps[k]));
  }
  return _mm_packus_epi16(_mm_srai_epi16(low, 6), _mm_srai_epi16(high, 6));
}

TS_SSE41 void vertical(const std::uint8_t* const* rows, const std::int8_t* taps, int pairs,
                       std::uint8_t* out, int count) {
  constexpr int kMost = 64;  // all that the scaler uses
  if (count < 16 || pairs > kMost) {
    for (int x = 0; x < count; ++x) out[x] = column(rows, taps, pairs, x);
    return;
  }
  __m128i wide[kMost];  // std::array would lose the type's alignment
  for (int k = 0; k < pairs; ++k) wide[k] = tap_pair(taps[2 * k], taps[2 * k + 1]);
  int x = 0;
  for (; x + 16 <= count; x += 16)
    store(out + x, column_bytes(rows, static_cast<const __m128i*>(wide), pairs, x));
  // The last block overlaps the one before: its bytes come out the same again.
  if (x < count)
    store(out + count - 16,
          column_bytes(rows, static_cast<const __m128i*>(wide), pairs, count - 16));
}

/// Partial sums of the 16 * blocks taps of one sample.
TS_SSE41 inline __m128i one_sample(const std::uint8_t* in, const std::int32_t* offsets,
                                   const std::int8_t* taps, int blocks, std::ptrdiff_t i) noexcept {
  const std::uint8_t* from = in + offsets[i];
  const std::int8_t* own = taps + i * 16 * blocks;
  __m128i sum = _mm_maddubs_epi16(load(from), load(own));
  for (int k = 16; k < 16 * blocks; k += 16) {
    sum = _mm_add_epi16(sum, _mm_maddubs_epi16(load(from + k), load(own + k)));
  }
  return sum;
}

TS_SSE41 inline void eight_samples(const std::uint8_t* in, const std::int32_t* offsets,
                                   const std::int8_t* taps, int blocks, std::uint8_t* out,
                                   std::ptrdiff_t i) noexcept {
  const auto two = [&](std::ptrdiff_t at) TS_SSE41 {
    return _mm_hadd_epi16(one_sample(in, offsets, taps, blocks, at),
                          one_sample(in, offsets, taps, blocks, at + 1));
  };
  const __m128i sums =
      _mm_hadd_epi16(_mm_hadd_epi16(two(i), two(i + 2)), _mm_hadd_epi16(two(i + 4), two(i + 6)));
  const __m128i words = _mm_srai_epi16(_mm_add_epi16(sums, _mm_set1_epi16(32)), 6);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packus_epi16(words, words));
}

TS_SSE41 void horizontal(const std::uint8_t* in, const std::int32_t* offsets,
                         const std::int8_t* taps, int blocks, std::uint8_t* out, int count) {
  if (count < 8) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      out[i] = sample(in + offsets[i], taps + i * 16 * blocks, 16 * blocks);
    }
    return;
  }
  std::ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) eight_samples(in, offsets, taps, blocks, out, i);
  if (i < count) eight_samples(in, offsets, taps, blocks, out, count - 8);
}

TS_SSE41 inline __m128i eight_halves(const std::uint8_t* from) noexcept {
  const __m128i outer =
      _mm_add_epi16(_mm_maddubs_epi16(load(from), tap_pair(kHalf[0], kHalf[1])),
                    _mm_maddubs_epi16(load(from + 2), tap_pair(kHalf[2], kHalf[3])));
  const __m128i inner =
      _mm_add_epi16(_mm_maddubs_epi16(load(from + 4), tap_pair(kHalf[4], kHalf[5])),
                    _mm_maddubs_epi16(load(from + 6), tap_pair(kHalf[6], kHalf[7])));
  return _mm_srai_epi16(_mm_add_epi16(_mm_add_epi16(outer, inner), _mm_set1_epi16(32)), 6);
}

TS_SSE41 inline void sixteen_halves(const std::uint8_t* in, std::uint8_t* out,
                                    std::ptrdiff_t i) noexcept {
  const std::uint8_t* from = in + 2 * i - 3;
  store(out + i, _mm_packus_epi16(eight_halves(from), eight_halves(from + 16)));
}

TS_SSE41 void halve(const std::uint8_t* in, std::uint8_t* out, int count) {
  if (count < 16) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      out[i] = sample(in + 2 * i - 3, static_cast<const std::int8_t*>(kHalf), 8);
    }
    return;
  }
  std::ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) sixteen_halves(in, out, i);
  if (i < count) sixteen_halves(in, out, count - 16);
}

constexpr Kernels kSse41{"sse4.1", mix_rows,   over_rows, over_rows_faded,
                         vertical, horizontal, halve};

}  // namespace

const Kernels* sse41() noexcept {
  return __builtin_cpu_supports("sse4.1") != 0 ? &kSse41 : nullptr;
}

}  // namespace ts::compose::kernel

#else

const ts::compose::Kernels* ts::compose::kernel::sse41() noexcept { return nullptr; }

#endif
