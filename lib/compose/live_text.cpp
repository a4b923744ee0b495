// SPDX-License-Identifier: Apache-2.0
#include "compose/live_text.hpp"

#include "core/thread_name.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <variant>

namespace ts::compose {
namespace {

constexpr std::size_t kKept = 4;
constexpr milliseconds kAhead{1000};

std::string time_text(const scene::ClockOverlay& clock, WallTime wall) {
  const std::time_t seconds_since =
      std::chrono::floor<std::chrono::seconds>(wall).time_since_epoch().count();
  const std::tm parts = clock.utc ? fmt::gmtime(seconds_since) : fmt::localtime(seconds_since);
  std::ostringstream out;
  out << std::put_time(&parts, clock.format.c_str());
  return std::move(out).str();
}

std::string left_text(const scene::CountdownOverlay& countdown, WallTime wall,
                      milliseconds elapsed) {
  const milliseconds left = countdown.to ? *countdown.to - wall : countdown.length - elapsed;
  if (left <= milliseconds{0}) return countdown.done.empty() ? "00:00" : countdown.done;
  // The last second is 1, not 0: "00:00" is the moment itself.
  const auto total = (left.count() + 999) / 1000;
  if (total < 3600) return fmt::format("{:02}:{:02}", total / 60, total % 60);
  return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

}  // namespace

std::string live_text(const scene::Overlay& overlay, WallTime wall, milliseconds elapsed) {
  if (const auto* clock = std::get_if<scene::ClockOverlay>(&overlay.content)) {
    return time_text(*clock, wall);
  }
  if (const auto* countdown = std::get_if<scene::CountdownOverlay>(&overlay.content)) {
    return left_text(*countdown, wall, elapsed);
  }
  return {};
}

LiveText::LiveText(const scene::Show& show, bool patient)
    : overlays_(show.overlays),
      drawn_as_(show.overlays),
      canvas_(show.canvas),
      patient_(patient),
      slots_(show.overlays.size()) {
  if (patient) return;
  for (std::size_t i = 0; i < overlays_.size(); ++i) {
    if (!is_live(i)) continue;
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    break;
  }
}

bool LiveText::is_live(std::size_t overlay) const {
  const auto& content = overlays_[overlay].content;
  return std::holds_alternative<scene::ClockOverlay>(content) ||
         std::holds_alternative<scene::CountdownOverlay>(content);
}

void LiveText::set_moment(const std::string& overlay, WallTime to) {
  for (scene::Overlay& candidate : overlays_) {
    auto* countdown = std::get_if<scene::CountdownOverlay>(&candidate.content);
    if (countdown != nullptr && candidate.name == overlay) countdown->to = to;
  }
}

void LiveText::ask(std::size_t overlay, std::string& last, const std::string& text) {
  if (last == text) return;
  last = text;
  const auto& drawn = slots_[overlay].drawn;
  const bool known = std::any_of(drawn.begin(), drawn.end(),
                                 [&](const auto& entry) { return entry.first == text; });
  if (known) return;
  jobs_.push_back({overlay, text});
  changed_.notify_one();
}

DrawnOverlay LiveText::at(std::size_t overlay, WallTime wall, milliseconds elapsed) {
  const std::string text = live_text(overlays_[overlay], wall, elapsed);
  if (patient_) {
    Slot& slot = slots_[overlay];
    if (slot.asked == text && slot.shown.picture) return slot.shown;
    auto drawn = draw_overlay(drawn_as_[overlay], canvas_, text);
    if (drawn.ok()) slot.shown = std::move(drawn).value();
    slot.asked = text;
    return slot.shown;
  }
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[overlay];
  // After a while out of sight the last text is an old one: better none for a moment.
  if (wall > slot.last + 2 * kAhead || wall + 2 * kAhead < slot.last) slot.shown = {};
  slot.last = wall;
  ask(overlay, slot.asked, text);
  ask(overlay, slot.asked_ahead, live_text(overlays_[overlay], wall + kAhead, elapsed + kAhead));
  for (const auto& [known, drawn] : slot.drawn) {
    if (known == text) slot.shown = drawn;
  }
  return slot.shown;
}

void LiveText::run(const std::stop_token& stop) {
  name_this_thread("live text");
  while (true) {
    Job job{};
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    auto drawn = draw_overlay(drawn_as_[job.overlay], canvas_, job.text);
    if (!drawn.ok()) continue;  // Without a font: prepare() has said so.
    const std::lock_guard lock(mutex_);
    auto& kept = slots_[job.overlay].drawn;
    kept.emplace_back(std::move(job.text), std::move(drawn).value());
    if (kept.size() > kKept) kept.pop_front();
  }
}

}  // namespace ts::compose
