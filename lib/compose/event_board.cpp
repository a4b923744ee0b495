// SPDX-License-Identifier: Apache-2.0
#include "compose/event_board.hpp"

#include "compose/wire.hpp"
#include "core/json.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

namespace ts::compose {

namespace {

/// An output's state in the protocol's words.
std::string_view protocol_state(OutputState state) noexcept {
  if (state == OutputState::kRetrying) return "reconnecting";
  if (state == OutputState::kFinished) return "ended";
  return to_string(state);
}

/// Lets go of the names that are not among `present`, and says so.
template <typename Present, typename Say>
void forget_absent(std::map<std::string, std::string>& states, const Present& present,
                   const Say& say) {
  std::erase_if(states, [&](const auto& entry) {
    const bool there = std::any_of(present.begin(), present.end(),
                                   [&](const auto& one) { return one.name == entry.first; });
    if (!there) say(entry.first);
    return !there;
  });
}

}  // namespace

EventBoard::EventBoard(control::Server& server, const scene::Show& show)
    : server_(server), program_(show.program) {
  for (const auto& scene : show.scenes) {
    for (const auto& layer : scene.layers) scenes_[scene.name].insert(layer.source);
  }
}

EventBoard::Names EventBoard::sources_of(const std::string& scene) const {
  const auto found = scenes_.find(scene);
  return found == scenes_.end() ? Names{} : found->second;
}

void EventBoard::publish_scene(std::uint64_t tick, std::string_view state) {
  server_.publish("scene", tick,
                  Json{{"program", program_},
                       {"preview", preview_.empty() ? Json() : Json(preview_)},
                       {"transition", transition_},
                       {"state", state}});
}

void EventBoard::publish_tally(std::uint64_t tick) {
  auto program = sources_of(program_);
  program.merge(sources_of(outgoing_));
  auto preview = sources_of(preview_);
  if (program == tally_program_ && preview == tally_preview_) return;
  tally_program_ = std::move(program);
  tally_preview_ = std::move(preview);
  server_.publish("tally", tick, Json{{"program", tally_program_}, {"preview", tally_preview_}});
}

void EventBoard::on_event(const ProgramEvent& event) {
  using Kind = ProgramEvent::Kind;
  const auto tick = event.tick;
  switch (event.kind) {
    case Kind::kProgram:
      outgoing_ = event.detail == "cut" ? std::string() : program_;
      program_ = event.name;
      transition_ = event.detail;
      publish_scene(tick, "begin");
      if (outgoing_.empty()) publish_scene(tick, "done");
      break;
    case Kind::kTransitionEnd:
      outgoing_.clear();
      publish_scene(tick, "done");
      break;
    case Kind::kPreview:
      preview_ = event.name;
      publish_scene(tick, "preview");
      break;
    case Kind::kOverlayShow:
    case Kind::kOverlayHide:
      server_.publish("overlay", tick,
                      Json{{"overlay", event.name}, {"visible", event.kind == Kind::kOverlayShow}});
      return;
    case Kind::kOverlayText:
      server_.publish("overlay", tick, Json{{"overlay", event.name}, {"text_changed", true}});
      return;
    case Kind::kGain:
      server_.publish(
          "audio", tick,
          Json{{"source", event.name}, {"gain_db", std::strtod(event.detail.c_str(), nullptr)}});
      return;
    case Kind::kMute:
    case Kind::kUnmute:
      server_.publish("audio", tick,
                      Json{{"source", event.name}, {"mute", event.kind == Kind::kMute}});
      return;
    case Kind::kSolo:
      server_.publish("audio", tick, Json{{"source", event.name}, {"solo", event.detail == "on"}});
      return;
    case Kind::kDelay:
      server_.publish("audio", tick,
                      Json{{"source", event.name},
                           {"delay_ms", std::strtoll(event.detail.c_str(), nullptr, 10)}});
      return;
    case Kind::kFollow:
      server_.publish("audio", tick,
                      Json{{"source", event.name}, {"follow", event.detail == "on"}});
      return;
    case Kind::kGuard:
      server_.publish("guard", tick, Json{{"guard", event.name}, {"active", event.detail == "on"}});
      return;
    case Kind::kQuality:
      server_.publish("quality", tick, Json{{"quality", event.name}});
      return;
    case Kind::kBlack:
      server_.publish("black", tick, Json{{"on", event.name == "on"}});
      return;
    case Kind::kStop:
      server_.publish("stop", tick, Json{{"reason", "asked"}});
      return;
    case Kind::kSceneSet:
      scenes_[event.name] = Names(event.sources.begin(), event.sources.end());
      break;
    case Kind::kGo:
      server_.publish("go", tick, Json::object());
      return;
  }
  publish_tally(tick);
}

void EventBoard::publish_recording(std::uint64_t tick, const Snapshot::SourceInfo& source) {
  const std::string& trouble = source.feed.recording;
  const bool told = trouble.empty() ? unrecorded_.erase(source.name) == 0
                                    : !unrecorded_.insert(source.name).second;
  if (told) return;
  // A recording is an output of its own, as far as whoever watches is concerned.
  server_.publish("output", tick,
                  Json{{"output", "iso:" + source.name},
                       {"state", trouble.empty() ? "live" : "reconnecting"},
                       {"message", trouble}});
}

void EventBoard::on_snapshot(const Snapshot& snapshot) {
  if (snapshot.running) server_.publish("meters", snapshot.tick, meters_json(snapshot));
  for (const auto& source : snapshot.sources) {
    const auto state = std::string(to_string(source.feed.state));
    if (std::exchange(source_states_[source.name], state) == state) continue;
    server_.publish(
        "source", snapshot.tick,
        Json{{"source", source.name}, {"state", state}, {"message", source.feed.reason}});
  }
  for (const auto& source : snapshot.sources) publish_recording(snapshot.tick, source);
  for (const auto& output : snapshot.outputs) {
    const auto state = std::string(protocol_state(output.state));
    if (std::exchange(output_states_[output.name], state) == state) continue;
    server_.publish(
        "output", snapshot.tick,
        Json{{"output", short_name(output.name)}, {"state", state}, {"message", output.reason}});
  }
  std::erase_if(unrecorded_, [&](const std::string& name) {
    return std::none_of(snapshot.sources.begin(), snapshot.sources.end(),
                        [&](const auto& source) { return source.name == name; });
  });
  // What an operator took out has no state any more; whoever follows must hear of it.
  forget_absent(source_states_, snapshot.sources, [&](const std::string& name) {
    server_.publish("source", snapshot.tick,
                    Json{{"source", name}, {"state", "removed"}, {"message", ""}});
  });
  forget_absent(output_states_, snapshot.outputs, [&](const std::string& name) {
    server_.publish("output", snapshot.tick,
                    Json{{"output", short_name(name)}, {"state", "removed"}, {"message", ""}});
  });
}

}  // namespace ts::compose
