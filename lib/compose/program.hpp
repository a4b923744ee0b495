// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "scene/show.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ts::compose {

/// Something that changed on air, with the first tick it holds for.
struct ProgramEvent {
  enum class Kind : std::uint8_t {
    kProgram,        ///< A scene is on air (with a transition: has begun to come in).
    kTransitionEnd,  ///< The transition to that scene is over.
    kPreview,
    kOverlayShow,
    kOverlayHide,
    kOverlayText,
    kGain,
    kMute,
    kUnmute,
    kSolo,
    kDelay,
    kFollow,
    kBlack,
    kGuard,    ///< The program looks or sounds wrong (detail "on"), or right again ("off").
    kQuality,  ///< This machine cannot keep up: a step of the ladder, down or up ("economy").
    kStop,
    kGo,        ///< The cues' clock has started.
    kSceneSet,  ///< A scene was arranged anew, or for the first time, or is no more.
  };
  Kind kind = Kind::kProgram;
  std::uint64_t tick = 0;
  std::string name{};  ///< Of the scene, overlay or source.
  std::string detail{};
  std::vector<std::string> sources{};  ///< Of a scene that was set: what it shows, back to front.
  /// Of an overlay that comes: when it goes by itself. Of kGo: what the show's clock says.
  std::optional<milliseconds> length{};
  /// Of an overlay's new words or moment.
  std::variant<std::monostate, scene::OverlayTextAction, scene::CountdownAction> words{};
};
std::string_view to_string(ProgramEvent::Kind kind) noexcept;

/// What is on air, as a pure state machine in ticks: scenes, transitions, overlays, black. Knows
/// nothing of pixels. For one thread.
class Program {
 public:
  explicit Program(const scene::Show& show);

  /// A source joins, and with it a scene that shows it alone, when the show has none of that name.
  void add_source(const scene::Source& source, const scene::Scene& alone, std::uint64_t tick);

  /// A source leaves with all that was set for it.
  /// @param with_scene  the scene of its name leaves, too; it must be neither on air nor in
  /// preview.
  void remove_source(const std::string& name, bool with_scene, std::uint64_t tick);

  /// A scene is arranged anew, or for the first time.
  void set_scene(const scene::Scene& scene, std::uint64_t tick);

  /// From now on cues wait for a GoAction; without this the show begins at tick 0.
  void hold() noexcept { begin_.reset(); }
  /// The tick that the cues' times count from; nullopt while on hold, and negative of a show that
  /// went on in a program begun anew.
  [[nodiscard]] std::optional<std::int64_t> begin() const noexcept { return begin_; }
  /// The cue that comes next by itself; null when there is none, and while on hold. Good until the
  /// next change of this state.
  struct NextCue {
    const scene::Cue* cue = nullptr;
    std::uint64_t tick = 0;
  };
  [[nodiscard]] NextCue next_cue() const noexcept;

  /// Does what the action says, from `tick` on.
  /// @return kNotFound for a name the show does not have, kConflict for a take of an empty preview.
  Status apply(const scene::Action& action, std::uint64_t tick);
  /// Applies every cue of the show that is due at `tick`, and ends what has run out. Call once per
  /// tick, in order, before state().
  void advance(std::uint64_t tick);

  struct OverlayState {
    std::size_t index = 0;  ///< Into the show's overlays.
    double opacity = 0;     ///< Of the fade; the overlay's own opacity comes on top.
  };
  struct State {
    std::string_view scene{};
    std::string_view outgoing{};  ///< Empty when no transition runs.
    scene::TransitionKind transition = scene::TransitionKind::kCut;
    double progress = 1;
    double black = 0;
    std::vector<OverlayState> overlays{};  ///< The visible ones, in the show's order.
    bool stop = false;
  };
  /// How the program looks at `tick`.
  [[nodiscard]] State state(std::uint64_t tick) const;
  [[nodiscard]] const std::string& scene() const noexcept { return scene_; }
  [[nodiscard]] const std::string& preview() const noexcept { return preview_; }
  /// Gain of a source as the operator has set it (show, cues, commands), with the scene's part.
  [[nodiscard]] double gain_db(std::string_view source) const;
  /// What is still to be added to it while a transition leads to it from another scene's gain.
  [[nodiscard]] double gliding_db(std::string_view source, std::uint64_t tick) const;
  /// Muted itself, or not among the solo ones while there are any.
  [[nodiscard]] bool muted(std::string_view source) const;
  /// Not muted itself, only left out while others are solo.
  [[nodiscard]] bool left_out(std::string_view source) const;
  [[nodiscard]] bool solo(std::string_view source) const;
  [[nodiscard]] milliseconds delay(std::string_view source) const;
  [[nodiscard]] bool follows(std::string_view source) const;
  /// What that scene adds to the source's gain.
  [[nodiscard]] double scene_gain_db(std::string_view scene, std::string_view source) const;
  /// Whether that scene has a place for the source.
  [[nodiscard]] bool shows(std::string_view scene, std::string_view source) const;
  /// Linear gain, 0 to 1, of a source that follows the picture: 1 while a scene on air shows it,
  /// with equal power over a transition. Always 1 for the others.
  [[nodiscard]] double presence(std::string_view source, std::uint64_t tick) const;
  /// New text of an overlay since the last call.
  struct TextChange {
    std::size_t overlay = 0;
    std::string title{};
    std::string subtitle{};
  };
  std::vector<TextChange> take_text_changes();
  /// The scenes that cues take or preview before `tick`: their sources should be ready by then.
  [[nodiscard]] std::vector<std::string_view> scenes_before(std::uint64_t tick) const;
  /// Events since the last call, oldest first.
  std::vector<ProgramEvent> take_events();

  /// The first tick at or after a time.
  [[nodiscard]] std::uint64_t tick_at(milliseconds time) const noexcept;
  /// Number of ticks a duration lasts, to the nearest.
  [[nodiscard]] std::uint64_t ticks_of(milliseconds duration) const noexcept;

 private:
  struct Ramp {
    double from = 0;
    double to = 0;
    std::uint64_t begin = 0;
    std::uint64_t ticks = 0;
    [[nodiscard]] double at(std::uint64_t tick) const noexcept;
  };
  void event(ProgramEvent::Kind kind, std::uint64_t tick, std::string name,
             std::string detail = {});
  void scene_event(const scene::Scene& scene, std::uint64_t tick);
  Status take(const scene::TakeAction& action, std::uint64_t tick);
  [[nodiscard]] std::uint64_t tick_of(const scene::Cue& cue) const noexcept;
  Status show_overlay(const scene::OverlayAction& action, std::uint64_t tick);

  std::shared_ptr<const scene::Show> show_;  // owners: the copies of this state
  std::optional<std::int64_t> begin_ = 0;
  std::size_t next_cue_ = 0;
  std::string scene_;
  std::string outgoing_;
  std::string preview_;
  scene::Transition transition_{};
  std::uint64_t transition_begin_ = 0;
  std::uint64_t transition_ticks_ = 0;
  std::vector<Ramp> overlays_;
  std::vector<std::optional<std::uint64_t>> hide_at_;  ///< Of overlays that go by themselves.
  Ramp black_{};
  std::map<std::string, double, std::less<>> gains_;
  std::map<std::string, bool, std::less<>> muted_;
  std::map<std::string, milliseconds, std::less<>> delays_;
  std::set<std::string, std::less<>> solo_;
  std::set<std::string, std::less<>> follow_;
  std::vector<TextChange> text_changes_;
  std::vector<ProgramEvent> events_;
  bool stop_ = false;
};

}  // namespace ts::compose
