// SPDX-License-Identifier: Apache-2.0
#include "compose/continuation.hpp"

#include "compose/actions_internal.hpp"
#include "control/protocol.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace ts::compose {
namespace {

template <typename Named>
Named* find_named(std::vector<Named>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// One action. @return what could not be done; empty for nothing.
class Beginning {
 public:
  Beginning(scene::Show& show, std::vector<scene::Action>& left) : show_(show), left_(left) {}

  std::string operator()(const scene::TakeAction& take) {
    if (show_.find_scene(take.scene) == nullptr) return missing("scene", take.scene);
    show_.program = take.scene;
    return {};
  }
  std::string operator()(const scene::OverlayAction& action) {
    scene::Overlay* overlay = find_named(show_.overlays, action.overlay);
    if (overlay == nullptr) return missing("overlay", action.overlay);
    overlay->visible = action.show;
    if (action.show && action.length) left_.emplace_back(action);
    return {};
  }
  std::string operator()(const scene::OverlayTextAction& text) {
    scene::Overlay* overlay = find_named(show_.overlays, text.overlay);
    if (overlay == nullptr) return missing("overlay", text.overlay);
    if (auto* third = std::get_if<scene::LowerThird>(&overlay->content)) {
      *third = {text.title, text.subtitle};
    } else if (auto* plain = std::get_if<scene::TextOverlay>(&overlay->content)) {
      plain->text = text.title;
    }
    return {};
  }
  std::string operator()(const scene::CountdownAction& moment) {
    scene::Overlay* overlay = find_named(show_.overlays, moment.overlay);
    if (overlay == nullptr) return missing("overlay", moment.overlay);
    auto* countdown = std::get_if<scene::CountdownOverlay>(&overlay->content);
    if (countdown != nullptr && moment.to) countdown->to = moment.to;
    return {};
  }
  std::string operator()(const scene::GainAction& gain) {
    return set(gain.source, [&](scene::Source& source) { source.gain_db = gain.gain_db; });
  }
  std::string operator()(const scene::MuteAction& mute) {
    return set(mute.source, [&](scene::Source& source) { source.muted = mute.muted; });
  }
  std::string operator()(const scene::FollowAction& follow) {
    return set(follow.source, [&](scene::Source& source) { source.follow = follow.follow; });
  }
  template <typename Other>
  std::string operator()(const Other& other) {
    left_.emplace_back(other);
    return {};
  }

 private:
  static std::string missing(std::string_view what, const std::string& name) {
    return fmt::format("the show has no {} '{}'", what, shorten(name, 60));
  }
  template <typename Change>
  std::string set(const std::string& name, const Change& change) {
    scene::Source* source = find_named(show_.sources, name);
    if (source == nullptr) return missing("source", name);
    change(*source);
    return {};
  }

  scene::Show& show_;
  std::vector<scene::Action>& left_;
};

}  // namespace

Continuation continue_with(scene::Show& show, std::string_view lines) {
  Continuation out;
  for (const std::string_view line : split(lines, '\n')) {
    if (trim(line).empty()) continue;
    const control::ClientLine client = control::parse_line(line);
    if (!client.request.ok()) {
      out.warnings.push_back(client.request.error().message);
      continue;
    }
    const auto* command = std::get_if<control::Command>(&client.request.value());
    const auto* act = command == nullptr ? nullptr : std::get_if<control::ActCommand>(command);
    if (act == nullptr) continue;
    for (const scene::Action& action : actions_of(*act)) {
      std::string problem = std::visit(Beginning(show, out.actions), action);
      if (!problem.empty()) out.warnings.push_back(std::move(problem));
    }
  }
  return out;
}

}  // namespace ts::compose
