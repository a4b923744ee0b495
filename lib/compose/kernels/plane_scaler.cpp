// SPDX-License-Identifier: Apache-2.0
#include "compose/kernels/plane_scaler.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

namespace ts::compose {
namespace {

constexpr int kMargin = 64;
constexpr int kMostTaps = 128;  // 32 : 1; beyond, pixels are left out
/// What scaled rows read is asked of memory this many rows before its turn: a picture that was
/// decoded some ticks ago is in no cache any more, and waiting for it cost more than scaling it.
constexpr int kRowsAhead = 2;
constexpr int kCacheLine = 64;

double catmull_rom(double x) noexcept {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/// Rounds to 1/64, carrying the rest on to the next weight, so that the sum is exactly 64.
void quantize(const std::vector<double>& exact, double sum, std::int8_t* weights) {
  double carried = 0;
  int total = 0;
  std::size_t largest = 0;
  for (std::size_t k = 0; k < exact.size(); ++k) {
    const double wanted = exact[k] / sum * 64 + carried;
    const auto weight = static_cast<int>(std::lrint(wanted));
    carried = wanted - weight;
    weights[k] = static_cast<std::int8_t>(weight);
    total += weight;
    if (weights[k] > weights[largest]) largest = k;
  }
  weights[largest] = static_cast<std::int8_t>(weights[largest] + 64 - total);
}

ScaleTaps make_taps(int from, int to) {
  ScaleTaps out{.from = from, .to = to, .half = from == 2 * to};
  const double ratio = static_cast<double>(from) / to;
  const double stretch = std::clamp(ratio, 1.0, kMostTaps / 4.0);
  const int reach = std::min(kMostTaps, static_cast<int>(std::floor(4 * stretch + 1e-6)) + 1);
  out.blocks = std::max(1, (std::min(reach, from) + 15) / 16);
  const int taps = 16 * out.blocks;
  const auto count = static_cast<std::size_t>(to);
  out.offsets.resize(count);
  out.weights.resize(count * static_cast<std::size_t>(taps));
  std::vector<double> exact(static_cast<std::size_t>(taps));
  for (std::size_t i = 0; i < count; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * ratio - 0.5;
    const auto first = static_cast<int>(std::ceil(center - 2 * stretch + 1e-9));
    const auto last = static_cast<int>(std::floor(center + 2 * stretch - 1e-9));
    const int base = std::clamp(first, 0, std::max(0, from - taps));
    std::fill(exact.begin(), exact.end(), 0.0);
    double sum = 0;
    for (int at = first; at <= last; ++at) {
      // Beyond the edge the last sample is repeated.
      const int tap = std::clamp(std::clamp(at, 0, from - 1) - base, 0, taps - 1);
      const double weight = catmull_rom((at - center) / stretch);
      exact[static_cast<std::size_t>(tap)] += weight;
      sum += weight;
    }
    out.offsets[i] = base;
    quantize(exact, sum, out.weights.data() + i * static_cast<std::size_t>(taps));
  }
  return out;
}

}  // namespace

std::shared_ptr<const ScaleTaps> scale_taps(int from, int to) {
  // Weak: what no scene uses any more is let go.
  static std::mutex mutex;
  static std::map<std::pair<int, int>, std::weak_ptr<const ScaleTaps>> kept;
  const std::lock_guard lock(mutex);
  std::weak_ptr<const ScaleTaps>& slot = kept[{from, to}];
  if (auto found = slot.lock()) return found;
  auto made = std::make_shared<const ScaleTaps>(make_taps(from, to));
  slot = made;
  return made;
}

PlaneScaler::PlaneScaler(scene::Size from, scene::Size to)
    : across_(scale_taps(from.width, to.width)),
      down_(scale_taps(from.height, to.height)),
      line_(static_cast<std::size_t>(from.width + 2 * kMargin + 16 * across_->blocks)) {}

void PlaneScaler::run(const Kernels& kernels, const std::uint8_t* in, int in_stride,
                      const scene::Rect& part, std::uint8_t* out, int out_stride) {
  if (part.width <= 0 || part.height <= 0) return;
  const ScaleTaps& across = *across_;
  const ScaleTaps& down = *down_;
  const std::int32_t* offsets = across.offsets.data() + part.x;
  const std::int8_t* weights = across.weights.data() + std::ptrdiff_t{part.x} * 16 * across.blocks;
  const bool same_width = across.from == across.to;
  // The columns of the input that this part needs.
  int left = offsets[0];
  int right = std::min(across.from, offsets[part.width - 1] + 16 * across.blocks);
  if (across.half) {
    left = std::max(0, 2 * part.x - 3);
    right = std::min(across.from, 2 * (part.x + part.width) + 3);
  }
  if (same_width) {
    left = part.x;
    right = part.x + part.width;
  }
  std::uint8_t* line = line_.data() + kMargin;
  std::array<const std::uint8_t*, kMostTaps> rows{};
  std::array<std::int8_t, kMostTaps> row_weights{};
  const int last_row = part.y + part.height - 1;
  int asked = down.offsets[static_cast<std::size_t>(part.y)];
  for (int y = 0; y < part.height; ++y) {
    const auto row = static_cast<std::size_t>(part.y) + static_cast<std::size_t>(y);
    const std::int8_t* all = down.weights.data() + row * 16 * static_cast<std::size_t>(down.blocks);
    std::size_t pairs = 0;
    for (int k = 0; k < 16 * down.blocks; k += 2) {
      if (all[k] == 0 && all[k + 1] == 0) continue;
      for (const int tap : {k, k + 1}) {
        const int from = std::min(down.offsets[row] + tap, down.from - 1);
        rows[2 * pairs + static_cast<std::size_t>(tap - k)] =
            in + static_cast<std::ptrdiff_t>(from) * in_stride + left;
        row_weights[2 * pairs + static_cast<std::size_t>(tap - k)] = all[tap];
      }
      ++pairs;
    }
    const auto ahead = std::min(row + kRowsAhead, static_cast<std::size_t>(last_row));
    for (const int end = std::min(down.from, down.offsets[ahead] + 16 * down.blocks); asked < end;
         ++asked) {
      const std::uint8_t* at = in + static_cast<std::ptrdiff_t>(asked) * in_stride;
      for (int x = left; x < right; x += kCacheLine) __builtin_prefetch(at + x);
    }
    std::uint8_t* to = out + static_cast<std::ptrdiff_t>(y) * out_stride;
    const auto vertical = [&](std::uint8_t* target) {
      if (pairs == 1 && (row_weights[0] == 64 || row_weights[1] == 64)) {
        std::memcpy(target, rows[row_weights[0] == 64 ? 0 : 1],
                    static_cast<std::size_t>(right - left));
        return;
      }
      kernels.vertical(rows.data(), row_weights.data(), static_cast<int>(pairs), target,
                       right - left);
    };
    if (same_width) {
      vertical(to);
      continue;
    }
    vertical(line + left);
    if (!across.half) {
      kernels.horizontal(line, offsets, weights, across.blocks, to, part.width);
      continue;
    }
    if (left == 0) std::memset(line - 8, line[0], 8);
    if (right == across.from) std::memset(line + right, line[right - 1], 8);
    kernels.halve(line + std::ptrdiff_t{2} * part.x, to, part.width);
  }
}

}  // namespace ts::compose
