// SPDX-License-Identifier: Apache-2.0
#include "compose/loudness.hpp"

#include <ebur128.h>

#include <cmath>
#include <new>

namespace ts::compose {
namespace {

constexpr std::size_t kEvery = 4800;

double finite(int code, double value) noexcept {
  return code == EBUR128_SUCCESS && std::isfinite(value) && value > Loudness::kSilence
             ? value
             : Loudness::kSilence;
}

}  // namespace

struct LoudnessMeter::State {
  State()
      : meter(ebur128_init(
            2, 48'000, EBUR128_MODE_M | EBUR128_MODE_S | EBUR128_MODE_I | EBUR128_MODE_HISTOGRAM)) {
    if (meter == nullptr) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ebur128_destroy(&meter); }
  ebur128_state* meter;
};

LoudnessMeter::LoudnessMeter() : state_(std::make_unique<State>()) {}
LoudnessMeter::~LoudnessMeter() = default;

void LoudnessMeter::add(std::span<const float> samples) {
  const std::size_t frames = samples.size() / 2;
  if (ebur128_add_frames_float(state_->meter, samples.data(), frames) != EBUR128_SUCCESS) return;
  since_ += frames;
  if (since_ < kEvery) return;
  since_ %= kEvery;
  double value = 0;
  int code = ebur128_loudness_momentary(state_->meter, &value);
  now_.momentary = finite(code, value);
  code = ebur128_loudness_shortterm(state_->meter, &value);
  now_.short_term = finite(code, value);
  code = ebur128_loudness_global(state_->meter, &value);
  now_.integrated = finite(code, value);
}

}  // namespace ts::compose
