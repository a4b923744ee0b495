// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor_internal.hpp"
#include "compose/text_painter.hpp"
#include "media/filter_check.hpp"
#include "scene/scene_parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kMostSources = 128;
constexpr std::size_t kMostScenes = 256;
/// A take of sources that have to catch up first happens at most this much later.
constexpr milliseconds kTakePatience{130};

Error name_taken(const std::string& name) {
  return Error{.kind = ErrorKind::kConflict,
               .message = fmt::format("there is a source '{}' already", name),
               .hint = "remove it first, or choose another name"};
}

/// For whoever has set the text: what is on air now is not all of it.
void warn_of_text(const std::string& overlay, const DrawnOverlay& drawn, scene::Size canvas,
                  std::vector<std::string>& warnings) {
  if (drawn.cut) {
    warnings.push_back(fmt::format("overlay '{}': the text does not fit and is cut off", overlay));
  }
  const Beyond beyond = beyond_canvas(drawn, canvas);
  if (beyond.outside) {
    warnings.push_back(
        fmt::format("overlay '{}': the text lies outside the picture: nobody sees it", overlay));
  } else if (beyond.pixels > 0) {
    warnings.push_back(fmt::format("overlay '{}': the text goes {} pixels beyond the picture",
                                   overlay, beyond.pixels));
  }
  if (!drawn.unknown.empty()) {
    warnings.push_back(fmt::format("overlay '{}': {}", overlay, missing_letters(drawn.unknown)));
  }
}

}  // namespace

std::future<Result<std::uint64_t>> Compositor::Impl::post(std::vector<scene::Action> actions,
                                                          std::vector<std::string>* warnings) {
  Command command{.actions = std::move(actions),
                  .answer = std::make_shared<Answer::element_type>()};
  auto future = command.answer->get_future();
  for (const scene::Action& action : command.actions) {
    const auto* shown = std::get_if<scene::OverlayAction>(&action);
    if (shown == nullptr || !shown->show) continue;
    const auto broken = overlay_errors_.find(shown->overlay);
    if (broken == overlay_errors_.end()) continue;
    command.answer->set_value(broken->second);
    return future;
  }
  // Drawing takes milliseconds: here, on the caller's thread, not between two frames.
  for (scene::Action& action : command.actions) {
    auto* countdown = std::get_if<scene::CountdownAction>(&action);
    if (countdown != nullptr && !countdown->to) countdown->to = clock_.now() + countdown->in;
    if (const auto* take = std::get_if<scene::TakeAction>(&action)) prepare_scene(take->scene);
    if (const auto* next = std::get_if<scene::PreviewAction>(&action)) prepare_scene(next->scene);
    const auto* text = std::get_if<scene::OverlayTextAction>(&action);
    if (text == nullptr) continue;
    auto drawn = draw_text(*text);
    if (!drawn.ok()) {
      command.answer->set_value(drawn.error());
      return future;
    }
    if (!drawn.value()) continue;
    if (warnings != nullptr) {
      warn_of_text(text->overlay, drawn.value()->second, show_.canvas.size, *warnings);
    }
    command.drawn.push_back(std::move(*drawn.value()));
  }
  queue(std::move(command));
  return future;
}

Result<std::optional<std::pair<std::size_t, DrawnOverlay>>> Compositor::Impl::draw_text(
    const scene::OverlayTextAction& text) const {
  using Drawn = std::optional<std::pair<std::size_t, DrawnOverlay>>;
  const scene::Overlay* found = show_.find_overlay(text.overlay);
  if (found == nullptr) return Drawn{};  // apply() says so
  scene::Overlay changed = *found;
  if (auto* third = std::get_if<scene::LowerThird>(&changed.content)) {
    *third = {text.title, text.subtitle};
  } else if (auto* plain = std::get_if<scene::TextOverlay>(&changed.content)) {
    plain->text = text.title;
  } else {
    return Drawn{};
  }
  TS_TRY(DrawnOverlay drawn, draw_overlay(changed, show_.canvas));
  warn_letters(found->name, drawn);
  return Drawn(std::in_place, static_cast<std::size_t>(found - show_.overlays.data()),
               std::move(drawn));
}

void Compositor::Impl::prepare_scene(const std::string& name) {
  ScenePlan wanted;
  std::vector<SourcePicture> sources;
  {
    const std::lock_guard lock(snapshot_mutex_);
    const ScenePlan* found = plan(name);
    if (found == nullptr || shown_sources_.empty()) return;
    wanted = *found;
    for (const Picture& picture : shown_sources_) sources.push_back({.picture = picture});
  }
  renderer_->prepare(wanted, sources);
}

void Compositor::Impl::queue(Command command) {
  const auto answer = command.answer;
  if (commands_.try_push(std::move(command))) return;
  answer->set_value(Error{.kind = ErrorKind::kConflict,
                          .message = "the program takes no more commands now",
                          .hint = "wait a moment and send it again",
                          .retryable = true});
}

Status Compositor::Impl::done(Command command) {
  command.answer = std::make_shared<Answer::element_type>();
  auto future = command.answer->get_future();
  queue(std::move(command));
  const auto tick = future.get();
  if (!tick.ok()) return tick.error();
  return ok_status();
}

Result<scene::Source> Compositor::Impl::known_source(const std::string& name) const {
  const std::lock_guard lock(sources_mutex_);
  if (live_source(name)) return *show_.find_source(name);
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("the program has no source '{}'", name),
               .hint = "see ts compose status for the sources' names"};
}

Status Compositor::Impl::restart_source(const std::string& name) {
  TS_TRY(const scene::Source source, known_source(name));
  return change_source(Command::Change::kRestart, source);
}

Status Compositor::Impl::remove_source(const std::string& name) {
  TS_TRY(const scene::Source source, known_source(name));
  return change_source(Command::Change::kRemove, source);
}

Status Compositor::Impl::add_source(const scene::Source& source) {
  TS_CHECK(media::check_filter(source.filter));
  {
    const std::lock_guard lock(sources_mutex_);
    if (live_source(source.name)) return name_taken(source.name);
    for (const std::string& under : source.duck ? source.duck->under : std::vector<std::string>{}) {
      if (live_source(under)) continue;
      return Error{.kind = ErrorKind::kNotFound,
                   .message = fmt::format("source '{}' ducks under '{}', which the program has not",
                                          source.name, under),
                   .hint = "see ts compose status for the sources' names"};
    }
    if (show_.sources.size() >= kMostSources) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("the program has {} sources already", kMostSources),
                   .hint = "use the name of a source that was removed"};
    }
  }
  return change_source(Command::Change::kAdd, source);
}

Status Compositor::Impl::change_source(Command::Change change, const scene::Source& source) {
  TS_TRY(auto runner, change == Command::Change::kRemove
                          ? SourceRunner::nothing(source)
                          : SourceRunner::start(source, source_context(), now()));
  std::shared_ptr<SourceRunner> swapped = std::move(runner);
  return done(
      {.replacement = &swapped, .change = change, .slate = draw_slate(source.name, show_.canvas)});
}

Status Compositor::Impl::set_scene(const std::string& name, std::string_view json) {
  Command command;
  {
    const std::lock_guard lock(sources_mutex_);
    // What was removed keeps its place among the sources, but is nobody's to show any more.
    scene::Show present = show_;
    std::erase_if(present.sources,
                  [&](const scene::Source& source) { return removed_.contains(source.name); });
    TS_TRY(command.scene, scene::parse_scene(name, json, present));
    if (show_.find_scene(name) == nullptr && show_.scenes.size() >= kMostScenes) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("the program has {} scenes already", kMostScenes),
                   .hint = "arrange one of them anew"};
    }
  }
  return done(std::move(command));
}

Status Compositor::Impl::check_unseen(const std::string& source, std::uint64_t tick) const {
  const Program::State state = program_.state(tick);
  const auto in = [&](std::string_view scene) {
    return !scene.empty() && program_.shows(scene, source);
  };
  const auto refuse = [&](std::string_view where, std::string_view hint) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("source '{}' is {}", source, where),
                 .hint = std::string(hint)};
  };
  if (in(state.scene) || in(state.outgoing)) return refuse("on air", "take another scene first");
  if (in(program_.preview())) {
    return refuse("in preview", "put another scene there first: ts compose preview SCENE");
  }
  if (in(auto_slate_.before())) {
    return refuse("what the slate stands in for", "take another scene first");
  }
  return ok_status();
}

Result<std::uint64_t> Compositor::Impl::swap_source(Command& command, std::uint64_t tick) {
  using Change = Command::Change;
  std::shared_ptr<SourceRunner>& runner = *command.replacement;
  const scene::Source& source = runner->source();
  if (command.change == Change::kRemove) TS_CHECK(check_unseen(source.name, tick));
  const std::scoped_lock lock(sources_mutex_, snapshot_mutex_);
  if (command.change == Change::kAdd && live_source(source.name)) {
    return name_taken(source.name);
  }
  std::size_t i = 0;
  while (i < sources_.size() && sources_[i]->source().name != source.name) ++i;
  if (i == sources_.size()) {
    show_.sources.push_back(source);
    slates_.add(command.slate);
    pictures_.emplace_back();
    generations_.push_back(0);
    sources_.push_back(nullptr);
  }
  std::swap(sources_[i], runner);
  ++generations_[i];
  if (command.change == Change::kRemove) forget_source(sources_[i]->source().name, tick);
  if (command.change != Change::kAdd) return tick;
  const scene::Source& added = sources_[i]->source();
  show_.sources[i] = added;
  desk_.update(show_);
  removed_.erase(added.name);
  scene::Scene alone{.name = added.name};
  alone.layers.push_back(
      {.source = added.name, .cell = {0, 0, show_.canvas.size.width, show_.canvas.size.height}});
  if (plan(alone.name) == nullptr) {
    plans_.push_back(plan_of(alone));
    show_.scenes.push_back(alone);
    automatic_.insert(alone.name);
  }
  program_.add_source(added, alone, tick);
  return tick;
}

void Compositor::Impl::forget_source(const std::string& name, std::uint64_t tick) {
  removed_.insert(name);
  const bool alone = automatic_.erase(name) > 0;
  program_.remove_source(name, alone, tick);
  if (!alone) return;
  std::erase_if(plans_, [&](const ScenePlan& plan) { return plan.name == name; });
  std::erase_if(show_.scenes, [&](const scene::Scene& scene) { return scene.name == name; });
}

void Compositor::Impl::put_scene(const scene::Scene& scene, std::uint64_t tick) {
  const std::scoped_lock lock(sources_mutex_, snapshot_mutex_);
  ScenePlan made = plan_of(scene);
  const auto old = std::find_if(plans_.begin(), plans_.end(),
                                [&](const ScenePlan& other) { return other.name == scene.name; });
  if (old == plans_.end()) {
    plans_.push_back(std::move(made));
    show_.scenes.push_back(scene);
  } else {
    *old = std::move(made);
    *std::find_if(show_.scenes.begin(), show_.scenes.end(),
                  [&](const scene::Scene& other) { return other.name == scene.name; }) = scene;
  }
  automatic_.erase(scene.name);  // it is the operator's own now
  program_.set_scene(scene, tick);
}

void Compositor::Impl::run_commands(std::uint64_t tick) {
  while (auto command = held_ ? std::exchange(held_, std::nullopt) : commands_.try_pop()) {
    if (!arm(*command, tick)) {
      held_ = std::move(command);
      return;
    }
    if (command->replacement != nullptr) {
      answers_.emplace_back(command->answer, swap_source(*command, tick));
      continue;
    }
    if (command->scene) {
      put_scene(*command->scene, tick);
      answers_.emplace_back(command->answer, tick);
      continue;
    }
    Program trial = program_;
    Status result = ok_status();
    for (const scene::Action& action : command->actions) {
      result = trial.apply(action, tick);
      if (!result.ok()) break;
    }
    if (!result.ok()) {
      answers_.emplace_back(command->answer, result.error());
      continue;
    }
    program_ = std::move(trial);
    for (auto& [index, drawn] : command->drawn) {
      overlays_[index] = {std::move(drawn), ++overlay_serial_};
    }
    for (const scene::Action& action : command->actions) {
      const auto* countdown = std::get_if<scene::CountdownAction>(&action);
      if (countdown != nullptr && countdown->to) {
        live_text_.set_moment(countdown->overlay, *countdown->to);
      }
    }
    answers_.emplace_back(command->answer, tick);
  }
}

bool Compositor::Impl::arm(const Command& command, std::uint64_t tick) {
  std::string_view preview = program_.preview();
  bool ready = true;
  for (const scene::Action& action : command.actions) {
    if (const auto* next = std::get_if<scene::PreviewAction>(&action)) preview = next->scene;
    const auto* take = std::get_if<scene::TakeAction>(&action);
    if (take == nullptr) continue;
    const std::string_view scene = take->scene.empty() ? preview : std::string_view(take->scene);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (!shows(scene, i)) continue;
      last_wanted_.resize(sources_.size());
      last_wanted_[i] = tick;
      sources_[i]->set_wanted(true);
      ready = ready && sources_[i]->ready();
    }
  }
  if (ready || options_.offline) {
    held_until_ = 0;
    return true;
  }
  if (held_until_ == 0)
    held_until_ = tick + std::max<std::uint64_t>(1, program_.ticks_of(kTakePatience));
  if (tick < held_until_) return false;
  held_until_ = 0;
  return true;
}

void Compositor::Impl::answer_commands() {
  for (auto& [answer, result] : answers_) answer->set_value(std::move(result));
  answers_.clear();
}

}  // namespace ts::compose
