// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor_internal.hpp"
#include "compose/multiview.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace ts::compose {
namespace {

/// For a picture of a source that is not decoded just now.
constexpr milliseconds kPeekPatience{400};

}  // namespace

Snapshot Compositor::Impl::snapshot() const {
  Snapshot out;
  {
    const std::lock_guard lock(snapshot_mutex_);
    out = snapshot_;
  }
  const EncodeStage::Counters counters = encoders_->counters();
  out.renditions = encoders_->renditions();
  out.filter_late = filter_.late();
  out.frames = counters.frames;
  out.samples = counters.samples;
  out.skipped = counters.skipped;
  out.quality = counters.quality;
  out.gaps = counters.gaps;
  out.encode = encoders_->latency();
  {
    const std::lock_guard lock(sources_mutex_);
    for (std::size_t i = 0; i < sources_.size() && i < out.sources.size(); ++i) {
      out.sources[i].feed = sources_[i]->feed().status();
      out.sources[i].latency = sources_[i]->feed().latency();
    }
    std::erase_if(out.sources, [&](const auto& info) { return removed_.contains(info.name); });
  }
  const bool unrecorded = std::any_of(out.sources.begin(), out.sources.end(), [](const auto& info) {
    return !info.feed.recording.empty();
  });
  if (unrecorded) out.alarms.emplace_back("iso");
  out.outputs = outputs_->statuses();
  return out;
}

Picture Compositor::Impl::program_picture() const {
  const std::lock_guard lock(snapshot_mutex_);
  return shown_;
}

Picture Compositor::Impl::source_picture(const std::string& name) {
  {
    const std::lock_guard lock(sources_mutex_);
    if (!live_source(name)) return nullptr;
  }
  std::unique_lock lock(snapshot_mutex_);
  for (std::size_t i = 0; i < show_.sources.size() && i < shown_sources_.size(); ++i) {
    if (show_.sources[i].name != name) continue;
    peeked_.resize(shown_sources_.size());
    peeked_[i] = true;
    if (!behind_[i]) return shown_sources_[i];
    // Nobody looked at it so far: its decoder starts now.
    const Picture before = shown_sources_[i];
    shown_changed_.wait_for(lock, kPeekPatience, [&] { return shown_sources_[i] != before; });
    return shown_sources_[i];
  }
  return nullptr;
}

Picture Compositor::Impl::preview_picture() const {
  ScenePlan wanted;
  std::vector<SourcePicture> sources;
  {
    const std::lock_guard lock(snapshot_mutex_);
    const ScenePlan* found = snapshot_.preview.empty() ? nullptr : plan(snapshot_.preview);
    if (found == nullptr) return nullptr;
    wanted = *found;
    for (const Picture& picture : shown_sources_) sources.push_back({.picture = picture});
  }
  // An engine of its own, on the caller's thread: the one on air is never asked to wait.
  const auto renderer = make_native_renderer(show_.canvas);
  auto picture = renderer->render({.scene = &wanted}, sources);
  return picture.ok() ? std::move(picture).value() : nullptr;
}

Picture Compositor::Impl::source_glimpse(const std::string& name) {
  std::shared_ptr<SourceRunner> resting;
  Picture shown;
  {
    const std::scoped_lock lock(sources_mutex_, snapshot_mutex_);
    if (!live_source(name)) return nullptr;
    for (std::size_t i = 0; i < sources_.size() && i < shown_sources_.size(); ++i) {
      if (sources_[i]->source().name != name) continue;
      if (!behind_[i]) return shown_sources_[i];
      shown = shown_sources_[i];
      resting = sources_[i];
    }
  }
  if (!resting) return nullptr;
  resting->ask_glimpse();
  Picture newest = resting->glimpse();
  return newest ? newest : shown;
}

Picture Compositor::Impl::multiview_picture() {
  const Snapshot now = snapshot();
  Multiview view;
  view.program = {.name = "PROGRAM " + now.scene,
                  .picture = program_picture(),
                  .tally = Multiview::Tally::kProgram};
  view.preview = {.name = "PREVIEW " + now.preview,
                  .picture = preview_picture(),
                  .tally = Multiview::Tally::kPreview};
  std::set<std::string> previewed;
  {
    const std::lock_guard lock(snapshot_mutex_);
    const ScenePlan* next = now.preview.empty() ? nullptr : plan(now.preview);
    if (next != nullptr) {
      for (const auto& layer : next->layers) previewed.insert(layer.layer.source);
    }
  }
  for (const Snapshot::SourceInfo& source : now.sources) {
    Multiview::Tile tile{.name = source.name, .picture = source_glimpse(source.name)};
    if (source.on_air) {
      tile.tally = Multiview::Tally::kProgram;
    } else if (previewed.contains(source.name)) {
      tile.tally = Multiview::Tally::kPreview;
    }
    const SourceState state = source.feed.state;
    if (state != SourceState::kLive && state != SourceState::kStill) {
      tile.trouble = to_string(state);
    }
    view.sources.push_back(std::move(tile));
  }
  return draw_multiview(view);
}

void Compositor::Impl::publish(std::uint64_t ticks, const Program::State& state,
                               double compose_ms) {
  worst_ms_ = std::max(worst_ms_, compose_ms);
  const SteadyTime at = clock_.steady_now();
  const double since = std::chrono::duration<double>(at - fps_since_).count();
  const EncodeStage::Counters counters = encoders_->counters();
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_.show = show_.name;
  snapshot_.engine = std::string(renderer_->name());
  snapshot_.offline = options_.offline;
  snapshot_.tick = ticks;
  snapshot_.elapsed = std::chrono::duration_cast<milliseconds>(time_of(ticks));
  snapshot_.lagged = lagged_;
  snapshot_.clock_jumps = jumps_;
  snapshot_.render_errors = render_errors_;
  snapshot_.worst_tick_ms = worst_ms_;
  snapshot_.sound = desk_.sound();
  snapshot_.alarms = guards_.active();
  // The slate itself is neither black nor frozen: the fault behind it is one all the same.
  snapshot_.slate_for = auto_slate_.before();
  if (!snapshot_.slate_for.empty()) snapshot_.alarms.emplace_back("slate");
  if (counters.quality != Quality::kFull) snapshot_.alarms.emplace_back("overload");
  snapshot_.black = state.black > 0;
  publish_names();
  publish_plan(ticks);
  for (auto& overlay : snapshot_.overlays) overlay.on_air = false;
  for (const auto& overlay : state.overlays) snapshot_.overlays[overlay.index].on_air = true;
  snapshot_.scene = program_.scene();
  snapshot_.preview = program_.preview();
  if (ticks > 0) {
    const double wall = std::chrono::duration<double>(at - started_).count();
    snapshot_.speed = wall > 0 ? std::chrono::duration<double>(time_of(ticks)).count() / wall : 0;
    if (since >= 1) {
      snapshot_.fps = static_cast<double>(counters.frames - fps_frames_) / since;
      fps_frames_ = counters.frames;
      fps_since_ = at;
    }
  }
  publish_sources(ticks, state);
  shown_changed_.notify_all();
}

void Compositor::Impl::publish_names() {
  const bool same = std::equal(
      snapshot_.scenes.begin(), snapshot_.scenes.end(), show_.scenes.begin(), show_.scenes.end(),
      [](const std::string& name, const scene::Scene& scene) { return name == scene.name; });
  if (!same) {
    snapshot_.scenes.clear();
    for (const scene::Scene& scene : show_.scenes) snapshot_.scenes.push_back(scene.name);
  }
  if (snapshot_.overlays.size() != show_.overlays.size()) {
    for (const scene::Overlay& overlay : show_.overlays) {
      const auto broken = overlay_errors_.find(overlay.name);
      snapshot_.overlays.push_back(
          {.name = overlay.name,
           .trouble = broken == overlay_errors_.end() ? "" : broken->second.message});
    }
  }
}

void Compositor::Impl::publish_plan(std::uint64_t ticks) {
  const auto until = [&](std::uint64_t tick) {
    const ProgramTime left = tick > ticks ? time_of(tick) - time_of(ticks) : ProgramTime{};
    return std::chrono::duration_cast<milliseconds>(left);
  };
  snapshot_.holding = !program_.begin();
  const Program::NextCue next = program_.next_cue();
  const std::string_view where = next.cue == nullptr ? std::string_view{} : next.cue->where;
  if (where != told_cue_) {
    told_cue_ = where;
    snapshot_.next_cue = next.cue == nullptr ? std::string() : scene::describe(*next.cue);
  }
  snapshot_.next_cue_in = until(next.tick);
  snapshot_.ends_in.reset();
  if (!show_.duration || !program_.begin()) return;
  const std::int64_t end =
      *program_.begin() + static_cast<std::int64_t>(program_.ticks_of(*show_.duration));
  snapshot_.ends_in = until(static_cast<std::uint64_t>(std::max<std::int64_t>(end, 0)));
}

void Compositor::Impl::publish_sources(std::uint64_t ticks, const Program::State& state) {
  snapshot_.sources.resize(sources_.size());
  shown_sources_.resize(sources_.size());
  behind_.resize(sources_.size());
  peeked_.resize(sources_.size());
  last_wanted_.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Snapshot::SourceInfo& info = snapshot_.sources[i];
    info.name = sources_[i]->source().name;
    info.gain_db = program_.gain_db(info.name);
    info.left_out = program_.left_out(info.name);
    info.muted = program_.muted(info.name) && !info.left_out;
    info.solo = program_.solo(info.name);
    info.delay = program_.delay(info.name);
    info.follow = program_.follows(info.name);
    info.level = desk_.strips()[i].level;
    info.ducked_db = desk_.strips()[i].ducked_db;
    info.on_air = false;
    info.economy = i < economical_.size() && economical_[i];
    shown_sources_[i] = pictures_[i].picture;
    behind_[i] = !sources_[i]->ready();
    if (peeked_[i]) last_wanted_[i] = ticks;
    peeked_[i] = false;
  }
  for (const std::string_view on_air : {state.scene, state.outgoing}) {
    const ScenePlan* shown = on_air.empty() ? nullptr : plan(on_air);
    if (shown == nullptr) continue;
    for (const auto& layer : shown->layers) snapshot_.sources[layer.source].on_air = true;
  }
}

}  // namespace ts::compose
