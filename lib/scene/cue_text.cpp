// SPDX-License-Identifier: Apache-2.0
#include "scene/show.hpp"

#include <fmt/format.h>

namespace ts::scene {
namespace {

struct InWords {
  std::string operator()(const TakeAction& take) const {
    const std::string scene = take.scene.empty() ? "the preview" : take.scene;
    if (take.transition.kind == TransitionKind::kCut) return "cut to " + scene;
    return fmt::format("{} to {}", to_string(take.transition.kind), scene);
  }
  std::string operator()(const PreviewAction& preview) const { return "preview " + preview.scene; }
  std::string operator()(const OverlayAction& overlay) const {
    return (overlay.show ? "show " : "hide ") + overlay.overlay;
  }
  std::string operator()(const OverlayTextAction& text) const { return "change " + text.overlay; }
  std::string operator()(const CountdownAction& countdown) const {
    return "change " + countdown.overlay;
  }
  std::string operator()(const GainAction& gain) const {
    return fmt::format("{} to {:g} dB", gain.source, gain.gain_db);
  }
  std::string operator()(const MuteAction& mute) const {
    return (mute.muted ? "mute " : "unmute ") + mute.source;
  }
  std::string operator()(const SoloAction& solo) const {
    return (solo.solo ? "solo " : "unsolo ") + solo.source;
  }
  std::string operator()(const DelayAction& delay) const { return "delay " + delay.source; }
  std::string operator()(const FollowAction& follow) const {
    return (follow.follow ? "follow " : "unfollow ") + follow.source;
  }
  std::string operator()(const BlackAction& black) const {
    return black.black ? "to black" : "from black";
  }
  std::string operator()(const StopAction&) const { return "stop"; }
  std::string operator()(const GoAction&) const { return "go"; }
};

}  // namespace

std::string describe(const Cue& cue) {
  std::string out;
  for (const Action& action : cue.actions) {
    out += (out.empty() ? "" : ", ") + std::visit(InWords{}, action);
  }
  return out;
}

}  // namespace ts::scene
