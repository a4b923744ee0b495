// SPDX-License-Identifier: Apache-2.0
#include "compose/program.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace ts::compose {
namespace {

using Kind = ProgramEvent::Kind;

template <typename T>
Error no_such(std::string_view what, std::string_view name, const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const T& item : all) names.push_back(item.name);
  Error error{.kind = ErrorKind::kNotFound,
              .message = fmt::format("the show has no {} '{}'", what, shorten(name, 70))};
  if (const auto near = nearest(name, names)) {
    error.hint = fmt::format("did you mean '{}'?", *near);
  } else {
    error.hint = fmt::format("known: {}", fmt::join(names, ", "));
  }
  return error;
}

std::string_view kind_of(const scene::Overlay& overlay) noexcept {
  struct InWords {
    std::string_view operator()(const scene::LowerThird&) const { return "lower third"; }
    std::string_view operator()(const scene::ImageOverlay&) const { return "picture"; }
    std::string_view operator()(const scene::TextOverlay&) const { return "text"; }
    std::string_view operator()(const scene::ClockOverlay&) const { return "clock"; }
    std::string_view operator()(const scene::CountdownOverlay&) const { return "countdown"; }
  };
  return std::visit(InWords{}, overlay.content);
}

}  // namespace

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::kProgram:
      return "program";
    case Kind::kTransitionEnd:
      return "transition_end";
    case Kind::kPreview:
      return "preview";
    case Kind::kOverlayShow:
      return "overlay_show";
    case Kind::kOverlayHide:
      return "overlay_hide";
    case Kind::kOverlayText:
      return "overlay_text";
    case Kind::kGain:
      return "gain";
    case Kind::kMute:
      return "mute";
    case Kind::kUnmute:
      return "unmute";
    case Kind::kSolo:
      return "solo";
    case Kind::kDelay:
      return "delay";
    case Kind::kFollow:
      return "follow";
    case Kind::kGuard:
      return "guard";
    case Kind::kQuality:
      return "quality";
    case Kind::kBlack:
      return "black";
    case Kind::kStop:
      return "stop";
    case Kind::kGo:
      return "go";
    case Kind::kSceneSet:
      return "scene_set";
  }
  return "program";
}

double Program::Ramp::at(std::uint64_t tick) const noexcept {
  if (ticks == 0 || tick >= begin + ticks) return to;
  if (tick < begin) return from;
  // The first tick already moves, the last one has arrived.
  const double part = static_cast<double>(tick - begin + 1) / static_cast<double>(ticks);
  return from + (to - from) * part;
}

Program::Program(const scene::Show& show)
    : show_(std::make_shared<const scene::Show>(show)), scene_(show.program) {
  for (const scene::Overlay& overlay : show_->overlays) {
    const double level = overlay.visible ? 1 : 0;
    overlays_.push_back({.from = level, .to = level});
    hide_at_.emplace_back();
    if (overlay.visible && overlay.length) hide_at_.back() = tick_at(*overlay.length);
  }
  for (const scene::Source& source : show_->sources) {
    gains_[source.name] = source.gain_db;
    muted_[source.name] = source.muted;
    if (source.follow) follow_.insert(source.name);
  }
  event(Kind::kProgram, 0, scene_, "cut");
}

void Program::add_source(const scene::Source& source, const scene::Scene& alone,
                         std::uint64_t tick) {
  auto changed = std::make_shared<scene::Show>(*show_);
  const auto known = std::find_if(changed->sources.begin(), changed->sources.end(),
                                  [&](const auto& other) { return other.name == source.name; });
  if (known == changed->sources.end()) {
    changed->sources.push_back(source);
  } else {
    *known = source;
  }
  if (changed->find_scene(alone.name) == nullptr) {
    changed->scenes.push_back(alone);
    scene_event(alone, tick);
  }
  gains_[source.name] = source.gain_db;
  muted_[source.name] = source.muted;
  follow_.erase(source.name);
  if (source.follow) follow_.insert(source.name);
  show_ = std::move(changed);
}

void Program::remove_source(const std::string& name, bool with_scene, std::uint64_t tick) {
  auto changed = std::make_shared<scene::Show>(*show_);
  std::erase_if(changed->sources, [&](const auto& source) { return source.name == name; });
  if (with_scene) {
    std::erase_if(changed->scenes, [&](const auto& scene) { return scene.name == name; });
    event(Kind::kSceneSet, tick, name);
  }
  gains_.erase(name);
  muted_.erase(name);
  delays_.erase(name);
  follow_.erase(name);
  // Else the others would be silent for one that nobody can make heard or not any more.
  solo_.erase(name);
  show_ = std::move(changed);
}

void Program::set_scene(const scene::Scene& scene, std::uint64_t tick) {
  auto changed = std::make_shared<scene::Show>(*show_);
  const auto known = std::find_if(changed->scenes.begin(), changed->scenes.end(),
                                  [&](const auto& other) { return other.name == scene.name; });
  if (known == changed->scenes.end()) {
    changed->scenes.push_back(scene);
  } else {
    *known = scene;
  }
  show_ = std::move(changed);
  scene_event(scene, tick);
}

std::uint64_t Program::tick_at(milliseconds time) const noexcept {
  const auto& rate = show_->canvas.rate;
  const std::int64_t scaled = time.count() * rate.num;
  const std::int64_t unit = 1000 * rate.den;
  return static_cast<std::uint64_t>((scaled + unit - 1) / unit);
}

std::uint64_t Program::tick_of(const scene::Cue& cue) const noexcept {
  const std::int64_t tick = begin_.value_or(0) + static_cast<std::int64_t>(tick_at(cue.at));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(tick, 0));
}

std::uint64_t Program::ticks_of(milliseconds duration) const noexcept {
  const auto& rate = show_->canvas.rate;
  return static_cast<std::uint64_t>((duration.count() * rate.num + 500 * rate.den) /
                                    (1000 * rate.den));
}

void Program::event(Kind kind, std::uint64_t tick, std::string name, std::string detail) {
  ProgramEvent& added = events_.emplace_back();
  added.kind = kind;
  added.tick = tick;
  added.name = std::move(name);
  added.detail = std::move(detail);
}

void Program::scene_event(const scene::Scene& scene, std::uint64_t tick) {
  ProgramEvent& set = events_.emplace_back();
  set.kind = Kind::kSceneSet;
  set.tick = tick;
  set.name = scene.name;
  for (const auto& layer : scene.layers) set.sources.push_back(layer.source);
}

Status Program::apply(const scene::Action& action, std::uint64_t tick) {
  struct Visitor {
    Program& self;
    std::uint64_t now;
    Status operator()(const scene::TakeAction& take) const { return self.take(take, now); }
    Status operator()(const scene::PreviewAction& preview) const {
      if (self.show_->find_scene(preview.scene) == nullptr) {
        return no_such("scene", preview.scene, self.show_->scenes);
      }
      self.preview_ = preview.scene;
      self.event(Kind::kPreview, now, preview.scene);
      return ok_status();
    }
    Status operator()(const scene::OverlayAction& overlay) const {
      return self.show_overlay(overlay, now);
    }
    Status operator()(const scene::CountdownAction& countdown) const {
      const scene::Overlay* overlay = self.show_->find_overlay(countdown.overlay);
      if (overlay == nullptr) return no_such("overlay", countdown.overlay, self.show_->overlays);
      if (!std::holds_alternative<scene::CountdownOverlay>(overlay->content)) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("overlay '{}' is a {}, not a countdown",
                                            countdown.overlay, kind_of(*overlay)),
                     .hint = "name a countdown"};
      }
      self.event(Kind::kOverlayText, now, countdown.overlay);
      self.events_.back().words = countdown;
      return ok_status();
    }
    Status operator()(const scene::OverlayTextAction& text) const {
      const scene::Overlay* overlay = self.show_->find_overlay(text.overlay);
      if (overlay == nullptr) return no_such("overlay", text.overlay, self.show_->overlays);
      if (!std::holds_alternative<scene::LowerThird>(overlay->content) &&
          !std::holds_alternative<scene::TextOverlay>(overlay->content)) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("overlay '{}' is a {}, not a text", text.overlay,
                                            kind_of(*overlay)),
                     .hint = std::holds_alternative<scene::CountdownOverlay>(overlay->content)
                                 ? "a countdown takes another moment: --in 5m, or --to TIME"
                                 : "name a lower third or a text overlay"};
      }
      const bool is_text = std::holds_alternative<scene::TextOverlay>(overlay->content);
      if (text.is_text != is_text) {
        return Error{
            .kind = ErrorKind::kConflict,
            .message = fmt::format("overlay '{}' is a {}: it has {}", text.overlay,
                                   kind_of(*overlay), is_text ? "no title" : "a title, not a text"),
            .hint = is_text ? "give --text to a text overlay"
                            : "give --title (and --subtitle) to a lower third"};
      }
      const auto index = static_cast<std::size_t>(overlay - self.show_->overlays.data());
      self.text_changes_.push_back({index, text.title, text.subtitle});
      self.event(Kind::kOverlayText, now, text.overlay);
      self.events_.back().words = text;
      return ok_status();
    }
    Status operator()(const scene::GainAction& gain) const {
      const auto found = self.gains_.find(gain.source);
      if (found == self.gains_.end()) return no_such("source", gain.source, self.show_->sources);
      found->second = gain.gain_db;
      self.event(Kind::kGain, now, gain.source, fmt::format("{}", gain.gain_db));
      return ok_status();
    }
    Status operator()(const scene::MuteAction& mute) const {
      const auto found = self.muted_.find(mute.source);
      if (found == self.muted_.end()) return no_such("source", mute.source, self.show_->sources);
      found->second = mute.muted;
      self.event(mute.muted ? Kind::kMute : Kind::kUnmute, now, mute.source);
      return ok_status();
    }
    Status operator()(const scene::SoloAction& solo) const {
      if (!self.muted_.contains(solo.source)) {
        return no_such("source", solo.source, self.show_->sources);
      }
      if (solo.solo) {
        self.solo_.insert(solo.source);
      } else {
        self.solo_.erase(solo.source);
      }
      self.event(Kind::kSolo, now, solo.source, solo.solo ? "on" : "off");
      return ok_status();
    }
    Status operator()(const scene::DelayAction& delay) const {
      if (!self.muted_.contains(delay.source)) {
        return no_such("source", delay.source, self.show_->sources);
      }
      self.delays_[delay.source] = delay.delay;
      self.event(Kind::kDelay, now, delay.source, fmt::format("{}", delay.delay.count()));
      return ok_status();
    }
    Status operator()(const scene::FollowAction& follow) const {
      if (!self.muted_.contains(follow.source)) {
        return no_such("source", follow.source, self.show_->sources);
      }
      if (follow.follow) {
        self.follow_.insert(follow.source);
      } else {
        self.follow_.erase(follow.source);
      }
      self.event(Kind::kFollow, now, follow.source, follow.follow ? "on" : "off");
      return ok_status();
    }
    Status operator()(const scene::BlackAction& black) const {
      self.black_ = {.from = self.black_.at(now),
                     .to = black.black ? 1.0 : 0.0,
                     .begin = now,
                     .ticks = self.ticks_of(black.duration)};
      self.event(Kind::kBlack, now, black.black ? "on" : "off");
      return ok_status();
    }
    Status operator()(const scene::StopAction&) const {
      self.stop_ = true;
      self.event(Kind::kStop, now, "");
      return ok_status();
    }
    Status operator()(const scene::GoAction& go) const {
      if (self.begin_) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = "the show has begun already",
                     .hint = "only a program started on hold waits for go"};
      }
      self.begin_ = static_cast<std::int64_t>(now) - static_cast<std::int64_t>(self.tick_at(go.at));
      const auto& cues = self.show_->cues;
      while (go.at > milliseconds{0} && self.next_cue_ < cues.size() &&
             cues[self.next_cue_].at <= go.done) {
        ++self.next_cue_;
      }
      self.event(Kind::kGo, now, "");
      self.events_.back().length = go.at;
      return ok_status();
    }
  };
  return std::visit(Visitor{*this, tick}, action);
}

Status Program::take(const scene::TakeAction& action, std::uint64_t tick) {
  const std::string wanted = action.scene.empty() ? preview_ : action.scene;
  if (wanted.empty()) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = "the preview is empty",
                 .hint = "name a scene, or put one into the preview first"};
  }
  if (show_->find_scene(wanted) == nullptr) return no_such("scene", wanted, show_->scenes);
  const std::uint64_t ticks = action.transition.kind == scene::TransitionKind::kCut
                                  ? 0
                                  : ticks_of(action.transition.duration);
  // A take during a transition starts from the scene that was coming in.
  outgoing_ = ticks > 0 && wanted != scene_ ? scene_ : "";
  const bool swapped = action.scene.empty();
  if (swapped) preview_ = scene_;
  scene_ = wanted;
  transition_ = action.transition;
  transition_begin_ = tick;
  transition_ticks_ = outgoing_.empty() ? 0 : ticks;
  event(Kind::kProgram, tick, scene_,
        std::string(to_string(outgoing_.empty() ? scene::TransitionKind::kCut : transition_.kind)));
  if (swapped) event(Kind::kPreview, tick, preview_);
  return ok_status();
}

Status Program::show_overlay(const scene::OverlayAction& action, std::uint64_t tick) {
  const scene::Overlay* overlay = show_->find_overlay(action.overlay);
  if (overlay == nullptr) return no_such("overlay", action.overlay, show_->overlays);
  const auto index = static_cast<std::size_t>(overlay - show_->overlays.data());
  Ramp& ramp = overlays_[index];
  hide_at_[index].reset();
  const auto length = action.length ? action.length : overlay->length;
  if (action.show && length) hide_at_[index] = tick + std::max<std::uint64_t>(1, ticks_of(*length));
  const double target = action.show ? 1.0 : 0.0;
  if (ramp.to != target) {
    const double from = ramp.at(tick);
    // Half way in needs half the time out.
    const double way = target > from ? target - from : from - target;
    ramp = {
        .from = from,
        .to = target,
        .begin = tick,
        .ticks = static_cast<std::uint64_t>(static_cast<double>(ticks_of(overlay->fade)) * way)};
  }
  event(action.show ? Kind::kOverlayShow : Kind::kOverlayHide, tick, action.overlay);
  if (action.show) events_.back().length = length;
  return ok_status();
}

void Program::advance(std::uint64_t tick) {
  if (!outgoing_.empty() && tick >= transition_begin_ + transition_ticks_) {
    outgoing_.clear();
    event(Kind::kTransitionEnd, tick, scene_);
  }
  for (std::size_t i = 0; i < hide_at_.size(); ++i) {
    if (hide_at_[i] && *hide_at_[i] <= tick) {
      (void)show_overlay({.overlay = show_->overlays[i].name, .show = false}, *hide_at_[i]);
    }
  }
  while (begin_ && next_cue_ < show_->cues.size() && tick_of(show_->cues[next_cue_]) <= tick) {
    for (const scene::Action& action : show_->cues[next_cue_].actions) {
      // Names were checked when the show was read.
      (void)apply(action, tick);
    }
    ++next_cue_;
  }
}

Program::State Program::state(std::uint64_t tick) const {
  State out;
  out.scene = scene_;
  if (!outgoing_.empty() && tick < transition_begin_ + transition_ticks_) {
    out.outgoing = outgoing_;
    out.transition = transition_.kind;
    // n ticks show 1/(n+1) … n/(n+1): neither end is a repeat of a plain scene.
    out.progress = static_cast<double>(tick - transition_begin_ + 1) /
                   static_cast<double>(transition_ticks_ + 1);
  }
  out.black = black_.at(tick);
  for (std::size_t i = 0; i < overlays_.size(); ++i) {
    const double opacity = overlays_[i].at(tick);
    if (opacity > 0) out.overlays.push_back({i, opacity});
  }
  out.stop = stop_;
  return out;
}

double Program::gain_db(std::string_view source) const {
  const auto own = gains_.find(source);
  return (own == gains_.end() ? 0 : own->second) + scene_gain_db(scene_, source);
}

double Program::scene_gain_db(std::string_view scene, std::string_view source) const {
  const scene::Scene* found = show_->find_scene(scene);
  if (found == nullptr) return 0;
  const auto extra = found->gains_db.find(std::string(source));
  return extra == found->gains_db.end() ? 0 : extra->second;
}

double Program::gliding_db(std::string_view source, std::uint64_t tick) const {
  if (outgoing_.empty() || tick >= transition_begin_ + transition_ticks_) return 0;
  const double left = 1 - static_cast<double>(tick - transition_begin_ + 1) /
                              static_cast<double>(transition_ticks_ + 1);
  return (scene_gain_db(outgoing_, source) - scene_gain_db(scene_, source)) * left;
}

bool Program::solo(std::string_view source) const { return solo_.contains(source); }

milliseconds Program::delay(std::string_view source) const {
  const auto found = delays_.find(source);
  return found == delays_.end() ? milliseconds{0} : found->second;
}

bool Program::follows(std::string_view source) const { return follow_.contains(source); }

bool Program::shows(std::string_view scene, std::string_view source) const {
  const scene::Scene* found = show_->find_scene(scene);
  return found != nullptr &&
         std::any_of(found->layers.begin(), found->layers.end(),
                     [&](const scene::Layer& layer) { return layer.source == source; });
}

double Program::presence(std::string_view source, std::uint64_t tick) const {
  if (!follows(source)) return 1;
  const bool now = shows(scene_, source);
  if (outgoing_.empty() || tick >= transition_begin_ + transition_ticks_) return now ? 1 : 0;
  const bool before = shows(outgoing_, source);
  if (now == before) return now ? 1 : 0;
  const double part = static_cast<double>(tick - transition_begin_ + 1) /
                      static_cast<double>(transition_ticks_ + 1) * std::numbers::pi / 2;
  return now ? std::sin(part) : std::cos(part);
}

bool Program::muted(std::string_view source) const {
  const auto found = muted_.find(source);
  return left_out(source) || (found != muted_.end() && found->second);
}

bool Program::left_out(std::string_view source) const {
  const auto found = muted_.find(source);
  const bool itself = found != muted_.end() && found->second;
  return !itself && !solo_.empty() && !solo_.contains(source);
}

std::vector<std::string_view> Program::scenes_before(std::uint64_t tick) const {
  std::vector<std::string_view> out;
  for (std::size_t i = next_cue_; begin_ && i < show_->cues.size(); ++i) {
    const scene::Cue& cue = show_->cues[i];
    if (tick_of(cue) >= tick) break;
    for (const scene::Action& action : cue.actions) {
      if (const auto* take = std::get_if<scene::TakeAction>(&action)) out.push_back(take->scene);
      if (const auto* next = std::get_if<scene::PreviewAction>(&action)) out.push_back(next->scene);
    }
  }
  return out;
}

Program::NextCue Program::next_cue() const noexcept {
  if (!begin_ || next_cue_ >= show_->cues.size()) return {};
  const scene::Cue& cue = show_->cues[next_cue_];
  return {.cue = &cue, .tick = tick_of(cue)};
}

std::vector<Program::TextChange> Program::take_text_changes() {
  return std::exchange(text_changes_, {});
}

std::vector<ProgramEvent> Program::take_events() { return std::exchange(events_, {}); }

}  // namespace ts::compose
