// SPDX-License-Identifier: Apache-2.0
#include "compose/limiter.hpp"

#include "compose/mixer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

namespace ts::compose {
namespace {

constexpr std::size_t kPhases = 4;
/// What oversampling by four does not see, and what meters with other filters see above it.
constexpr double kMarginDb = 0.5;
constexpr double kReleaseSeconds = 0.15;
/// No point between samples is higher than this times the highest sample around it: the sum of any
/// phase's taps, without their signs, is less.
constexpr float kMostGain = 2.5F;
/// Samples that are looked at together: below the floor they are skipped together.
constexpr std::size_t kChunk = 32;
/// Points computed at once, one in each lane.
constexpr std::size_t kLanes = 8;

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

/// Raises each of `peaks` to the highest of its three points between two samples.
/// @param window  length + kTaps - 1 samples; point i is made from [i, i + kTaps).
void add_points_between(const float* window, std::size_t length, float* peaks) noexcept {
  // Neighboring points in neighboring lanes: every sum still runs from its oldest sample to its
  // newest, so that nothing depends on how many are computed at once.
  using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
  const auto& all = phases();
  std::size_t i = 0;
  for (; i + kLanes <= length; i += kLanes) {
    std::array<Lanes, kPhases - 1> sums{};
    for (std::size_t k = 0; k < TruePeak::kTaps; ++k) {
      Lanes samples;
      std::memcpy(&samples, window + i + k, sizeof samples);
      for (std::size_t phase = 0; phase < sums.size(); ++phase) {
        sums[phase] += samples * all[phase][k];
      }
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      for (const Lanes& sum : sums)
        peaks[i + lane] = std::max(peaks[i + lane], std::abs(sum[lane]));
    }
  }
  for (; i < length; ++i) {
    for (const Phase& phase : all) {
      float sum = 0;
      for (std::size_t k = 0; k < TruePeak::kTaps; ++k) sum += window[i + k] * phase[k];
      peaks[i] = std::max(peaks[i], std::abs(sum));
    }
  }
}

}  // namespace

TruePeak::TruePeak() {
  (void)phases();
  for (auto& line : lines_) line.assign(kTaps - 1, 0.0F);
}

void TruePeak::find(std::span<const float> samples, float floor, std::vector<float>& peaks) {
  const std::size_t count = samples.size() / 2;
  peaks.assign(count, 0.0F);
  for (std::size_t channel = 0; channel < lines_.size(); ++channel) {
    std::vector<float>& line = lines_[channel];
    line.resize(kTaps - 1 + count);
    for (std::size_t i = 0; i < count; ++i) line[kTaps - 1 + i] = samples[2 * i + channel];
    for (std::size_t begin = 0; begin < count; begin += kChunk) {
      const std::size_t length = std::min(kChunk, count - begin);
      // The window of point i is [i, i + kTaps), the newest sample last.
      const float* window = line.data() + begin;
      float* out = peaks.data() + begin;
      float highest = 0;
      for (std::size_t i = 0; i < length + kTaps - 1; ++i) {
        highest = std::max(highest, std::abs(window[i]));
      }
      for (std::size_t i = 0; i < length; ++i) {
        out[i] = std::max(
            {out[i], std::abs(window[i + kTaps / 2 - 1]), std::abs(window[i + kTaps / 2])});
      }
      if (highest * kMostGain > floor) add_points_between(window, length, out);
    }
    line.erase(line.begin(), line.end() - static_cast<std::ptrdiff_t>(kTaps - 1));
  }
}

Limiter::Limiter(double ceiling_dbtp) : ceiling_(from_db(ceiling_dbtp - kMarginDb)) {
  smooth_.fill(1);
}

double Limiter::next_gain(double peak) {
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
  if (open_ >= kWindow) return 1;
  return std::accumulate(smooth_.begin(), smooth_.end(), 0.0) / static_cast<double>(kWindow);
}

bool Limiter::open() const noexcept {
  return open_ >= kWindow && (least_.empty() || least_.front().second >= 1);
}

std::vector<float> Limiter::process(std::span<const float> samples) {
  const std::size_t count = samples.size() / 2;
  const std::size_t before = line_.size() / 2;
  line_.reserve(line_.size() + 2 * count);
  for (const float sample : samples.first(2 * count)) {
    line_.push_back(std::isfinite(sample) ? sample : 0.0F);
  }
  peak_.find(std::span(line_).subspan(2 * before), static_cast<float>(ceiling_), peaks_);
  // Sample i lets out the one kAhead before it; the first ones let nothing out.
  const std::size_t held = std::min(kAhead, before + count);
  std::vector<float> out(line_.begin(), line_.end() - static_cast<std::ptrdiff_t>(2 * held));
  const std::size_t silent = count - out.size() / 2;
  if (open() && std::all_of(peaks_.begin(), peaks_.end(),
                            [&](float peak) { return static_cast<double>(peak) <= ceiling_; })) {
    // As if each of them had gone through next_gain().
    least_.clear();
    position_ += count;
    open_ += count;
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const double gain = next_gain(static_cast<double>(peaks_[i]));
      if (i < silent || gain == 1) continue;
      lowest_ = std::min(lowest_, gain);
      for (std::size_t at = 2 * (i - silent); at < 2 * (i - silent) + 2; ++at) {
        out[at] = static_cast<float>(static_cast<double>(out[at]) * gain);
      }
    }
  }
  line_.erase(line_.begin(), line_.end() - static_cast<std::ptrdiff_t>(2 * held));
  return out;
}

std::vector<float> Limiter::flush() {
  // Just as much silence as lets everything out; what never came in is not owed either.
  return process(std::vector<float>(2 * kAhead, 0.0F));
}

double Limiter::take_reduction_db() noexcept {
  const double lowest = std::exchange(lowest_, 1.0);
  return lowest < 1 ? -20 * std::log10(lowest) : 0;
}

}  // namespace ts::compose
