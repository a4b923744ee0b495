// SPDX-License-Identifier: Apache-2.0
#include "compose/guards.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <utility>

namespace ts::compose {
namespace {

constexpr milliseconds kCalm{500};
constexpr int kNoise = 2;  ///< A point that differs by no more has not moved.
enum : std::size_t { kBlack, kFrozen, kSilent, kClipped, kQuiet };

}  // namespace

PictureProbe::PictureProbe(double dark_percent) : dark_luma_(16 + 219 * dark_percent / 100) {}

PictureProbe::Finding PictureProbe::see(const Picture& picture,
                                        std::span<const scene::Rect> covered) {
  if (!picture) return found_ = {.dark = true, .moved = false};
  if (picture == last_) {
    found_.moved = false;
    return found_;
  }
  last_ = picture;
  std::array<std::uint8_t, kColumns * kRows> points{};
  int bright = 0;
  int seen = 0;
  bool moved = !reference_;
  for (int row = 0; row < kRows; ++row) {
    const int y = (2 * row + 1) * picture->height / (2 * kRows);
    const std::uint8_t* line =
        picture->data[0] + static_cast<std::ptrdiff_t>(y) * picture->linesize[0];
    for (int column = 0; column < kColumns; ++column) {
      const auto at = static_cast<std::size_t>(row * kColumns + column);
      const int x = (2 * column + 1) * picture->width / (2 * kColumns);
      points[at] = line[x];
      const bool hidden = std::any_of(covered.begin(), covered.end(), [&](const scene::Rect& rect) {
        return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
      });
      if (hidden) continue;
      ++seen;
      if (points[at] > dark_luma_) ++bright;
      moved = moved || std::abs(points[at] - (*reference_)[at]) > kNoise;
    }
  }
  found_ = {.dark = seen > 0 && bright * 100 <= seen, .moved = moved || seen == 0};
  if (moved) reference_ = points;
  return found_;
}

bool Alarm::step(bool bad) noexcept {
  if (!after_) return false;
  bad_ = bad ? bad_ + 1 : 0;
  good_ = bad ? 0 : good_ + 1;
  const bool before = active_;
  if (bad_ >= *after_) active_ = true;
  if (good_ >= calm_) active_ = false;
  return active_ != before;
}

Guards::Guards(const scene::Guards& settings,
               const std::function<std::uint64_t(milliseconds)>& ticks_of)
    : settings_(settings), probe_(settings.black_percent), watches_([&] {
        const std::uint64_t calm = std::max<std::uint64_t>(1, ticks_of(kCalm));
        const auto watch = [&](std::string_view name, const std::optional<milliseconds>& after) {
          std::optional<std::uint64_t> ticks;
          if (after) ticks = std::max<std::uint64_t>(1, ticks_of(*after));
          return Watch{name, Alarm(ticks, calm)};
        };
        return std::array<Watch, 5>{
            watch("black", settings.black), watch("frozen", settings.frozen),
            watch("silent", settings.silent), watch("clipped", settings.clipped),
            watch("quiet", settings.quiet)};
      }()) {}

void Guards::step(std::size_t index, bool bad, std::uint64_t tick) {
  Watch& watch = watches_[index];
  if (!watch.alarm.step(bad)) return;
  events_.push_back({ProgramEvent::Kind::kGuard, tick, std::string(watch.name),
                     watch.alarm.active() ? "on" : "off"});
}

void Guards::observe(std::uint64_t tick, std::string_view scene, const Picture& picture,
                     const ProgramSound& sound, Meant meant, std::span<const scene::Rect> covered) {
  if (!settings_.any()) return;
  if (settings_.black || settings_.frozen) {
    if (scene != scene_) {
      scene_ = scene;
      watches_[kBlack].alarm.begin_anew();
      watches_[kFrozen].alarm.begin_anew();
    }
    const PictureProbe::Finding found = probe_.see(picture, covered);
    step(kBlack, found.dark && !meant.black && !meant.dark, tick);
    step(kFrozen, !found.moved && !meant.still && !meant.black, tick);
  }
  const bool silent = to_db(sound.level.peak) < settings_.silent_db;
  step(kSilent, silent && !meant.black, tick);
  step(kClipped, sound.reduction_db > settings_.clipped_db, tick);
  step(kQuiet, !silent && !meant.black && sound.loudness.momentary < settings_.quiet_lufs, tick);
}

std::vector<ProgramEvent> Guards::take_events() { return std::exchange(events_, {}); }

std::vector<std::string_view> Guards::active() const {
  std::vector<std::string_view> out;
  for (const Watch& watch : watches_) {
    if (watch.alarm.active()) out.push_back(watch.name);
  }
  return out;
}

bool Guards::picture_fails() const noexcept {
  return watches_[kBlack].alarm.lasts() || watches_[kFrozen].alarm.lasts();
}

AutoSlate::AutoSlate(const scene::Show& show, std::uint64_t calm_ticks)
    : show_(show), calm_(std::max<std::uint64_t>(1, calm_ticks)) {}

bool AutoSlate::shows_something(const std::function<Picture(std::string_view)>& picture_of) {
  bool good = watched_.empty();
  for (Watched& watched : watched_) {
    const PictureProbe::Finding found = watched.probe.see(picture_of(watched.source));
    watched.still = found.moved ? 0 : watched.still + 1;
    const bool moves = !show_.guards.frozen || watched.still < calm_;
    good = good || ((!found.dark || !show_.guards.black) && moves);
  }
  return good;
}

std::optional<scene::TakeAction> AutoSlate::step(
    const std::string& on_air, bool fails,
    const std::function<Picture(std::string_view)>& picture_of) {
  const std::string& slate = show_.guards.slate;
  if (slate.empty()) return std::nullopt;
  if (before_.empty()) {
    if (!fails || on_air == slate) return std::nullopt;
    before_ = on_air;
    watched_.clear();
    good_ = 0;
    const scene::Scene* scene = show_.find_scene(on_air);
    for (const scene::Layer& layer : scene->layers) {
      watched_.push_back({layer.source, PictureProbe(show_.guards.black_percent), calm_});
      // The first look is no movement.
      (void)watched_.back().probe.see(picture_of(layer.source));
    }
    return scene::TakeAction{slate, {}};
  }
  if (on_air != slate) {
    // Somebody has taken another scene: it is theirs now.
    before_.clear();
    return std::nullopt;
  }
  good_ = shows_something(picture_of) ? good_ + 1 : 0;
  if (good_ < calm_) return std::nullopt;
  return scene::TakeAction{std::exchange(before_, {}), {}};
}

}  // namespace ts::compose
