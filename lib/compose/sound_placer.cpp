// SPDX-License-Identifier: Apache-2.0
#include "compose/sound_placer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace ts::compose {
namespace {

/// Sound that is off by less is moved back to back, by more it is placed anew.
constexpr std::int64_t kSnap = kRate * 70 / 1000;
constexpr std::int64_t kYoung = kRate * 3 / 2;
constexpr std::int64_t kYoungSnap = kRate / 100;
/// Being off by so much is not worth bending the pitch.
constexpr std::int64_t kClose = kRate / 200;             // 5 ms
constexpr std::int64_t kMostCompensation = kRate / 200;  // 0.5 %

}  // namespace

std::optional<SoundPlacer::Placed> SoundPlacer::place(const AVFrame& frame, ProgramTime due) {
  auto sound = resampler_.convert(frame);
  if (!sound.ok()) return std::nullopt;
  const double exact = static_cast<double>(due.count()) * kRate / 1e9 - sound.value().delay;
  const std::int64_t target = std::llround(exact);
  const std::int64_t off = expected_ ? target - *expected_ : 0;
  if (!expected_ || std::abs(off) > (young_ > 0 ? kYoungSnap : kSnap)) {
    expected_ = target;
  } else if (std::abs(off) > kClose) {
    resampler_.compensate(
        static_cast<int>(std::clamp<std::int64_t>(off, -kMostCompensation, kMostCompensation)));
  }
  Placed out{.samples = std::move(sound.value().samples), .position = *expected_};
  const auto length = static_cast<std::int64_t>(out.samples.size() / 2);
  *expected_ += length;
  young_ -= std::min(young_, length);
  return out;
}

void SoundPlacer::reset() {
  resampler_.reset();
  expected_.reset();
  young_ = kYoung;
}

}  // namespace ts::compose
