// SPDX-License-Identifier: Apache-2.0
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ts::scene {
namespace {

constexpr milliseconds kMaxTransition{seconds{60}};

/// Calls `use` for each name of a member that is one name or a list of names.
template <typename T, typename Use>
Status each_name(const JsonReader& reader, std::string_view key, std::string_view what,
                 const std::vector<T>& all, const Use& use) {
  TS_TRY(const auto member, reader.find(key));
  if (!member) return ok_status();
  if (!member->is_array()) {
    TS_TRY(std::string name, existing_name(*member, what, all));
    use(std::move(name));
    return ok_status();
  }
  TS_TRY(const auto entries, member->items());
  for (const auto& entry : entries) {
    TS_TRY(std::string name, existing_name(entry, what, all));
    use(std::move(name));
  }
  return ok_status();
}

}  // namespace

Result<Cue> read_cue(const JsonReader& reader, const Show& show) {
  TS_CHECK(reader.only({"at", "take", "transition", "duration", "preview", "show", "hide", "mute",
                        "unmute", "gain", "black", "stop"}));
  Cue cue{.where = reader.path()};
  TS_TRY(const auto at, reader.at("at"));
  TS_TRY(cue.at, read_duration(at, kMaxAt));
  TS_TRY(const auto duration, reader.find("duration"));
  TS_TRY(const auto transition, reader.find("transition"));
  TS_TRY(const auto take, reader.find("take"));
  TS_TRY(const auto black, reader.find("black"));
  if (take) {
    TakeAction action;
    TS_TRY(action.scene, existing_name(*take, "scene", show.scenes));
    if (transition) {
      TS_TRY(const std::string word, transition->as_string());
      auto kind = parse_transition(word);
      if (!kind.ok()) return at_path(*transition, std::move(kind).error());
      action.transition.kind = kind.value();
    } else if (duration) {
      action.transition.kind = TransitionKind::kFade;
    }
    if (action.transition.kind != TransitionKind::kCut) {
      TS_TRY(action.transition.duration,
             duration_or(reader, "duration", milliseconds{500}, kMaxTransition));
    } else if (duration) {
      return duration->error("a cut has no duration");
    }
    cue.actions.emplace_back(action);
  } else if (transition) {
    return transition->error("a transition belongs to a \"take\"");
  }
  TS_TRY(const auto preview, reader.find("preview"));
  if (preview) {
    TS_TRY(std::string scene, existing_name(*preview, "scene", show.scenes));
    cue.actions.emplace_back(PreviewAction{std::move(scene)});
  }
  TS_CHECK(each_name(reader, "show", "overlay", show.overlays, [&](std::string name) {
    cue.actions.emplace_back(OverlayAction{std::move(name), true});
  }));
  TS_CHECK(each_name(reader, "hide", "overlay", show.overlays, [&](std::string name) {
    cue.actions.emplace_back(OverlayAction{std::move(name), false});
  }));
  TS_CHECK(each_name(reader, "mute", "source", show.sources, [&](std::string name) {
    cue.actions.emplace_back(MuteAction{std::move(name), true});
  }));
  TS_CHECK(each_name(reader, "unmute", "source", show.sources, [&](std::string name) {
    cue.actions.emplace_back(MuteAction{std::move(name), false});
  }));
  TS_TRY(const auto gain, reader.find("gain"));
  if (gain) {
    TS_TRY(const auto members, gain->members());
    for (const auto& [source, value] : members) {
      if (show.find_source(source) == nullptr) {
        return unknown_name(value, "source", source, names_of(show.sources));
      }
      TS_TRY(const double gain_db, number_in(value, kMinGain, kMaxGain));
      cue.actions.emplace_back(GainAction{source, gain_db});
    }
  }
  if (black) {
    BlackAction action;
    TS_TRY(action.black, black->as_bool());
    if (!take) {
      TS_TRY(action.duration, duration_or(reader, "duration", milliseconds{500}, kMaxTransition));
    }
    cue.actions.emplace_back(action);
  } else if (duration && !take) {
    return duration->error("a duration belongs to a \"take\" or to \"black\"");
  }
  TS_TRY(const bool stop, reader.bool_or("stop", false));
  if (stop) cue.actions.emplace_back(StopAction{});
  if (cue.actions.empty()) {
    Error error = reader.error("a cue that does nothing");
    error.hint = "give one of take, preview, show, hide, mute, unmute, gain, black or stop";
    return error;
  }
  return cue;
}

}  // namespace ts::scene
