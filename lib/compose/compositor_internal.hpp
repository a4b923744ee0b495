// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the compositor's own files only: what runs the program, and who may touch what.
//   compositor.cpp           opening, the clock, the end
//   compositor_commands.cpp  what operators change, between two ticks
//   compositor_tick.cpp      the picture and the sound of one tick
//   compositor_views.cpp     what others see of it

#include "compose/compositor.hpp"
#include "compose/encoder_bank.hpp"
#include "compose/guards.hpp"
#include "compose/live_text.hpp"
#include "compose/mixer.hpp"
#include "compose/output_set.hpp"
#include "compose/program_filter.hpp"
#include "compose/raster.hpp"
#include "compose/renderer.hpp"
#include "compose/scene_compiler.hpp"
#include "compose/slates.hpp"
#include "compose/source.hpp"
#include "core/bounded_queue.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace ts::compose {

class Compositor::Impl {
 public:
  Impl(scene::Show show, RunOptions options);

  // --- before the clock, and the clock
  Status prepare();
  Result<Report> run(const std::stop_token& stop, const std::stop_token& abort);

  // --- commands, from any thread
  std::future<Result<std::uint64_t>> post(std::vector<scene::Action> actions,
                                          std::vector<std::string>* warnings);
  OutputSet& outputs() { return *outputs_; }
  Status restart_source(const std::string& name);
  Status add_source(const scene::Source& source);
  Status set_scene(const std::string& name, std::string_view json);
  Status remove_source(const std::string& name);

  // --- views, from any thread
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] Picture program_picture() const;
  [[nodiscard]] Picture source_picture(const std::string& name);
  [[nodiscard]] Picture preview_picture() const;
  [[nodiscard]] Picture source_glimpse(const std::string& name);
  [[nodiscard]] Picture multiview_picture();
  [[nodiscard]] const scene::Show& show() const noexcept { return show_; }

 private:
  struct LoadedOverlay {
    DrawnOverlay drawn;
    std::uint64_t serial;
  };
  using Answer = std::shared_ptr<std::promise<Result<std::uint64_t>>>;
  /// One batch of an operator, with what had to be drawn for it.
  struct Command {
    std::vector<scene::Action> actions{};
    std::vector<std::pair<std::size_t, DrawnOverlay>> drawn{};
    /// Takes a source's place; holds the old one afterwards, to be ended by the caller.
    std::shared_ptr<SourceRunner>* replacement = nullptr;
    enum class Change : std::uint8_t { kRestart, kAdd, kRemove } change = Change::kRestart;
    Picture slate{};                      ///< Of an added source.
    std::optional<scene::Scene> scene{};  ///< Arranged anew.
    Answer answer{};
  };

  // --- compositor.cpp
  [[nodiscard]] SourceContext source_context();
  [[nodiscard]] ProgramTime now() const;
  [[nodiscard]] ProgramTime time_of(std::uint64_t tick) const;
  [[nodiscard]] std::int64_t sample_at(std::uint64_t tick) const;
  [[nodiscard]] const ScenePlan* plan(std::string_view name) const;
  /// Its sources have to be the show's.
  [[nodiscard]] ScenePlan plan_of(const scene::Scene& scene);
  [[nodiscard]] Status check_any_source() const;
  void load_overlays();
  void warn_letters(const std::string& overlay, const DrawnOverlay& drawn) const;
  void preroll(const std::stop_token& stop);
  bool wait_for_tick(std::uint64_t tick, const std::stop_token& stop);
  /// Whether that tick comes a frame late. After a standstill the clock goes on from now.
  bool is_lagging(std::uint64_t tick);
  Result<Report> end(bool stopped, std::optional<Error> trouble, const std::stop_token& abort);

  // --- compositor_commands.cpp
  void queue(Command command);
  /// Queues it and waits for its tick.
  Status done(Command command);
  /// Compiles a scene on the caller's thread, with the sources' pictures of the last tick.
  void prepare_scene(const std::string& name);
  /// The overlay with its new text, drawn; an index without a picture when nothing is to be drawn.
  Result<std::optional<std::pair<std::size_t, DrawnOverlay>>> draw_text(
      const scene::OverlayTextAction& text) const;
  Status change_source(Command::Change change, const scene::Source& source);
  /// A source that is there. @return kNotFound.
  Result<scene::Source> known_source(const std::string& name) const;
  /// With sources_mutex_ held.
  [[nodiscard]] bool live_source(const std::string& name) const {
    return show_.find_source(name) != nullptr && !removed_.contains(name);
  }
  /// @return kConflict while a viewer or the preview sees the source, or will by itself.
  [[nodiscard]] Status check_unseen(const std::string& source, std::uint64_t tick) const;
  Result<std::uint64_t> swap_source(Command& command, std::uint64_t tick);
  /// Its place stays, its name goes; and so does the scene that came with it. With both mutexes
  /// held.
  void forget_source(const std::string& name, std::uint64_t tick);
  void put_scene(const scene::Scene& scene, std::uint64_t tick);
  void run_commands(std::uint64_t tick);
  /// False when the command takes a scene whose sources have to catch up; they begin to.
  bool arm(const Command& command, std::uint64_t tick);
  /// Once the snapshot shows what they did.
  void answer_commands();

  // --- compositor_tick.cpp
  void send_events();
  void pick_sources(std::uint64_t tick);
  /// Whether a layer of that scene shows the source.
  [[nodiscard]] bool shows(std::string_view scene, std::size_t source) const;
  /// Tells the sources whether anybody looks at them.
  void want_sources(std::uint64_t tick, const Program::State& state);
  /// Has the scenes compiled that may be taken next.
  void prepare_next(std::uint64_t tick);
  /// Which sources are decoded the cheap way, and whether the encoder's ladder has a step.
  void choose_economy(std::uint64_t tick, const Program::State& state);
  /// Whether every scene that is seen shows the source at half its size at most.
  [[nodiscard]] bool only_small(std::size_t source, const Program::State& state) const;
  Picture compose(std::uint64_t tick, const Program::State& state);
  /// To the encoders, with its frame code; from one thread. @return what was sent.
  Picture send(Picture picture, std::uint64_t tick);
  /// The guards, and what they do.
  void watch(std::uint64_t tick, const Picture& picture, const Program::State& state);
  /// The picture a clock or countdown has at this tick.
  void refresh(LoadedOverlay& overlay, std::size_t index, std::uint64_t tick);
  void mix(std::uint64_t tick, double black, const std::stop_token& stop);

  // --- compositor_views.cpp
  void publish(std::uint64_t ticks, const Program::State& state, double compose_ms);
  /// With snapshot_mutex_ held.
  void publish_names();
  void publish_plan(std::uint64_t ticks);
  void publish_sources(std::uint64_t ticks, const Program::State& state);

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
  Slates slates_;
  std::vector<SourcePicture> pictures_;
  std::vector<std::uint64_t> generations_;  // how often each source was replaced
  LiveText live_text_;
  WallTime wall_start_{};
  SoundDesk desk_;
  Guards guards_;
  AutoSlate auto_slate_;
  std::vector<bool> economical_;      // the sources decoded the cheap way
  Quality quality_ = Quality::kFull;  // as it was told last
  Picture last_canvas_;
  std::stop_token abort_{};
  std::atomic<std::int64_t> zero_{0};
  BoundedQueue<Command> commands_{64};
  std::optional<Command> held_;  // its sources catch up
  std::uint64_t held_until_ = 0;
  std::vector<std::optional<std::uint64_t>> last_wanted_;  // tick, for each source
  std::vector<std::pair<Answer, Result<std::uint64_t>>> answers_;
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
  std::string told_cue_;  // "$.cues[2]", whose words the snapshot has
  std::uint64_t lagged_ = 0;
  std::chrono::seconds lag_second_{-2};  // the last one with a late tick
  int lag_run_ = 0;                      // seconds in a row with late ticks, before that one
  std::uint64_t jumps_ = 0;
  std::uint64_t render_errors_ = 0;
  double worst_ms_ = 0;
  std::unique_ptr<EncoderBank> encoders_;
  ProgramFilter filter_;  // its thread feeds the encoders
  std::unique_ptr<OutputSet> outputs_;
  // Last: their threads ask this object for the time.
  mutable std::mutex sources_mutex_;  // against restart_source; the tick thread is the one writer
  std::set<std::string, std::less<>> removed_;          // names whose place is kept
  std::set<std::string, std::less<>> automatic_;        // scenes that came with a source
  std::vector<std::shared_ptr<SourceRunner>> sources_;  // owners: also a command that replaces one
};

}  // namespace ts::compose
