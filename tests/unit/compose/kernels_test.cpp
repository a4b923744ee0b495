// SPDX-License-Identifier: Apache-2.0
#include "compose/kernels/kernels.hpp"

#include "compose/kernels/plane_scaler.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ts::compose {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Every odd and even length around the widths of the registers, and long ones.
const std::vector<int> kCounts = {0,  1,  2,  3,  7,  8,  9,  15,  16,  17,
                                  31, 32, 33, 47, 63, 64, 65, 127, 320, 333};

class KernelsTest : public testing::TestWithParam<const Kernels*> {
 protected:
  /// Bytes with the extremes much more often than by chance; exactly as long as needed, so that
  /// the address sanitizer sees every byte beyond.
  Bytes bytes(std::size_t count) {
    Bytes out(count);
    for (auto& byte : out) {
      const auto kind = random_() % 4;
      byte = kind == 0 ? 0 : kind == 1 ? 255 : static_cast<std::uint8_t>(random_() % 256);
    }
    return out;
  }
  std::mt19937 random_{7};  // NOLINT(cert-msc51-cpp): the same on every run
};

TEST_P(KernelsTest, MixesLikeTheDefinition) {
  const Kernels* kernels = GetParam();
  for (const int count : kCounts) {
    for (const int weight : {0, 1, 100, 128, 255, 256}) {
      const Bytes a = bytes(static_cast<std::size_t>(count));
      const Bytes b = bytes(static_cast<std::size_t>(count));
      Bytes out(a.size());
      Bytes wanted(a.size());
      kernels->mix(a.data(), b.data(), out.data(), count, weight);
      scalar_kernels().mix(a.data(), b.data(), wanted.data(), count, weight);
      ASSERT_EQ(out, wanted) << count << " weight " << weight;
      Bytes in_place = a;
      kernels->mix(in_place.data(), b.data(), in_place.data(), count, weight);
      ASSERT_EQ(in_place, wanted);
    }
  }
}

TEST_P(KernelsTest, LaysOverLikeTheDefinition) {
  const Kernels* kernels = GetParam();
  for (const int count : kCounts) {
    const auto size = static_cast<std::size_t>(count);
    const Bytes color = bytes(size);
    const Bytes keep = bytes(size);
    Bytes out = bytes(size);
    Bytes wanted = out;
    kernels->over(out.data(), color.data(), keep.data(), count);
    scalar_kernels().over(wanted.data(), color.data(), keep.data(), count);
    ASSERT_EQ(out, wanted) << count;
    for (const int factor : {0, 1, 77, 255, 256}) {
      kernels->over_faded(out.data(), color.data(), keep.data(), count, factor);
      scalar_kernels().over_faded(wanted.data(), color.data(), keep.data(), count, factor);
      ASSERT_EQ(out, wanted) << count << " factor " << factor;
    }
  }
}

TEST_P(KernelsTest, FiltersColumnsLikeTheDefinition) {
  const Kernels* kernels = GetParam();
  for (const int count : kCounts) {
    for (const int pairs : {1, 2, 4, 6, 16, 17, 20}) {
      std::vector<Bytes> rows;
      std::vector<const std::uint8_t*> pointers;
      for (int k = 0; k < 2 * pairs; ++k) rows.push_back(bytes(static_cast<std::size_t>(count)));
      for (const Bytes& row : rows) pointers.push_back(row.data());
      std::vector<std::int8_t> taps(rows.size(), -1);
      taps[0] = static_cast<std::int8_t>(64 + 2 * pairs - 1);
      Bytes out(static_cast<std::size_t>(count));
      Bytes wanted(out.size());
      kernels->vertical(pointers.data(), taps.data(), pairs, out.data(), count);
      scalar_kernels().vertical(pointers.data(), taps.data(), pairs, wanted.data(), count);
      ASSERT_EQ(out, wanted) << count << " pairs " << pairs;
    }
  }
}

TEST_P(KernelsTest, FiltersAsManyColumnsAsThereAre) {
  // 32 : 1, the most that the scaler does.
  const Kernels* kernels = GetParam();
  for (const int pairs : {32, 64, 65}) {
    std::vector<Bytes> rows;
    std::vector<const std::uint8_t*> pointers;
    std::vector<std::int8_t> taps(static_cast<std::size_t>(2 * pairs), 0);
    for (std::size_t k = 0; k < taps.size(); ++k) rows.push_back(bytes(100));
    for (const Bytes& row : rows) pointers.push_back(row.data());
    for (std::size_t k = 0; k < 64; ++k) taps[k * taps.size() / 64] = 1;
    Bytes out(100);
    Bytes wanted(100);
    kernels->vertical(pointers.data(), taps.data(), pairs, out.data(), 100);
    scalar_kernels().vertical(pointers.data(), taps.data(), pairs, wanted.data(), 100);
    EXPECT_EQ(out, wanted) << pairs;
  }
}

TEST_P(KernelsTest, FiltersRowsLikeTheDefinition) {
  const Kernels* kernels = GetParam();
  for (const int count : kCounts) {
    for (const auto& [from_per_to, blocks] : {std::pair{3, 1}, {5, 2}, {9, 3}}) {
      const auto width = static_cast<std::size_t>(count * from_per_to + 16 * blocks);
      const Bytes in = bytes(width);
      std::vector<std::int32_t> offsets;
      std::vector<std::int8_t> taps;
      for (int i = 0; i < count; ++i) {
        offsets.push_back(i * from_per_to);
        for (int k = 0; k < 16 * blocks; ++k) {
          taps.push_back(static_cast<std::int8_t>(k == i % 16 ? 62 : k % 3 == 0 ? -1 : 1));
        }
      }
      Bytes out(static_cast<std::size_t>(count));
      Bytes wanted(out.size());
      kernels->horizontal(in.data(), offsets.data(), taps.data(), blocks, out.data(), count);
      scalar_kernels().horizontal(in.data(), offsets.data(), taps.data(), blocks, wanted.data(),
                                  count);
      ASSERT_EQ(out, wanted) << count << " blocks " << blocks;
    }
  }
}

TEST_P(KernelsTest, HalvesLikeTheDefinition) {
  const Kernels* kernels = GetParam();
  for (const int count : kCounts) {
    if (count == 0) continue;
    const Bytes in = bytes(static_cast<std::size_t>(2 * count + 6));
    Bytes out(static_cast<std::size_t>(count));
    Bytes wanted(out.size());
    kernels->halve(in.data() + 3, out.data(), count);
    scalar_kernels().halve(in.data() + 3, wanted.data(), count);
    ASSERT_EQ(out, wanted) << count;
  }
}

TEST_P(KernelsTest, ScalesLikeTheDefinitionWithOddSizesAndStrides) {
  const Kernels* kernels = GetParam();
  const std::vector<std::pair<scene::Size, scene::Size>> cases = {
      {{640, 36}, {320, 18}}, {{641, 37}, {213, 13}}, {{90, 51}, {90, 17}}, {{90, 51}, {31, 51}},
      {{61, 33}, {187, 99}},  {{500, 40}, {33, 3}},   {{5, 5}, {64, 64}},   {{1, 1}, {40, 3}},
      {{333, 9}, {7, 2}},     {{2048, 64}, {32, 1}},  {{96, 54}, {48, 54}}, {{128, 96}, {64, 31}}};
  for (const auto& [from, to] : cases) {
    // The last row ends where it ends: no stride's padding behind it.
    const int in_stride = from.width + 13;
    const Bytes in = bytes(static_cast<std::size_t>(in_stride * (from.height - 1) + from.width));
    const int out_stride = to.width + 5;
    const auto out_size = static_cast<std::size_t>(out_stride * (to.height - 1) + to.width);
    Bytes out(out_size, 99);
    Bytes wanted(out_size, 99);
    const scene::Rect all{0, 0, to.width, to.height};
    PlaneScaler(from, to).run(*kernels, in.data(), in_stride, all, out.data(), out_stride);
    PlaneScaler(from, to).run(scalar_kernels(), in.data(), in_stride, all, wanted.data(),
                              out_stride);
    ASSERT_EQ(out, wanted) << from.width << "x" << from.height << " to " << to.width << "x"
                           << to.height;
  }
}

TEST_P(KernelsTest, PartsOfAScaledPictureEqualTheWhole) {
  const Kernels* kernels = GetParam();
  for (const auto& [from, to] :
       {std::pair<scene::Size, scene::Size>{{640, 90}, {320, 45}}, {{641, 91}, {230, 40}}}) {
    const Bytes in = bytes(static_cast<std::size_t>(from.width * from.height));
    const auto size = static_cast<std::size_t>(to.width * to.height);
    Bytes whole(size);
    Bytes parts(size);
    PlaneScaler scaler(from, to);
    scaler.run(*kernels, in.data(), from.width, {0, 0, to.width, to.height}, whole.data(),
               to.width);
    const int x = to.width * 2 / 3;
    const int y = to.height / 3;
    for (const scene::Rect& part : {scene::Rect{0, 0, x, y}, scene::Rect{x, 0, to.width - x, y},
                                    scene::Rect{0, y, to.width, to.height - y}}) {
      scaler.run(*kernels, in.data(), from.width, part,
                 parts.data() + static_cast<std::ptrdiff_t>(part.y) * to.width + part.x, to.width);
    }
    EXPECT_EQ(parts, whole);
  }
}

// What this processor has: scalar and, on any of the last 15 years, two more.
INSTANTIATE_TEST_SUITE_P(Sets, KernelsTest,
                         testing::ValuesIn(all_kernels().begin(), all_kernels().end()),
                         [](const auto& set) {
                           std::string name = set.param->name;
                           std::erase(name, '.');
                           return name;
                         });

TEST(ScaleTapsTest, SumToOneAndKeepAFlatPictureFlat) {
  for (const auto& [from, to] :
       {std::pair{1280, 640}, {1280, 426}, {1280, 1}, {7, 300}, {4096, 2}}) {
    const auto taps = scale_taps(from, to);
    for (int i = 0; i < to; ++i) {
      int sum = 0;
      for (int k = 0; k < 16 * taps->blocks; ++k) {
        sum += taps->weights[static_cast<std::size_t>(i * 16 * taps->blocks + k)];
      }
      ASSERT_EQ(sum, 64) << from << " to " << to << " at " << i;
    }
  }
}

}  // namespace
}  // namespace ts::compose
