// SPDX-License-Identifier: Apache-2.0
#include "live/program_memory.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace ts::live {
namespace {

/// As far as the control protocol counts.
constexpr milliseconds kMostClock = std::chrono::hours{24 * 7};

}  // namespace

void ProgramMemory::read(std::string_view line) {
  const auto parsed = parse_json(line, "a report");
  if (!parsed.ok() || !parsed.value().is_object()) return;
  const Json& report = parsed.value();
  const auto text = [&](const char* key) {
    const auto found = report.find(key);
    return found != report.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string event = text("event");
  const std::string overlay = text("overlay");
  const std::string source = text("source");
  const auto copy = [&](Json& into, std::string_view key) {
    if (const auto found = report.find(key); found != report.end()) into[std::string(key)] = *found;
  };
  const auto number = [&](const char* key) -> std::optional<double> {
    const auto found = report.find(key);
    if (found == report.end() || !found->is_number()) return std::nullopt;
    return found->get<double>();
  };
  if (const auto tick = number("tick")) {
    // A status tells how many are done, an event which one it begins with.
    tick_ = std::max(tick_, event == "status" || event == "ended" ? *tick - 1 : *tick);
  }
  if (event == "status") slate_for_ = text("slate_for");
  if (event == "started") {
    before_ = clock();
    zero_tick_.reset();
    // "30000/1001"
    const std::string rate = text("fps");
    const auto slash = rate.find('/');
    const double num = std::strtod(rate.c_str(), nullptr);
    const double den =
        slash == std::string::npos ? 1 : std::strtod(rate.c_str() + slash + 1, nullptr);
    ticks_per_s_ = den > 0 ? num / den : 0;
    tick_ = 0;
  } else if (event == "go") {
    zero_tick_ = number("tick").value_or(0) - number("at_ms").value_or(0) / 1000 * ticks_per_s_;
  } else if (event == "program") {
    scene_ = text("scene");
    slate_for_.clear();
  } else if (event == "preview") {
    preview_ = text("scene");
  } else if (event == "black") {
    black_ = report.value("on", false);
  } else if (event == "overlay_show" || event == "overlay_hide") {
    Json command{{"command", event}, {"overlay", overlay}};
    copy(command, "for_ms");
    overlays_[overlay] = std::move(command);
  } else if (event == "overlay_text") {
    Json command{{"command", "overlay_set"}, {"overlay", overlay}};
    for (const auto* key : {"title", "text", "subtitle", "to"}) copy(command, key);
    words_[overlay] = std::move(command);
  } else if (event == "mute" || event == "unmute" || event == "gain" || event == "solo" ||
             event == "delay" || event == "follow") {
    Json& command = sound_[source];
    command["command"] = "audio";
    command["source"] = source;
    if (event.ends_with("mute")) command["mute"] = event == "mute";
    for (const auto* key : {"gain_db", "solo", "delay_ms", "follow"}) copy(command, key);
  }
}

std::optional<milliseconds> ProgramMemory::clock() const {
  if (!zero_tick_ || ticks_per_s_ <= 0) return before_;
  return milliseconds{std::llround((tick_ - *zero_tick_) / ticks_per_s_ * 1000)};
}

std::vector<Json> ProgramMemory::commands(std::optional<milliseconds> at) const {
  std::vector<Json> out;
  if (black_) out.push_back({{"command", "black"}, {"duration_ms", 0}});
  if (!scene().empty()) out.push_back({{"command", "cut"}, {"scene", scene()}});
  if (!preview_.empty()) out.push_back({{"command", "preview"}, {"scene", preview_}});
  if (at) {
    const milliseconds now = std::min(*at, kMostClock);
    const milliseconds done = std::clamp(clock().value_or(now), milliseconds{0}, now);
    out.push_back({{"command", "go"}, {"at_ms", now.count()}, {"done_ms", done.count()}});
  }
  for (const auto* all : {&words_, &overlays_, &sound_}) {
    for (const auto& [name, command] : *all) out.push_back(command);
  }
  return out;
}

}  // namespace ts::live
