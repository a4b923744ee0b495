// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor.hpp"

#include "compose/encoder_bank.hpp"
#include "compose/filter_stage.hpp"
#include "compose/guards.hpp"
#include "compose/hls_ladder.hpp"
#include "compose/live_text.hpp"
#include "compose/mixer.hpp"
#include "compose/multiview.hpp"
#include "compose/raster.hpp"
#include "compose/renderer.hpp"
#include "compose/scene_compiler.hpp"
#include "compose/source.hpp"
#include "compose/text_painter.hpp"
#include "compose/wire.hpp"
#include "core/assert.hpp"
#include "core/bounded_queue.hpp"
#include "core/file.hpp"
#include "frame/frame_code.hpp"
#include "media/filter_check.hpp"
#include "scene/scene_parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace ts::compose {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPreroll{3000};
constexpr milliseconds kOfflinePatience{20'000};
constexpr milliseconds kStandstill{2000};
constexpr std::size_t kMostSources = 128;
constexpr std::size_t kMostScenes = 256;
/// Cues' sources are made ready this long before, and a source stays so for a while.
constexpr milliseconds kCueLead{1000};
constexpr milliseconds kLinger{2000};
/// A take of sources that have to catch up first happens at most this much later.
constexpr milliseconds kTakePatience{130};
/// For a picture of a source that is not decoded just now.
constexpr milliseconds kPeekPatience{400};
constexpr milliseconds kSlateCalm{1000};

/// One batch of an operator, with what had to be drawn for it.
struct Command {
  std::vector<scene::Action> actions{};
  std::vector<std::pair<std::size_t, DrawnOverlay>> drawn{};
  /// Takes a source's place; holds the old one afterwards, to be ended by the caller.
  std::shared_ptr<SourceRunner>* replacement = nullptr;
  enum class Change : std::uint8_t { kRestart, kAdd, kRemove } change = Change::kRestart;
  Picture slate{};                      ///< Of an added source.
  std::optional<scene::Scene> scene{};  ///< Arranged anew.
  std::shared_ptr<std::promise<Result<std::uint64_t>>> answer{};
};

void burn_frame_code(Picture& picture, std::uint64_t tick) {
  media::AvFrame own = copy_pixels(*picture);
  const frame::FrameCodeArea area = frame::frame_code_area(own->width);
  fill_rect(*own, {0, 0, std::min(area.width, own->width), std::min(area.height, own->height)},
            0x000000);
  frame::draw_frame_code({own->data[0], own->linesize[0], own->width, own->height}, tick);
  picture = share(std::move(own));
}

}  // namespace

class Compositor::Impl {
 public:
  Impl(scene::Show show, RunOptions options)
      : show_(std::move(show)),
        options_(std::move(options)),
        clock_(*options_.clock),
        program_(show_),
        listeners_(options_.log),
        live_text_(show_, options_.offline),
        desk_(show_),
        guards_(show_.guards, [this](milliseconds time) { return program_.ticks_of(time); }),
        auto_slate_(show_, program_.ticks_of(kSlateCalm)),
        program_filter_(show_.filter, 0) {
    if (options_.duration) show_.duration = options_.duration;
  }

  Status prepare() {
    for (const scene::Source& source : show_.sources) {
      TS_CHECK(media::check_filter(source.filter)
                   .with_context(fmt::format("at $.sources.{}.filter", source.name)));
    }
    TS_CHECK(media::check_filter(show_.filter).with_context("at $.filter"));
    TS_TRY(renderer_, make_renderer(options_.engine, show_.canvas));
    if (!options_.offline) scene_compiler_ = std::make_unique<SceneCompiler>(*renderer_);
    for (const scene::Scene& scene : show_.scenes) plans_.push_back(plan_of(scene));
    for (const scene::Overlay& overlay : show_.overlays) {
      auto drawn = draw_overlay(overlay, show_.canvas, "00:00");
      if (!drawn.ok()) {
        // One overlay that cannot be drawn is no reason for a black screen.
        overlay_errors_[overlay.name] = drawn.error();
        if (options_.log != nullptr) {
          options_.log->error("compose", "overlay '{}' stays away: {}; {}", overlay.name,
                              drawn.error().message, drawn.error().hint);
        }
        overlays_.emplace_back();
        continue;
      }
      warn_letters(overlay.name, drawn.value());
      overlays_.push_back({std::move(drawn).value(), ++overlay_serial_});
    }
    zero_.store(clock_.steady_now().time_since_epoch().count(), std::memory_order_relaxed);
    SourceContext context = source_context();
    for (std::size_t i = 0; i < show_.sources.size(); ++i) {
      const scene::Source& source = show_.sources[i];
      context.wanted = shows(show_.program, i);
      TS_TRY(auto runner, SourceRunner::start(source, context, ProgramTime{}));
      sources_.push_back(std::move(runner));
    }
    pictures_.resize(sources_.size());
    generations_.resize(sources_.size());
    slates_.resize(sources_.size());
    slate_drawings_.resize(sources_.size());
    TS_TRY(encoders_, EncoderBank::start(show_, {.baseline = options_.baseline,
                                                 .patient = options_.offline,
                                                 .log = options_.log}));
    for (const media::MuxTarget& target : options_.outputs) TS_CHECK(attach(target));
    publish(0, {}, 0);
    return ok_status();
  }

  Result<Report> run(const std::stop_token& stop, const std::stop_token& abort);

  std::future<Result<std::uint64_t>> post(std::vector<scene::Action> actions) {
    Command command{.actions = std::move(actions)};
    command.answer = std::make_shared<std::promise<Result<std::uint64_t>>>();
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
    for (const scene::Action& action : command.actions) {
      if (const auto* take = std::get_if<scene::TakeAction>(&action)) prepare_scene(take->scene);
      if (const auto* next = std::get_if<scene::PreviewAction>(&action)) prepare_scene(next->scene);
      const auto* text = std::get_if<scene::OverlayTextAction>(&action);
      if (text == nullptr) continue;
      const scene::Overlay* found = show_.find_overlay(text->overlay);
      if (found == nullptr) continue;  // apply() says so
      scene::Overlay changed = *found;
      if (auto* third = std::get_if<scene::LowerThird>(&changed.content)) {
        *third = {text->title, text->subtitle};
      } else if (auto* plain = std::get_if<scene::TextOverlay>(&changed.content)) {
        plain->text = text->title;
      } else {
        continue;
      }
      auto drawn = draw_overlay(changed, show_.canvas);
      if (!drawn.ok()) {
        command.answer->set_value(drawn.error());
        return future;
      }
      warn_letters(found->name, drawn.value());
      command.drawn.emplace_back(static_cast<std::size_t>(found - show_.overlays.data()),
                                 std::move(drawn).value());
    }
    queue(std::move(command));
    return future;
  }

  /// On the caller's thread, with the sources' pictures of the last tick.
  void prepare_scene(const std::string& name) {
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

  void warn_letters(const std::string& overlay, const DrawnOverlay& drawn) const {
    if (drawn.unknown.empty() || options_.log == nullptr) return;
    options_.log->warning("compose", "overlay '{}': {}; {}", overlay,
                          missing_letters(drawn.unknown), kFontsHint);
  }

  void queue(Command command) {
    const auto answer = command.answer;
    if (commands_.try_push(std::move(command))) return;
    answer->set_value(Error{.kind = ErrorKind::kConflict,
                            .message = "the program takes no more commands now",
                            .hint = "wait a moment and send it again",
                            .retryable = true});
  }

  Status attach(const media::MuxTarget& target) {
    std::vector<media::MuxTarget> parts = one_per_rendition(target);
    std::vector<LadderStep> steps;
    for (const media::MuxTarget& part : parts) {
      const std::string name = part.renditions.empty() ? "" : part.renditions.front();
      TS_TRY(EncoderBank::Feed feed, encoders_->use(name));
      steps.push_back({name, std::move(feed)});
    }
    if (parts.size() > 1) TS_CHECK(write_master(target, steps));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      // RTMP may take long to connect; what was made meanwhile is still wanted.
      auto runner = std::make_shared<OutputRunner>(
          std::move(parts[i]), steps[i].feed.video, steps[i].feed.audio,
          OutputRunner::Options{.patient = options_.offline,
                                .queue = milliseconds{4000},
                                .log = options_.log,
                                .request_key = [bank = encoders_.get()] { bank->request_key(); }});
      {
        const std::lock_guard lock(outputs_mutex_);
        outputs_.push_back({runner, steps[i].feed.fan_out});
      }
      steps[i].feed.fan_out->add(std::move(runner));
    }
    return ok_status();
  }

  static Status write_master(const media::MuxTarget& target, const std::vector<LadderStep>& steps) {
    std::error_code made;
    std::filesystem::create_directories(target.path, made);
    Status written = ok_status();
    if (!made) {
      written = write_file_atomic(std::filesystem::path(target.path) / "index.m3u8",
                                  master_playlist(steps));
    }
    if (!made && written.ok()) return written;
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("open {}: {}", target.name,
                                        made ? made.message() : written.error().message),
                 .hint = "check the path and its permissions"};
  }

  /// Whether an output of that short name is meant: itself, or a rendition of it.
  static bool is_output(const OutputRunner& output, const std::string& name) {
    const std::string own = short_name(output.name());
    return own == name || own.starts_with(name + "@");
  }

  Status add_output(const media::MuxTarget& target) {
    {
      const std::lock_guard lock(outputs_mutex_);
      for (const auto& output : outputs_) {
        if (!is_output(*output.runner, short_name(target.name))) continue;
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("there is an output '{}' already", target.name),
                     .hint = "remove it first, or choose another name"};
      }
    }
    TS_CHECK(attach(target));
    encoders_->request_key();
    return ok_status();
  }

  Status remove_output(const std::string& name) {
    std::vector<Attached> found;
    {
      const std::lock_guard lock(outputs_mutex_);
      const auto kept = std::stable_partition(
          outputs_.begin(), outputs_.end(),
          [&](const Attached& output) { return !is_output(*output.runner, name); });
      found.assign(kept, outputs_.end());
      outputs_.erase(kept, outputs_.end());
    }
    if (found.empty()) {
      return Error{.kind = ErrorKind::kNotFound,
                   .message = fmt::format("the program has no output '{}'", name),
                   .hint = "list the outputs first"};
    }
    for (const Attached& output : found) {
      output.fan_out->remove(output.runner.get());
      output.runner->finish();
    }
    for (const Attached& output : found) {
      if (!output.runner->wait(seconds{5})) output.runner->abort();
    }
    return ok_status();
  }

  Status restart_source(const std::string& name) {
    scene::Source source;
    {
      const std::lock_guard lock(sources_mutex_);
      if (!live_source(name)) return no_such_source(name);
      source = *show_.find_source(name);
    }
    return change_source(Command::Change::kRestart, source);
  }

  Status change_source(Command::Change change, const scene::Source& source) {
    TS_TRY(auto runner, change == Command::Change::kRemove
                            ? SourceRunner::nothing(source)
                            : SourceRunner::start(source, source_context(), now()));
    std::shared_ptr<SourceRunner> swapped = std::move(runner);
    Command command{
        .replacement = &swapped, .change = change, .slate = draw_slate(source.name, show_.canvas)};
    command.answer = std::make_shared<std::promise<Result<std::uint64_t>>>();
    auto future = command.answer->get_future();
    queue(std::move(command));
    const auto tick = future.get();
    if (!tick.ok()) return tick.error();
    return ok_status();
  }

  Status add_source(const scene::Source& source) {
    TS_CHECK(media::check_filter(source.filter));
    {
      const std::lock_guard lock(sources_mutex_);
      if (live_source(source.name)) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("there is a source '{}' already", source.name),
                     .hint = "remove it first, or choose another name"};
      }
      if (show_.sources.size() >= kMostSources) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("the program has {} sources already", kMostSources),
                     .hint = "use the name of a source that was removed"};
      }
    }
    return change_source(Command::Change::kAdd, source);
  }

  Status set_scene(const std::string& name, std::string_view json) {
    Command command;
    {
      const std::lock_guard lock(sources_mutex_);
      TS_TRY(command.scene, scene::parse_scene(name, json, show_));
      if (show_.find_scene(name) == nullptr && show_.scenes.size() >= kMostScenes) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("the program has {} scenes already", kMostScenes),
                     .hint = "arrange one of them anew"};
      }
    }
    command.answer = std::make_shared<std::promise<Result<std::uint64_t>>>();
    auto future = command.answer->get_future();
    queue(std::move(command));
    const auto tick = future.get();
    if (!tick.ok()) return tick.error();
    return ok_status();
  }

  Status remove_source(const std::string& name) {
    scene::Source source;
    {
      const std::lock_guard lock(sources_mutex_);
      if (!live_source(name)) return no_such_source(name);
      source = *show_.find_source(name);
    }
    return change_source(Command::Change::kRemove, source);
  }

  [[nodiscard]] Snapshot snapshot() const {
    Snapshot out;
    {
      const std::lock_guard lock(snapshot_mutex_);
      out = snapshot_;
    }
    if (encoders_) {
      const EncodeStage::Counters counters = encoders_->counters();
      out.renditions = encoders_->renditions();
      out.filter_late = filter_late_.load(std::memory_order_relaxed);
      out.frames = counters.frames;
      out.samples = counters.samples;
      out.skipped = counters.skipped;
      out.quality = counters.quality;
      out.gaps = counters.gaps;
      out.encode = encoders_->latency();
    }
    {
      const std::lock_guard lock(sources_mutex_);
      for (std::size_t i = 0; i < sources_.size() && i < out.sources.size(); ++i) {
        out.sources[i].feed = sources_[i]->feed().status();
        out.sources[i].latency = sources_[i]->feed().latency();
      }
      std::erase_if(out.sources, [&](const auto& info) { return removed_.contains(info.name); });
    }
    const std::lock_guard lock(outputs_mutex_);
    for (const auto& output : outputs_) out.outputs.push_back(output.runner->status());
    return out;
  }

  [[nodiscard]] Picture program_picture() const {
    const std::lock_guard lock(snapshot_mutex_);
    return shown_;
  }

  [[nodiscard]] Picture source_picture(const std::string& name) {
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

  [[nodiscard]] Picture preview_picture() const;
  [[nodiscard]] Picture source_glimpse(const std::string& name);
  [[nodiscard]] Picture multiview_picture();

  [[nodiscard]] const scene::Show& show() const noexcept { return show_; }

 private:
  struct LoadedOverlay {
    DrawnOverlay drawn;
    std::uint64_t serial;
  };

  /// With sources_mutex_ held.
  [[nodiscard]] bool live_source(const std::string& name) const {
    return show_.find_source(name) != nullptr && !removed_.contains(name);
  }
  static Error no_such_source(const std::string& name) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = fmt::format("the program has no source '{}'", name),
                 .hint = "see ts compose status for the sources' names"};
  }
  [[nodiscard]] bool shown(const std::string& source, std::uint64_t tick) const {
    const Program::State state = program_.state(tick);
    for (const std::string_view scene :
         {state.scene, state.outgoing, std::string_view(program_.preview())}) {
      const ScenePlan* candidate = scene.empty() ? nullptr : plan(scene);
      if (candidate == nullptr) continue;
      for (const auto& layer : candidate->layers) {
        if (show_.sources[layer.source].name == source) return true;
      }
    }
    return false;
  }
  Result<std::uint64_t> swap_source(Command& command, std::uint64_t tick);
  void put_scene(const scene::Scene& scene);
  /// Its sources have to be the show's.
  [[nodiscard]] ScenePlan plan_of(const scene::Scene& scene) {
    ScenePlan plan{.id = ++plan_ids_, .name = scene.name};
    for (const scene::Layer& layer : scene.layers) {
      const auto* source = show_.find_source(layer.source);
      plan.layers.push_back({static_cast<std::size_t>(source - show_.sources.data()), layer});
    }
    return plan;
  }

  [[nodiscard]] SourceContext source_context() {
    return {.canvas = show_.canvas,
            .offline = options_.offline,
            .ca_file = options_.ca_file,
            .now = [this] { return now(); },
            .log = options_.log,
            .listeners = &listeners_,
            .iso = options_.iso};
  }
  [[nodiscard]] ProgramTime now() const {
    const auto since =
        clock_.steady_now().time_since_epoch().count() - zero_.load(std::memory_order_relaxed);
    return ProgramTime{since};
  }
  [[nodiscard]] ProgramTime time_of(std::uint64_t tick) const {
    const auto& rate = show_.canvas.rate;
    return ProgramTime{
        av_rescale(static_cast<std::int64_t>(tick), 1'000'000'000 * rate.den, rate.num)};
  }
  [[nodiscard]] std::int64_t sample_at(std::uint64_t tick) const {
    return sample_of(tick, show_.canvas.rate.num, show_.canvas.rate.den);
  }
  [[nodiscard]] const ScenePlan* plan(std::string_view name) const {
    for (const ScenePlan& candidate : plans_) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  }

  void preroll(const std::stop_token& stop);
  bool wait_for_tick(std::uint64_t tick, const std::stop_token& stop);
  void run_commands(std::uint64_t tick);
  /// Once the snapshot shows what they did.
  void answer_commands();
  void send_events();
  void pick_sources(std::uint64_t tick);
  /// A card without a name; made when it is needed first.
  const Picture& plain_slate() {
    if (!plain_slate_) plain_slate_ = draw_slate("", show_.canvas);
    return plain_slate_;
  }
  /// The card with the source's name; a plain one while that is being drawn.
  Picture slate(std::size_t index);
  /// Whether a layer of that scene shows the source.
  [[nodiscard]] bool shows(std::string_view scene, std::size_t source) const {
    const ScenePlan* found = plan(scene);
    return found != nullptr &&
           std::any_of(found->layers.begin(), found->layers.end(),
                       [&](const auto& layer) { return layer.source == source; });
  }
  /// Tells the sources whether anybody looks at them.
  void want_sources(std::uint64_t tick, const Program::State& state);
  /// Has the scenes compiled that may be taken next.
  void prepare_next(std::uint64_t tick);
  /// Which sources are decoded the cheap way, and whether the encoder's ladder has a step.
  void choose_economy(std::uint64_t tick, const Program::State& state);
  /// Whether every scene that is seen shows the source at half its size at most.
  [[nodiscard]] bool only_small(std::size_t source, const Program::State& state) const;
  /// False when the command takes a scene whose sources have to catch up; they begin to.
  bool arm(const Command& command, std::uint64_t tick);
  Picture compose(std::uint64_t tick, const Program::State& state);
  /// Through the program's own filter.
  Result<Picture> filtered(const Picture& picture);
  void start_filter();
  /// On its way to the encoders, through the program's filter. @return what viewers see now.
  Picture put_out(Picture picture, std::uint64_t tick);
  /// To the encoders, with its frame code; from one thread. @return what was sent.
  Picture send(Picture picture, std::uint64_t tick);
  void filter_off(const Error& error);
  /// The guards, and what they do.
  void watch(std::uint64_t tick, const Picture& picture, const Program::State& state);
  /// The picture a clock or countdown has at this tick.
  void refresh(LoadedOverlay& overlay, std::size_t index, std::uint64_t tick);
  void mix(std::uint64_t tick, double black, const std::stop_token& stop);
  void publish(std::uint64_t ticks, const Program::State& state, double compose_ms);
  std::optional<Error> output_trouble();
  Result<Report> end(bool stopped, std::optional<Error> trouble, const std::stop_token& abort);

  scene::Show show_;
  RunOptions options_;
  Clock& clock_;
  Program program_;
  media::RtmpListeners listeners_;
  std::unique_ptr<Renderer> renderer_;
  std::unique_ptr<SceneCompiler> scene_compiler_;  // null offline, where nothing is late
  std::vector<ScenePlan> plans_;
  std::uint64_t plan_ids_ = 0;
  std::vector<LoadedOverlay> overlays_;
  std::uint64_t overlay_serial_ = 0;
  std::map<std::string, Error> overlay_errors_;  // written before the first tick
  Picture plain_slate_;
  std::vector<Picture> slates_;  // null: never needed so far
  std::vector<std::future<Picture>> slate_drawings_;
  std::vector<SourcePicture> pictures_;
  std::vector<std::uint64_t> generations_;  // how often each source was replaced
  LiveText live_text_;
  WallTime wall_start_{};
  SoundDesk desk_;
  Guards guards_;
  AutoSlate auto_slate_;
  PictureConverter program_filter_;
  bool filter_now_ = false;           // offline
  std::vector<bool> economical_;      // the sources decoded the cheap way
  Quality quality_ = Quality::kFull;  // as it was told last
  Picture last_canvas_;
  std::stop_token abort_{};
  std::atomic<std::int64_t> zero_{0};
  BoundedQueue<Command> commands_{64};
  std::optional<Command> held_;  // its sources catch up
  std::uint64_t held_until_ = 0;
  std::vector<std::optional<std::uint64_t>> last_wanted_;  // tick, for each source
  std::vector<
      std::pair<std::shared_ptr<std::promise<Result<std::uint64_t>>>, Result<std::uint64_t>>>
      answers_;
  // Mutable state that other threads read.
  mutable std::mutex snapshot_mutex_;
  Snapshot snapshot_{};
  Picture shown_{};
  std::vector<Picture> shown_sources_{};
  std::vector<bool> behind_{};  // the sources that are not decoded just now
  std::vector<bool> peeked_{};  // the sources somebody wants a picture of
  std::condition_variable shown_changed_;
  SteadyTime started_{};
  SteadyTime fps_since_{};
  std::uint64_t fps_frames_ = 0;
  std::uint64_t lagged_ = 0;
  std::atomic<std::uint64_t> filter_late_{0};
  std::uint64_t jumps_ = 0;
  std::uint64_t render_errors_ = 0;
  double worst_ms_ = 0;
  std::unique_ptr<EncoderBank> encoders_;
  std::optional<FilterStage> filter_stage_{};  // its thread feeds the encoders
  mutable std::mutex outputs_mutex_;
  struct Attached {
    std::shared_ptr<OutputRunner> runner;  // owners: this list and the fan-out
    FanOut* fan_out;
  };
  std::vector<Attached> outputs_;
  // Last: their threads ask this object for the time.
  mutable std::mutex sources_mutex_;  // against restart_source; the tick thread is the one writer
  std::set<std::string, std::less<>> removed_;          // names whose place is kept
  std::vector<std::shared_ptr<SourceRunner>> sources_;  // owners: also a command that replaces one
};

void Compositor::Impl::preroll(const std::stop_token& stop) {
  const SteadyTime deadline = clock_.steady_now() + kPreroll;
  for (const auto& source : sources_) {
    if (!source->prompt()) continue;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock_.steady_now());
    if (left > milliseconds{0}) (void)source->feed().wait_first(left, stop);
  }
}

bool Compositor::Impl::wait_for_tick(std::uint64_t tick, const std::stop_token& stop) {
  if (options_.offline) {
    for (const auto& source : sources_) {
      const bool ready =
          source->feed().wait_ready(time_of(tick), sample_at(tick + 1), kOfflinePatience, stop);
      if (stop.stop_requested()) return false;
      if (!ready && options_.log != nullptr) {
        options_.log->warning("compose", "source '{}' gave nothing for {} s; its slate is shown",
                              source->source().name, kOfflinePatience.count() / 1000);
        source->feed().set_lost("no data in time");
      }
    }
    return !stop.stop_requested();
  }
  const auto zero = SteadyTime{steady_clock::duration{zero_.load(std::memory_order_relaxed)}};
  return clock_.wait_until(zero + time_of(tick), stop);
}

Result<std::uint64_t> Compositor::Impl::swap_source(Command& command, std::uint64_t tick) {
  using Change = Command::Change;
  std::shared_ptr<SourceRunner>& runner = *command.replacement;
  const scene::Source& source = runner->source();
  if (command.change == Change::kRemove && shown(source.name, tick)) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("source '{}' is on air or in preview", source.name),
                 .hint = "take another scene first"};
  }
  const std::scoped_lock lock(sources_mutex_, snapshot_mutex_);
  if (command.change == Change::kAdd && live_source(source.name)) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("there is a source '{}' already", source.name),
                 .hint = "remove it first, or choose another name"};
  }
  std::size_t i = 0;
  while (i < sources_.size() && sources_[i]->source().name != source.name) ++i;
  if (i == sources_.size()) {
    show_.sources.push_back(source);
    slates_.push_back(command.slate);
    pictures_.emplace_back();
    generations_.push_back(0);
    sources_.push_back(nullptr);
  }
  std::swap(sources_[i], runner);
  ++generations_[i];
  if (command.change == Change::kRemove) removed_.insert(sources_[i]->source().name);
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
  }
  program_.add_source(added, alone);
  return tick;
}

void Compositor::Impl::put_scene(const scene::Scene& scene) {
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
  program_.set_scene(scene);
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
      put_scene(*command->scene);
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

void Compositor::Impl::want_sources(std::uint64_t tick, const Program::State& state) {
  if (options_.offline) return;
  last_wanted_.resize(sources_.size());
  const auto want = [&](std::string_view scene) {
    const ScenePlan* shown = scene.empty() ? nullptr : plan(scene);
    if (shown == nullptr) return;
    for (const auto& layer : shown->layers) last_wanted_[layer.source] = tick;
  };
  want(state.scene);
  want(state.outgoing);
  want(program_.preview());
  want(auto_slate_.before());
  for (const std::string_view scene : program_.scenes_before(tick + program_.ticks_of(kCueLead))) {
    want(scene);
  }
  const std::uint64_t linger = program_.ticks_of(kLinger);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const bool seen = last_wanted_[i] && tick - *last_wanted_[i] <= linger;
    sources_[i]->set_wanted(seen || options_.hot || sources_[i]->source().hot);
  }
  choose_economy(tick, state);
}

void Compositor::Impl::choose_economy(std::uint64_t tick, const Program::State& state) {
  const Quality quality = encoders_->counters().quality;
  const bool wanted = options_.economy || quality >= Quality::kEconomy;
  bool possible = false;
  economical_.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const bool small = only_small(i, state);
    possible = possible || small;
    sources_[i]->set_economy(wanted && small);
    economical_[i] = wanted && small;
  }
  // Where it is on already it can give nothing more.
  encoders_->offer_economy(possible && !options_.economy);
  if (quality == std::exchange(quality_, quality)) return;
  if (options_.on_event) {
    options_.on_event({ProgramEvent::Kind::kQuality, tick, std::string(to_string(quality)), {}});
  }
}

bool Compositor::Impl::only_small(std::size_t source, const Program::State& state) const {
  const Picture& picture = pictures_[source].picture;
  if (!picture) return false;
  bool seen = false;
  for (const std::string_view scene :
       {state.scene, state.outgoing, std::string_view(program_.preview())}) {
    const ScenePlan* shown = scene.empty() ? nullptr : plan(scene);
    if (shown == nullptr) continue;
    for (const auto& layer : shown->layers) {
      if (layer.source != source) continue;
      seen = true;
      const scene::Crop& crop = layer.layer.crop;
      const double width = picture->width * (1 - crop.left - crop.right);
      const double height = picture->height * (1 - crop.top - crop.bottom);
      // At half the size a quarter of the pixels are left: no block's edge is seen any more.
      if (2 * layer.layer.cell.width > width || 2 * layer.layer.cell.height > height) return false;
    }
  }
  return seen;
}

void Compositor::Impl::prepare_next(std::uint64_t tick) {
  if (!scene_compiler_) return;
  const auto ask = [&](std::string_view scene) {
    const ScenePlan* next = scene.empty() ? nullptr : plan(scene);
    if (next != nullptr) scene_compiler_->ask(*next, pictures_);
  };
  ask(program_.preview());
  for (const std::string_view scene : program_.scenes_before(tick + program_.ticks_of(kCueLead))) {
    ask(scene);
  }
}

void Compositor::Impl::answer_commands() {
  for (auto& [answer, result] : answers_) answer->set_value(std::move(result));
  answers_.clear();
}

void Compositor::Impl::send_events() {
  for (const ProgramEvent& event : program_.take_events()) {
    if (options_.on_event) options_.on_event(event);
  }
  for (const ProgramEvent& event : guards_.take_events()) {
    if (options_.log != nullptr && event.detail == "on") {
      options_.log->warning("compose", "the program is {}", event.name);
    }
    if (options_.on_event) options_.on_event(event);
  }
}

Result<Picture> Compositor::Impl::filtered(const Picture& picture) {
  TS_TRY(media::AvFrame out, program_filter_.convert(copy_pixels(*picture)));
  if (out && size_of(*out) == show_.canvas.size) return share(std::move(out));
  return Error{.kind = ErrorKind::kMedia, .message = "its pictures are of another size"};
}

void Compositor::Impl::start_filter() {
  if (show_.filter.empty()) return;
  // Offline every picture waits for its filter.
  filter_now_ = options_.offline;
  if (options_.offline) return;
  filter_stage_.emplace([this](const Picture& picture) { return filtered(picture); },
                        [this](const Picture& picture, std::uint64_t tick) { send(picture, tick); },
                        static_cast<std::size_t>(2 * show_.canvas.rate.value()),
                        [this](const Error& error) { filter_off(error); });
}

void Compositor::Impl::filter_off(const Error& error) {
  if (options_.log == nullptr) return;
  options_.log->error("compose", "the program's filter is off: {}", error.message);
}

Picture Compositor::Impl::send(Picture picture, std::uint64_t tick) {
  if (show_.frame_code) burn_frame_code(picture, tick);
  encoders_->push_picture(picture, tick, abort_);
  return picture;
}

Picture Compositor::Impl::put_out(Picture picture, std::uint64_t tick) {
  if (filter_stage_) {
    filter_stage_->push(picture, tick);
    const FilterStage::Counters late = filter_stage_->counters();
    filter_late_.store(late.late + late.gaps, std::memory_order_relaxed);
    const Picture newest = filter_stage_->newest();
    return newest ? newest : picture;
  }
  if (filter_now_) {
    auto out = filtered(picture);
    if (out.ok()) {
      picture = std::move(out).value();
    } else {
      filter_now_ = false;
      filter_off(out.error());
    }
  }
  return send(std::move(picture), tick);
}

void Compositor::Impl::watch(std::uint64_t tick, const Picture& picture,
                             const Program::State& state) {
  if (!show_.guards.any()) return;
  bool still = true;
  for (const std::string_view on_air : {state.scene, state.outgoing}) {
    const ScenePlan* shown = on_air.empty() ? nullptr : plan(on_air);
    if (shown == nullptr) continue;
    for (const auto& layer : shown->layers) {
      still = still && sources_[layer.source]->feed().status().state == SourceState::kStill;
    }
  }
  guards_.observe(tick, picture, desk_.sound(), {.black = state.black > 0, .still = still});
  const auto take =
      auto_slate_.step(program_.scene(), guards_.picture_alarm(), [this](std::string_view source) {
        const auto index =
            static_cast<std::size_t>(show_.find_source(source) - show_.sources.data());
        const Picture& shown = pictures_[index].picture;
        return shown == slates_[index] || shown == plain_slate_ ? Picture{} : shown;
      });
  if (take) (void)program_.apply(*take, tick + 1);
}

Picture Compositor::Impl::slate(std::size_t index) {
  if (slates_[index]) return slates_[index];
  const std::string& name = sources_[index]->source().name;
  if (options_.offline) {
    slates_[index] = draw_slate(name, show_.canvas);
    return slates_[index];
  }
  // Drawing takes milliseconds: not between two frames.
  std::future<Picture>& drawing = slate_drawings_[index];
  if (!drawing.valid()) {
    drawing = std::async(std::launch::async,
                         [name, canvas = show_.canvas] { return draw_slate(name, canvas); });
  }
  if (drawing.wait_for(seconds{0}) != std::future_status::ready) return plain_slate();
  slates_[index] = drawing.get();
  ++generations_[index];
  return slates_[index];
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

void Compositor::Impl::pick_sources(std::uint64_t tick) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Feed::Pick pick = sources_[i]->feed().pick(time_of(tick));
    // A slate is a picture of its own: odd serials are slates.
    pictures_[i].picture = pick.picture ? pick.picture : slate(i);
    pictures_[i].serial = (generations_[i] << 40U) + pick.serial * 2 + (pick.picture ? 0 : 1);
  }
}

void Compositor::Impl::refresh(LoadedOverlay& overlay, std::size_t index, std::uint64_t tick) {
  const auto time = std::chrono::duration_cast<milliseconds>(time_of(tick));
  const auto begun = std::chrono::duration_cast<milliseconds>(
      program_.begin() ? time_of(tick) - time_of(*program_.begin()) : ProgramTime{});
  DrawnOverlay drawn =
      live_text_.at(index, options_.offline ? wall_start_ + time : clock_.now(), begun);
  if (drawn.picture == overlay.drawn.picture) return;
  overlay = {std::move(drawn), ++overlay_serial_};
}

Picture Compositor::Impl::compose(std::uint64_t tick, const Program::State& state) {
  ProgramPicture program{.tick = tick,
                         .scene = plan(state.scene),
                         .outgoing = state.outgoing.empty() ? nullptr : plan(state.outgoing),
                         .transition = state.transition,
                         .progress = state.progress,
                         .black = state.black};
  std::vector<OverlayPicture> overlays;
  for (const Program::OverlayState& overlay : state.overlays) {
    LoadedOverlay& loaded = overlays_[overlay.index];
    if (live_text_.is_live(overlay.index)) refresh(loaded, overlay.index, tick);
    if (!loaded.drawn.picture) continue;
    overlays.push_back({loaded.drawn.picture, loaded.serial, loaded.drawn.x, loaded.drawn.y,
                        overlay.opacity, loaded.drawn.sprite});
  }
  program.overlays = overlays;
  auto canvas = renderer_->render(program, pictures_);
  Picture picture;
  if (canvas.ok()) {
    picture = std::move(canvas).value();
    last_canvas_ = picture;
  } else {
    if (render_errors_++ == 0 && options_.log != nullptr) {
      options_.log->error("compose", "scene '{}': {}", state.scene, canvas.error().message);
    }
    picture = last_canvas_ ? last_canvas_ : plain_slate();
  }
  return picture;
}

void Compositor::Impl::mix(std::uint64_t tick, double black, const std::stop_token& stop) {
  const std::int64_t start = sample_at(tick);
  const auto frames = static_cast<std::size_t>(sample_at(tick + 1) - start);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const double tone = sources_[i]->tone_hz();
    const std::string& name = sources_[i]->source().name;
    SoundDesk::Strip& strip = desk_.strips()[i];
    strip.samples.clear();
    if (tone <= 0 && !sources_[i]->feed().has_sound()) continue;
    strip.samples.assign(2 * frames, 0.0F);
    if (tone > 0) {
      add_tone(tone, start, strip.samples);
    } else {
      const std::int64_t delay = program_.delay(name).count() * kRate / 1000;
      sources_[i]->feed().read_samples(start - delay, strip.samples);
    }
    const double presence = program_.presence(name, tick);
    strip.gain = program_.muted(name) ? 0 : from_db(program_.gain_db(name)) * presence;
    strip.gliding = presence > 0 && presence < 1;
  }
  auto out = desk_.mix(frames, 1 - black);
  if (!out.empty()) encoders_->push_samples(std::move(out), stop);
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
  if (counters.quality != Quality::kFull) snapshot_.alarms.push_back("overload");
  snapshot_.black = state.black > 0;
  if (snapshot_.scenes.size() != show_.scenes.size()) {
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
  snapshot_.sources.resize(sources_.size());
  shown_sources_.resize(sources_.size());
  behind_.resize(sources_.size());
  peeked_.resize(sources_.size());
  last_wanted_.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Snapshot::SourceInfo& info = snapshot_.sources[i];
    info.name = sources_[i]->source().name;
    info.gain_db = program_.gain_db(info.name);
    info.muted = program_.muted(info.name);
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
  shown_changed_.notify_all();
}

std::optional<Error> Compositor::Impl::output_trouble() {
  const std::lock_guard lock(outputs_mutex_);
  if (outputs_.empty()) return std::nullopt;
  std::optional<Error> first;
  for (const auto& output : outputs_) {
    const OutputRunner::Status status = output.runner->status();
    const bool hopeless = status.state == OutputState::kFailed ||
                          (status.state == OutputState::kRetrying && !status.ever_live);
    if (!hopeless) return std::nullopt;
    if (!first) {
      first = Error{.kind = ErrorKind::kMedia, .message = status.reason, .hint = status.hint};
    }
  }
  return first;
}

Result<Compositor::Report> Compositor::Impl::run(const std::stop_token& stop,
                                                 const std::stop_token& abort) {
  std::optional<std::uint64_t> total;
  if (show_.duration) total = std::max<std::uint64_t>(1, program_.ticks_of(*show_.duration));
  preroll(stop);
  wall_start_ = clock_.now();
  abort_ = abort;
  start_filter();
  started_ = clock_.steady_now();
  fps_since_ = started_;
  zero_.store(started_.time_since_epoch().count(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_.running = true;
  }
  bool stopped = false;
  std::optional<Error> trouble;
  if (options_.hold) program_.hold();
  for (std::uint64_t tick = 0; !total || !program_.begin() || tick < *program_.begin() + *total;
       ++tick) {
    if (!wait_for_tick(tick, stop)) {
      stopped = true;
      break;
    }
    const SteadyTime begin = clock_.steady_now();
    bool lagging = false;
    if (!options_.offline) {
      const ProgramTime late = now() - time_of(tick);
      if (late > ProgramTime{kStandstill}) {
        // The process stood still: go on from now instead of rushing after the clock.
        zero_.fetch_add(late.count(), std::memory_order_relaxed);
        ++jumps_;
      } else {
        lagging = late >= time_of(tick + 1) - time_of(tick) && last_canvas_ != nullptr;
      }
    }
    run_commands(tick);
    program_.advance(tick);
    send_events();
    const Program::State state = program_.state(tick);
    if (state.stop) break;
    want_sources(tick, state);
    pick_sources(tick);
    prepare_next(tick);
    Picture picture;
    if (lagging) {
      ++lagged_;
      picture = last_canvas_;
    } else {
      picture = compose(tick, state);
    }
    const double took =
        std::chrono::duration<double, std::milli>(clock_.steady_now() - begin).count();
    picture = put_out(std::move(picture), tick);
    {
      const std::lock_guard lock(snapshot_mutex_);
      shown_ = picture;
    }
    mix(tick, state.black, abort);
    watch(tick, picture, state);
    publish(tick + 1, state, took);
    answer_commands();
    if (auto broken = encoders_->trouble()) {
      trouble = std::move(broken);
      break;
    }
    if (tick % 8 == 0) {
      trouble = output_trouble();
      if (trouble) break;
    }
  }
  return end(stopped, std::move(trouble), abort);
}

Result<Compositor::Report> Compositor::Impl::end(bool stopped, std::optional<Error> trouble,
                                                 const std::stop_token& abort) {
  answer_commands();
  commands_.close();
  while (auto command = held_ ? std::exchange(held_, std::nullopt) : commands_.try_pop()) {
    command->answer->set_value(Error{.kind = ErrorKind::kConflict,
                                     .message = "the program has ended",
                                     .hint = "start it again"});
  }
  if (filter_stage_) filter_stage_->finish();
  encoders_->push_samples(desk_.finish(), abort);
  encoders_->finish();
  std::vector<std::shared_ptr<OutputRunner>> outputs;
  {
    const std::lock_guard lock(outputs_mutex_);
    for (const Attached& output : outputs_) outputs.push_back(output.runner);
  }
  for (const auto& output : outputs) output->finish();
  const SteadyTime deadline = clock_.steady_now() + (options_.offline ? seconds{120} : seconds{8});
  for (const auto& output : outputs) {
    while (!output->wait(milliseconds{50})) {
      if (abort.stop_requested() || clock_.steady_now() > deadline) {
        output->abort();
        break;
      }
    }
  }
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_.running = false;
  }
  Report report{.last = snapshot(), .stopped = stopped};
  if (!trouble) trouble = encoders_->rendition_trouble();
  if (trouble) return *trouble;
  for (const OutputRunner::Status& status : report.last.outputs) {
    if (status.state != OutputState::kFinished) report.failed_outputs.push_back(status.name);
  }
  return report;
}

Compositor::Compositor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Compositor::~Compositor() = default;

Result<std::unique_ptr<Compositor>> Compositor::create(scene::Show show, RunOptions options) {
  TS_ASSERT(options.clock != nullptr);
  if (options.outputs.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the program goes nowhere: there is no output",
                 .hint = "add --out file:program.mp4, or outputs to the show"};
  }
  if (options.offline && !options.duration && !show.duration) {
    const bool stops = std::any_of(show.cues.begin(), show.cues.end(), [](const scene::Cue& cue) {
      return std::any_of(cue.actions.begin(), cue.actions.end(), [](const scene::Action& action) {
        return std::holds_alternative<scene::StopAction>(action);
      });
    });
    if (!stops) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "an offline run needs an end",
                   .hint = "add --duration 30s, a \"duration\" or a \"stop\" cue to the show"};
    }
  }
  auto impl = std::make_unique<Impl>(std::move(show), std::move(options));
  TS_CHECK(impl->prepare());
  return std::unique_ptr<Compositor>(new Compositor(std::move(impl)));
}

Result<Compositor::Report> Compositor::run(std::stop_token stop, std::stop_token abort) {
  return impl_->run(stop, abort);
}
std::future<Result<std::uint64_t>> Compositor::post(std::vector<scene::Action> actions) {
  return impl_->post(std::move(actions));
}
Status Compositor::add_output(const media::MuxTarget& target) { return impl_->add_output(target); }
Status Compositor::remove_output(const std::string& name) { return impl_->remove_output(name); }
Status Compositor::add_source(const scene::Source& source) { return impl_->add_source(source); }
Status Compositor::set_scene(const std::string& name, std::string_view json) {
  return impl_->set_scene(name, json);
}
Status Compositor::remove_source(const std::string& name) { return impl_->remove_source(name); }
Status Compositor::restart_source(const std::string& name) { return impl_->restart_source(name); }
Snapshot Compositor::snapshot() const { return impl_->snapshot(); }
Picture Compositor::program_picture() const { return impl_->program_picture(); }
Picture Compositor::source_picture(const std::string& name) { return impl_->source_picture(name); }
Picture Compositor::preview_picture() const { return impl_->preview_picture(); }
Picture Compositor::source_glimpse(const std::string& name) { return impl_->source_glimpse(name); }
Picture Compositor::multiview_picture() { return impl_->multiview_picture(); }
const scene::Show& Compositor::show() const noexcept { return impl_->show(); }

}  // namespace ts::compose
