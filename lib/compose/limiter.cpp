// SPDX-License-Identifier: Apache-2.0
#include "compose/limiter.hpp"

#include "compose/mixer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace ts::compose {
namespace {

constexpr std::size_t kPhases = 4;
/// What oversampling by four does not see, and what meters with other filters see above it.
constexpr double kMarginDb = 0.5;
constexpr double kReleaseSeconds = 0.15;
/// Below this no peak between samples can reach full scale: the filters gain less than 2.5.
constexpr float kQuiet = 0.04F;

using Phase = std::array<float, TruePeak::kTaps>;

/// The three phases between two samples, each a Kaiser-windowed sinc of unit gain.
std::array<Phase, kPhases - 1> make_phases() {
  constexpr double kBeta = 6.0;
  const auto bessel = [](double x) {
    double sum = 1;
    double term = 1;
    for (int k = 1; k < 30; ++k) {
      term *= (x / (2 * k)) * (x / (2 * k));
      sum += term;
    }
    return sum;
  };
  constexpr double kHalf = static_cast<double>(TruePeak::kTaps) / 2;
  std::array<Phase, kPhases - 1> out{};
  for (std::size_t phase = 0; phase < out.size(); ++phase) {
    const double fraction = static_cast<double>(phase + 1) / kPhases;
    double sum = 0;
    std::array<double, TruePeak::kTaps> taps{};
    for (std::size_t k = 0; k < taps.size(); ++k) {
      // Tap k weighs the sample at position k; the point lies between kHalf - 1 and kHalf.
      const double x = static_cast<double>(k) - (kHalf - 1 + fraction);
      const double sinc = x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      const double part = x / kHalf;
      const double window =
          bessel(kBeta * std::sqrt(std::max(0.0, 1 - part * part))) / bessel(kBeta);
      taps[k] = sinc * window;
      sum += taps[k];
    }
    for (std::size_t k = 0; k < taps.size(); ++k) {
      out[phase][k] = static_cast<float>(taps[k] / sum);
    }
  }
  return out;
}

const std::array<Phase, kPhases - 1>& phases() {
  static const std::array<Phase, kPhases - 1> made = make_phases();
  return made;
}

}  // namespace

TruePeak::TruePeak() : loud_(kTaps) { (void)phases(); }

float TruePeak::next(float left, float right) noexcept {
  at_ = at_ + 1 == kTaps ? 0 : at_ + 1;
  history_[0][at_] = history_[0][at_ + kTaps] = left;
  history_[1][at_] = history_[1][at_ + kTaps] = right;
  loud_ = std::max(std::abs(left), std::abs(right)) > kQuiet ? 0 : loud_ + 1;
  float peak = 0;
  for (const auto& channel : history_) {
    // Oldest first: window[kTaps - 1] is the newest sample.
    const float* window = channel.data() + at_ + 1;
    peak = std::max({peak, std::abs(window[kTaps / 2 - 1]), std::abs(window[kTaps / 2])});
    if (loud_ >= kTaps) continue;
    for (const Phase& phase : phases()) {
      float sum = 0;
      for (std::size_t k = 0; k < kTaps; ++k) sum += window[k] * phase[k];
      peak = std::max(peak, std::abs(sum));
    }
  }
  return peak;
}

Limiter::Limiter(double ceiling_dbtp) : ceiling_(from_db(ceiling_dbtp - kMarginDb)) {
  smooth_.fill(1);
}

void Limiter::step(float left, float right, std::vector<float>& out) {
  if (!std::isfinite(left)) left = 0;
  if (!std::isfinite(right)) right = 0;
  const auto peak = static_cast<double>(peak_.next(left, right));
  const double wanted = peak > ceiling_ ? ceiling_ / peak : 1;
  // The least wanted gain of the last kWindow peaks.
  while (!least_.empty() && least_.back().second >= wanted) least_.pop_back();
  least_.emplace_back(position_, wanted);
  if (least_.front().first + kWindow <= position_) least_.pop_front();
  ++position_;
  const double least = least_.front().second;
  // Down at once, up slowly; the mean over the window then makes "at once" a ramp.
  static const double kRelease = 1 - std::exp(-1 / (kReleaseSeconds * 48'000));
  released_ = least < released_ ? least : released_ + (least - released_) * kRelease;
  if (released_ > 0.99999 && least >= 1) released_ = 1;
  smooth_[smooth_at_] = released_;
  smooth_at_ = (smooth_at_ + 1) % kWindow;
  open_ = released_ == 1 ? open_ + 1 : 0;
  delayed_.emplace_back(left, right);
  if (warm_up_ > 0) {
    --warm_up_;
    return;
  }
  const auto [late_left, late_right] = delayed_.front();
  delayed_.pop_front();
  if (open_ >= kWindow) {
    out.push_back(late_left);
    out.push_back(late_right);
    return;
  }
  const double gain =
      std::accumulate(smooth_.begin(), smooth_.end(), 0.0) / static_cast<double>(kWindow);
  lowest_ = std::min(lowest_, gain);
  out.push_back(static_cast<float>(static_cast<double>(late_left) * gain));
  out.push_back(static_cast<float>(static_cast<double>(late_right) * gain));
}

std::vector<float> Limiter::process(std::span<const float> samples) {
  std::vector<float> out;
  out.reserve(samples.size());
  for (std::size_t i = 0; i + 1 < samples.size(); i += 2) step(samples[i], samples[i + 1], out);
  return out;
}

std::vector<float> Limiter::flush() {
  const std::size_t left = delayed_.size();
  std::vector<float> out;
  // What never came in is not owed either.
  for (std::size_t i = 0; out.size() < 2 * left; ++i) step(0, 0, out);
  return out;
}

double Limiter::take_reduction_db() noexcept {
  const double lowest = std::exchange(lowest_, 1.0);
  return lowest < 1 ? -20 * std::log10(lowest) : 0;
}

}  // namespace ts::compose
