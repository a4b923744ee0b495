// SPDX-License-Identifier: Apache-2.0
#include "media/scene_timeline.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <utility>

namespace ts::media {
namespace {

constexpr JsonLimits kLimits{.max_bytes = std::size_t{64} << 20U, .max_depth = 64};

Result<SceneTimeline> read_list(const Json& list) {
  SceneTimeline timeline;
  const JsonReader reader(list, ErrorKind::kUsage);
  TS_TRY(const auto items, reader.items());
  for (const auto& item : items) {
    SceneChange change;
    TS_TRY(const auto frame, item.int_or("frame", -1));
    if (frame < 0) return item.error("needs a frame number");
    change.frame = static_cast<std::uint64_t>(frame);
    TS_TRY(change.scene, item.string_or("scene"));
    TS_TRY(const auto overlays, item.find("overlays"));
    if (overlays) {
      TS_TRY(const auto names, overlays->items());
      for (const auto& name : names) {
        TS_TRY(auto text, name.as_string());
        change.overlays.push_back(std::move(text));
      }
    }
    timeline.changes.push_back(std::move(change));
  }
  return timeline;
}

std::uint64_t number(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number_integer()) return 0;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(found->get<std::int64_t>(), 0));
}

/// Follows the lines of one compositor.
class LineFollower {
 public:
  void take(const Json& line) {
    const auto event = line.value("event", std::string());
    const auto tick = number(line, "tick");
    if (event == "program") {
      settle(tick);  // A take during a transition ends it.
      now_.from = std::exchange(now_.scene, line.value("scene", std::string()));
      now_.settled = tick;
      open_transition_ = line.value("transition", std::string("cut")) != "cut";
      if (open_transition_) now_.settled = UINT64_MAX;
      note(tick);
    } else if (event == "transition_end") {
      settle(tick);
    } else if (event == "overlay_show") {
      now_.overlays.push_back(line.value("overlay", std::string()));
      note(tick);
    } else if (event == "overlay_hide") {
      std::erase(now_.overlays, line.value("overlay", std::string()));
      note(tick);
    } else if (event == "ended") {
      timeline_.frames = number(line, "frames");
      timeline_.left_out = number(line, "lagged") + number(line, "skipped") + number(line, "gaps");
    }
  }
  SceneTimeline finish() {
    // The account was cut within a transition: the new scene is the better name.
    if (open_transition_) settle(timeline_.changes.empty() ? 0 : timeline_.changes.back().frame);
    return std::move(timeline_);
  }

 private:
  void settle(std::uint64_t tick) {
    if (!std::exchange(open_transition_, false)) return;
    now_.settled = tick;
    for (auto& change : timeline_.changes) {
      if (change.settled == UINT64_MAX) change.settled = tick;
    }
  }
  void note(std::uint64_t tick) {
    now_.frame = tick;
    timeline_.changes.push_back(now_);
  }

  SceneTimeline timeline_;
  SceneChange now_;
  bool open_transition_ = false;
};

}  // namespace

std::string SceneChange::label(std::uint64_t at_frame) const {
  return at_frame < settled && !from.empty() ? from + " → " + scene : scene;
}

const SceneChange* SceneTimeline::at(std::uint64_t frame) const {
  const SceneChange* found = nullptr;
  for (const auto& change : changes) {
    if (change.frame <= frame) found = &change;
  }
  return found;
}

std::vector<std::string> SceneTimeline::scenes() const {
  std::vector<std::string> names;
  for (const auto& change : changes) {
    if (std::find(names.begin(), names.end(), change.scene) == names.end()) {
      names.push_back(change.scene);
    }
  }
  return names;
}

Result<SceneTimeline> parse_timeline(std::string_view text) {
  if (trim(text).starts_with('[')) {
    TS_TRY(const auto list, parse_json(text, "the timeline", ErrorKind::kUsage, kLimits));
    return read_list(list);
  }
  LineFollower follower;
  bool any = false;
  for (const auto line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const auto json = parse_json(line, "the timeline", ErrorKind::kUsage, kLimits);
    if (!json.ok() || !json.value().is_object()) continue;
    any = true;
    follower.take(json.value());
  }
  if (!any && !trim(text).empty()) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = "the timeline is neither a JSON list nor the lines of ts compose --json"};
  }
  return follower.finish();
}

}  // namespace ts::media
