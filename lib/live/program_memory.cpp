// SPDX-License-Identifier: Apache-2.0
#include "live/program_memory.hpp"

namespace ts::live {

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
  if (event == "program") {
    scene_ = text("scene");
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

std::vector<Json> ProgramMemory::commands(std::optional<milliseconds> at) const {
  std::vector<Json> out;
  if (!scene_.empty()) out.push_back({{"command", "cut"}, {"scene", scene_}});
  if (!preview_.empty()) out.push_back({{"command", "preview"}, {"scene", preview_}});
  if (black_) out.push_back({{"command", "black"}, {"duration_ms", 0}});
  if (at) out.push_back({{"command", "go"}, {"at_ms", at->count()}});
  for (const auto* all : {&words_, &overlays_, &sound_}) {
    for (const auto& [name, command] : *all) out.push_back(command);
  }
  return out;
}

}  // namespace ts::live
