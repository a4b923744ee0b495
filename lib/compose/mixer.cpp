// SPDX-License-Identifier: Apache-2.0
#include "compose/mixer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ts::compose {
namespace {

constexpr int kRampSamples = 480;
constexpr float kKnee = 0.794328F;  // -2 dBFS
constexpr double kToneLevel = 0.125892541;

}  // namespace

double from_db(double db) noexcept { return db <= -120 ? 0 : std::pow(10.0, db / 20); }

void Fader::mix(std::span<const float> input, double target, std::span<float> sum) noexcept {
  if (!started_) {
    gain_ = target;
    target_ = target;
    started_ = true;
  }
  if (target != target_) {
    target_ = target;
    step_ = (target - gain_) / kRampSamples;
  }
  const std::size_t frames = std::min(input.size(), sum.size()) / 2;
  std::size_t i = 0;
  for (; i < frames && gain_ != target_; ++i) {
    gain_ += step_;
    if ((step_ >= 0 && gain_ >= target_) || (step_ < 0 && gain_ <= target_)) gain_ = target_;
    const auto factor = static_cast<float>(gain_);
    sum[2 * i] += input[2 * i] * factor;
    sum[2 * i + 1] += input[2 * i + 1] * factor;
  }
  if (gain_ == 0) return;
  const auto factor = static_cast<float>(gain_);
  for (std::size_t k = 2 * i; k < 2 * frames; ++k) sum[k] += input[k] * factor;
}

float limit(std::span<float> samples) noexcept {
  float peak = 0;
  for (float& sample : samples) {
    const float size = std::abs(sample);
    peak = std::max(peak, size);
    if (size <= kKnee) continue;
    const float over = (size - kKnee) / (1 - kKnee);
    sample = std::copysign(kKnee + (1 - kKnee) * std::tanh(over), sample);
  }
  return peak;
}

void add_tone(double hz, std::int64_t start, std::span<float> out) noexcept {
  for (std::size_t i = 0; i < out.size() / 2; ++i) {
    // Whole turns are taken off before the sine sees them: exact after days, too.
    const double turns =
        std::fmod(hz * static_cast<double>(start + static_cast<std::int64_t>(i)), 48'000.0) /
        48'000.0;
    const auto value = static_cast<float>(kToneLevel * std::sin(2 * std::numbers::pi * turns));
    out[2 * i] += value;
    out[2 * i + 1] += value;
  }
}

std::int64_t sample_of(std::uint64_t tick, std::int64_t num, std::int64_t den) noexcept {
  // n = q * num + r keeps the product small for weeks at 30000/1001.
  const auto n = static_cast<std::int64_t>(tick);
  return n / num * 48'000 * den + n % num * 48'000 * den / num;
}

}  // namespace ts::compose
