// SPDX-License-Identifier: Apache-2.0
#include "compose/loudness.hpp"

#include <ebur128.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <new>
#include <numeric>

namespace ts::compose {
namespace {

constexpr std::size_t kEvery = 4800;
constexpr unsigned long kEveryMs = 100;
/// Short-term loudness is the mean energy of 3 s.
constexpr std::size_t kShortTerm = 30;
/// BS.1770: loudness is this plus 10 times the logarithm of the energy.
constexpr double kOffset = -0.691;

double finite(int code, double value) noexcept {
  return code == EBUR128_SUCCESS && std::isfinite(value) && value > Loudness::kSilence
             ? value
             : Loudness::kSilence;
}

}  // namespace

struct LoudnessMeter::State {
  State()
      : meter(ebur128_init(2, 48'000, EBUR128_MODE_M | EBUR128_MODE_I | EBUR128_MODE_HISTOGRAM)) {
    if (meter == nullptr) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ebur128_destroy(&meter); }
  /// Energy of the last 3 s. From our own parts: the library would keep 2.3 MiB of samples for it
  /// and go through all of them ten times a second.
  double short_term() {
    double part = 0;
    const int code = ebur128_loudness_window(meter, kEveryMs, &part);
    energies[at] =
        code == EBUR128_SUCCESS && std::isfinite(part) ? std::pow(10.0, (part - kOffset) / 10) : 0;
    at = (at + 1) % energies.size();
    const double sum = std::accumulate(energies.begin(), energies.end(), 0.0);
    return kOffset + 10 * std::log10(sum / static_cast<double>(energies.size()));
  }
  ebur128_state* meter;
  std::array<double, kShortTerm> energies{};
  std::size_t at = 0;
};

LoudnessMeter::LoudnessMeter() : state_(std::make_unique<State>()) {}
LoudnessMeter::~LoudnessMeter() = default;

void LoudnessMeter::add(std::span<const float> samples) {
  while (samples.size() >= 2) {
    const std::size_t frames = std::min(samples.size() / 2, kEvery - since_);
    if (ebur128_add_frames_float(state_->meter, samples.data(), frames) != EBUR128_SUCCESS) return;
    samples = samples.subspan(2 * frames);
    since_ += frames;
    if (since_ < kEvery) return;
    since_ = 0;
    double value = 0;
    int code = ebur128_loudness_momentary(state_->meter, &value);
    now_.momentary = finite(code, value);
    now_.short_term = finite(EBUR128_SUCCESS, state_->short_term());
    code = ebur128_loudness_global(state_->meter, &value);
    now_.integrated = finite(code, value);
  }
}

}  // namespace ts::compose
