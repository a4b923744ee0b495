// SPDX-License-Identifier: Apache-2.0
#include "compose/kernels/kernels_internal.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

// Only these functions may use the wider registers: the rest of the program runs everywhere.
#define TS_AVX2 __attribute__((target("avx2")))

namespace ts::compose::kernel {
namespace {

TS_AVX2 inline __m256i load(const std::uint8_t* from) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
TS_AVX2 inline void store(std::uint8_t* to, __m256i value) noexcept {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
}
TS_AVX2 inline __m256i low_words(__m256i bytes) noexcept {
  return _mm256_unpacklo_epi8(bytes, _mm256_setzero_si256());
}
TS_AVX2 inline __m256i high_words(__m256i bytes) noexcept {
  return _mm256_unpackhi_epi8(bytes, _mm256_setzero_si256());
}
/// Two taps for every pair of bytes.
TS_AVX2 inline __m256i tap_pair(int first, int second) noexcept {
  return _mm256_set1_epi16(static_cast<short>((first & 0xFF) | ((second & 0xFF) << 8)));
}

TS_AVX2 inline __m256i mix_words(__m256i a, __m256i b, __m256i weight_a,
                                 __m256i weight_b) noexcept {
  const __m256i sum =
      _mm256_add_epi16(_mm256_mullo_epi16(a, weight_a), _mm256_mullo_epi16(b, weight_b));
  return _mm256_srli_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(128)), 8);
}

TS_AVX2 void mix_rows(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out, int count,
                      int weight) {
  const __m256i weight_a = _mm256_set1_epi16(static_cast<short>(256 - weight));
  const __m256i weight_b = _mm256_set1_epi16(static_cast<short>(weight));
  int i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i x = load(a + i);
    const __m256i y = load(b + i);
    store(out + i,
          _mm256_packus_epi16(mix_words(low_words(x), low_words(y), weight_a, weight_b),
                              mix_words(high_words(x), high_words(y), weight_a, weight_b)));
  }
  for (; i < count; ++i) out[i] = mix(a[i], b[i], weight);
}

TS_AVX2 inline __m256i product_255(__m256i a, __m256i b) noexcept {
  const __m256i product = _mm256_add_epi16(_mm256_mullo_epi16(a, b), _mm256_set1_epi16(128));
  return _mm256_srli_epi16(_mm256_add_epi16(product, _mm256_srli_epi16(product, 8)), 8);
}

TS_AVX2 inline __m256i over_bytes(__m256i ground, __m256i color, __m256i keep) noexcept {
  const __m256i rest = _mm256_packus_epi16(product_255(low_words(ground), low_words(keep)),
                                           product_255(high_words(ground), high_words(keep)));
  return _mm256_adds_epu8(rest, color);
}

TS_AVX2 void over_rows(std::uint8_t* ground, const std::uint8_t* color, const std::uint8_t* keep,
                       int count) {
  int i = 0;
  for (; i + 32 <= count; i += 32) {
    store(ground + i, over_bytes(load(ground + i), load(color + i), load(keep + i)));
  }
  for (; i < count; ++i) ground[i] = over(ground[i], color[i], keep[i]);
}

TS_AVX2 inline __m256i faded(__m256i bytes, __m256i factor) noexcept {
  const __m256i half = _mm256_set1_epi16(128);
  const auto part = [&](__m256i words) TS_AVX2 {
    return _mm256_srli_epi16(_mm256_add_epi16(_mm256_mullo_epi16(words, factor), half), 8);
  };
  return _mm256_packus_epi16(part(low_words(bytes)), part(high_words(bytes)));
}

TS_AVX2 void over_rows_faded(std::uint8_t* ground, const std::uint8_t* color,
                             const std::uint8_t* keep, int count, int factor) {
  const __m256i factors = _mm256_set1_epi16(static_cast<short>(factor));
  const __m256i ones = _mm256_set1_epi8(-1);
  int i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i alpha = faded(_mm256_xor_si256(load(keep + i), ones), factors);
    store(ground + i, over_bytes(load(ground + i), faded(load(color + i), factors),
                                 _mm256_xor_si256(alpha, ones)));
  }
  for (; i < count; ++i) ground[i] = over_faded(ground[i], color[i], keep[i], factor);
}

TS_AVX2 inline __m256i column_bytes(const std::uint8_t* const* rows, const __m256i* taps, int pairs,
                                    int x) noexcept {
  __m256i low = _mm256_set1_epi16(32);
  __m256i high = low;
  for (int k = 0; k < pairs; ++k) {
    const __m256i a = load(rows[2 * k] + x);
    const __m256i b = load(rows[2 * k + 1] + x);
    low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), taps[k]));
    high = _mm256_add_epi16(high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), taps[k]));
  }
  return _mm256_packus_epi16(_mm256_srai_epi16(low, 6), _mm256_srai_epi16(high, 6));
}

TS_AVX2 void vertical(const std::uint8_t* const* rows, const std::int8_t* taps, int pairs,
                      std::uint8_t* out, int count) {
  constexpr int kMost = 64;  // all that the scaler uses
  if (count < 32 || pairs > kMost) {
    for (int x = 0; x < count; ++x) out[x] = column(rows, taps, pairs, x);
    return;
  }
  __m256i wide[kMost];  // std::array would lose the type's alignment
  for (int k = 0; k < pairs; ++k) wide[k] = tap_pair(taps[2 * k], taps[2 * k + 1]);
  int x = 0;
  for (; x + 32 <= count; x += 32)
    store(out + x, column_bytes(rows, static_cast<const __m256i*>(wide), pairs, x));
  // The last block overlaps the one before: its bytes come out the same again.
  if (x < count)
    store(out + count - 32,
          column_bytes(rows, static_cast<const __m256i*>(wide), pairs, count - 32));
}

TS_AVX2 inline __m256i both(const void* low, const void* high) noexcept {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(low))),
      _mm_loadu_si128(static_cast<const __m128i*>(high)), 1);
}

/// Samples i and i + 4 in the two halves, as partial sums of 16 taps (times blocks).
TS_AVX2 inline __m256i two_samples(const std::uint8_t* in, const std::int32_t* offsets,
                                   const std::int8_t* taps, int blocks, std::ptrdiff_t i) noexcept {
  const std::uint8_t* a = in + offsets[i];
  const std::uint8_t* b = in + offsets[i + 4];
  const std::int8_t* taps_a = taps + i * 16 * blocks;
  const std::int8_t* taps_b = taps_a + std::ptrdiff_t{64} * blocks;
  __m256i sum = _mm256_maddubs_epi16(both(a, b), both(taps_a, taps_b));
  for (int k = 16; k < 16 * blocks; k += 16) {
    sum = _mm256_add_epi16(sum,
                           _mm256_maddubs_epi16(both(a + k, b + k), both(taps_a + k, taps_b + k)));
  }
  return sum;
}

TS_AVX2 inline void sixteen_samples(const std::uint8_t* in, const std::int32_t* offsets,
                                    const std::int8_t* taps, int blocks, std::uint8_t* out,
                                    std::ptrdiff_t i) noexcept {
  const auto eight = [&](std::ptrdiff_t at) TS_AVX2 {
    const __m256i first = _mm256_hadd_epi16(two_samples(in, offsets, taps, blocks, at),
                                            two_samples(in, offsets, taps, blocks, at + 1));
    const __m256i second = _mm256_hadd_epi16(two_samples(in, offsets, taps, blocks, at + 2),
                                             two_samples(in, offsets, taps, blocks, at + 3));
    return _mm256_hadd_epi16(first, second);
  };
  const __m256i sums = _mm256_hadd_epi16(eight(i), eight(i + 8));
  const __m256i words = _mm256_srai_epi16(_mm256_add_epi16(sums, _mm256_set1_epi16(32)), 6);
  const __m256i bytes = _mm256_packus_epi16(words, words);
  // Low half: 0-3 8-11, high half: 4-7 12-15.
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(out + i),
      _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
}

TS_AVX2 void horizontal(const std::uint8_t* in, const std::int32_t* offsets,
                        const std::int8_t* taps, int blocks, std::uint8_t* out, int count) {
  if (count < 16) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      out[i] = sample(in + offsets[i], taps + i * 16 * blocks, 16 * blocks);
    }
    return;
  }
  std::ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) sixteen_samples(in, offsets, taps, blocks, out, i);
  if (i < count) sixteen_samples(in, offsets, taps, blocks, out, count - 16);
}

TS_AVX2 inline __m256i sixteen_halves(const std::uint8_t* from) noexcept {
  const __m256i outer =
      _mm256_add_epi16(_mm256_maddubs_epi16(load(from), tap_pair(kHalf[0], kHalf[1])),
                       _mm256_maddubs_epi16(load(from + 2), tap_pair(kHalf[2], kHalf[3])));
  const __m256i inner =
      _mm256_add_epi16(_mm256_maddubs_epi16(load(from + 4), tap_pair(kHalf[4], kHalf[5])),
                       _mm256_maddubs_epi16(load(from + 6), tap_pair(kHalf[6], kHalf[7])));
  return _mm256_srai_epi16(_mm256_add_epi16(_mm256_add_epi16(outer, inner), _mm256_set1_epi16(32)),
                           6);
}

TS_AVX2 inline void thirty_two_halves(const std::uint8_t* in, std::uint8_t* out,
                                      std::ptrdiff_t i) noexcept {
  const std::uint8_t* from = in + 2 * i - 3;
  store(out + i, _mm256_permute4x64_epi64(
                     _mm256_packus_epi16(sixteen_halves(from), sixteen_halves(from + 32)), 0xD8));
}

TS_AVX2 void halve(const std::uint8_t* in, std::uint8_t* out, int count) {
  if (count < 32) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      out[i] = sample(in + 2 * i - 3, static_cast<const std::int8_t*>(kHalf), 8);
    }
    return;
  }
  std::ptrdiff_t i = 0;
  for (; i + 32 <= count; i += 32) thirty_two_halves(in, out, i);
  if (i < count) thirty_two_halves(in, out, count - 32);
}

constexpr Kernels kAvx2{"avx2", mix_rows, over_rows, over_rows_faded, vertical, horizontal, halve};

}  // namespace

const Kernels* avx2() noexcept { return __builtin_cpu_supports("avx2") != 0 ? &kAvx2 : nullptr; }

}  // namespace ts::compose::kernel

#else

const ts::compose::Kernels* ts::compose::kernel::avx2() noexcept { return nullptr; }

#endif
