// SPDX-License-Identifier: Apache-2.0
#include "compose/mixer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ts::compose {
namespace {

constexpr double kToneLevel = 0.125892541;

}  // namespace

double from_db(double db) noexcept { return db <= -120 ? 0 : std::pow(10.0, db / 20); }

double to_db(double factor) noexcept { return factor > 1e-6 ? 20 * std::log10(factor) : -120; }

void Fader::mix(std::span<const float> input, double target, std::span<float> sum,
                std::size_t ramp) noexcept {
  if (!started_) {
    gain_ = target;
    target_ = target;
    started_ = true;
  }
  if (target != target_) {
    target_ = target;
    step_ = (target - gain_) / static_cast<double>(std::max<std::size_t>(1, ramp));
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

Level level_of(std::span<const float> samples) noexcept {
  float peak = 0;
  double power = 0;
  for (const float sample : samples) {
    peak = std::max(peak, std::abs(sample));
    power += static_cast<double>(sample) * static_cast<double>(sample);
  }
  if (samples.empty()) return {};
  return {static_cast<double>(peak), std::sqrt(power / static_cast<double>(samples.size()))};
}

double Ducker::step(double speech, std::size_t samples) noexcept {
  const auto length = static_cast<std::int64_t>(samples);
  if (to_db(speech) > settings_.threshold_db) {
    spoken_ = true;
    quiet_ = 0;
  } else {
    quiet_ += length;
  }
  const bool down = spoken_ && quiet_ <= settings_.hold.count() * 48;
  const milliseconds way = down ? settings_.attack : settings_.release;
  const double part =
      way.count() > 0 ? static_cast<double>(length) / (static_cast<double>(way.count()) * 48) : 1;
  const double change = part * settings_.by_db;
  reduction_ =
      down ? std::min(settings_.by_db, reduction_ + change) : std::max(0.0, reduction_ - change);
  return reduction_;
}

SoundDesk::SoundDesk(const scene::Show& show) : limiter_(show.ceiling_dbtp) { update(show); }

void SoundDesk::update(const scene::Show& show) {
  strips_.resize(show.sources.size());
  faders_.resize(show.sources.size());
  ducking_.clear();
  for (std::size_t i = 0; i < show.sources.size(); ++i) {
    strips_[i].ducked_db = 0;
    const auto& settings = show.sources[i].duck;
    if (!settings) continue;
    Ducking ducking{.strip = i, .under = {}, .ducker = Ducker(*settings)};
    for (const std::string& name : settings->under) {
      const scene::Source* under = show.find_source(name);
      if (under != nullptr) {
        ducking.under.push_back(static_cast<std::size_t>(under - show.sources.data()));
      }
    }
    ducking_.push_back(std::move(ducking));
  }
}

void SoundDesk::duck(std::size_t frames) {
  for (Ducking& ducking : ducking_) {
    double power = 0;
    for (const std::size_t under : ducking.under) {
      const Strip& strip = strips_[under];
      const double rms = level_of(strip.samples).rms * strip.gain;
      power += rms * rms;
    }
    strips_[ducking.strip].ducked_db = ducking.ducker.step(std::sqrt(power), frames);
  }
}

std::vector<float> SoundDesk::mix(std::size_t frames, double master) {
  duck(frames);
  std::vector<float> sum(2 * frames, 0.0F);
  for (std::size_t i = 0; i < strips_.size(); ++i) {
    Strip& strip = strips_[i];
    strip.level = {};
    if (strip.samples.empty()) continue;
    for (float& sample : strip.samples) {
      if (!std::isfinite(sample)) sample = 0;
    }
    const bool ducks = strip.ducked_db > 0;
    const double gain = ducks ? strip.gain * from_db(-strip.ducked_db) : strip.gain;
    const std::size_t ramp = ducks || strip.gliding ? std::max(frames, kRampSamples) : kRampSamples;
    faders_[i].mix(strip.samples, gain, sum, ramp);
    strip.level = level_of(strip.samples);
    strip.level.peak *= gain;
    strip.level.rms *= gain;
  }
  scratch_.assign(sum.size(), 0.0F);
  master_.mix(sum, master, scratch_, std::max(frames, kRampSamples));
  sound_.sum_peak = level_of(scratch_).peak;
  std::vector<float> out = limiter_.process(scratch_);
  sound_.reduction_db = limiter_.take_reduction_db();
  measure(out);
  return out;
}

void SoundDesk::measure(std::span<const float> out) {
  sound_.level = level_of(out);
  // A floor just below the sample peak: the highest point is never lower than that.
  true_peak_.find(out, static_cast<float>(sound_.level.peak), peaks_);
  sound_.true_peak =
      peaks_.empty() ? 0.0 : static_cast<double>(*std::max_element(peaks_.begin(), peaks_.end()));
  sound_.true_peak_max = std::max(sound_.true_peak_max, sound_.true_peak);
  meter_.add(out);
  sound_.loudness = meter_.now();
}

std::vector<float> SoundDesk::finish() {
  std::vector<float> out = limiter_.flush();
  measure(out);
  return out;
}

}  // namespace ts::compose
