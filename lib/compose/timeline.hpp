// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace ts::compose {

/// Where a source's own times lie on the program's clock. Pure; one per source.
class Timeline {
 public:
  /// The longest that what is pushed waits for sound that always comes late.
  static constexpr ProgramTime kMostPatience = seconds{2};

  enum class Kind : std::uint8_t {
    kFile,  ///< Time 0 of the input is `origin`, exactly.
    /// HTTP, HLS: plays 0.3 s after it came, and again when it ran dry, each time within a minute
    /// with twice the buffer, up to 4 s.
    kPulled,
    kPushed,  ///< RTMP, SRT, RTSP: the least delayed frame of the last 5 s sets the clock.
  };
  /// @param lead  what pictures are due before their sound. A picture is shown at the first tick
  ///              that is not before it: with half a tick it is as often early as late against
  ///              its sound. Nothing for a file, whose pictures lie on the ticks.
  Timeline(Kind kind, ProgramTime origin, ProgramTime delay, ProgramTime lead = {})
      : kind_(kind), origin_(origin), delay_(delay), lead_(lead) {}

  struct Placed {
    ProgramTime due{};
    bool jumped = false;  ///< The clock was set anew: pictures queued for later were of before.
  };
  /// Where media time `time` (from the input's beginning) belongs, for something that arrived
  /// `now`. What is pushed and comes too late again and again (sound that a sender collects in
  /// large packets) makes all of the source later, up to 2 s, until 5 s had time to spare.
  ///
  /// A step in the source's times (back by 0.5 s, on by 2 s) sets its clock anew. Pictures and
  /// sound come to it one after the other: whichever is still before it stays on the old clock.
  Placed place(ProgramTime time, ProgramTime now, bool video = true);
  /// What follows the picture of `time` was placed before, as packets: it is no step back.
  void go_back(ProgramTime time) {
    pictures_.last = time;
    pictures_.last_due = {};
  }
  /// Where a picture's time lies as things stand; nothing is learnt from it. Nullopt before
  /// place(), and where there is a step.
  [[nodiscard]] std::optional<ProgramTime> due(ProgramTime time) const;
  /// The next frame sets the clock anew (reconnected).
  void reset();
  /// Whether what is pulled is one film with one clock: a step on is then a hole in it (damage,
  /// nothing to be heard), which lasts as long as it lasts.
  void set_film(bool film) { film_ = film; }
  /// Time 0 of a file is at `origin` from now on: it was away, and plays from its beginning.
  void begin(ProgramTime origin) { origin_ = origin; }

 private:
  /// How punctual pictures, or sound, were in the last second.
  struct Punctuality {
    ProgramTime since{};
    int count = 0;
    int late = 0;
    ProgramTime worst{};
    int bad_seconds = 0;
    bool hiccup = false;  ///< Nothing was on time since before this second.
    int hiccup_late = 0;  ///< What came while it lasted.
  };
  /// Pictures, or sound.
  struct Lane {
    std::optional<ProgramTime> last{};  ///< Media time of the last one.
    ProgramTime last_due{};             ///< Without the lead.
    ProgramTime step{};                 ///< Between the last two.
    /// The clock of before a step that the other lane has passed and this one has not.
    std::optional<ProgramTime> behind{};
    ProgramTime behind_since{};
    Punctuality punctuality{};
  };
  [[nodiscard]] bool steps(const Lane& lane, ProgramTime time) const;
  /// Whether a clock puts `time` where it is expected, give or take what is no step.
  [[nodiscard]] bool fits(const Lane& lane, ProgramTime offset, ProgramTime time,
                          ProgramTime now) const;
  /// `lane` has passed a step: on which clock it goes on. @return whether that is a new one.
  bool pass_step(Lane& lane, Lane& other, ProgramTime time, ProgramTime now);
  /// A lane on its old clock that does not come to the other's step has none, or one of its own.
  void rejoin(Lane& lane, ProgramTime time, ProgramTime now);
  /// Where what comes `now` is played, after a buffer, when there was nothing left to play.
  ProgramTime fill(ProgramTime now);
  /// Learns from something pushed.
  void learn(ProgramTime time, ProgramTime now);
  void watch(Punctuality& lane, ProgramTime late, ProgramTime now);

  Kind kind_;
  ProgramTime origin_;
  ProgramTime delay_;
  ProgramTime lead_;
  bool film_ = false;
  std::optional<ProgramTime> offset_{};
  ProgramTime patience_{};              ///< Added to the delay for what is always late.
  bool young_ = true;                   ///< Nothing was on time for a second yet.
  std::optional<ProgramTime> spare_{};  ///< The least time anything had to spare lately.
  ProgramTime spare_since_{};
  Lane pictures_{};
  Lane sounds_{};
  ProgramTime buffer_{};                 ///< Of what is pulled, as last filled.
  std::optional<ProgramTime> filled_{};  ///< When that was.
  std::optional<ProgramTime> last_arrival_{};
  ProgramTime flowing_since_{};  ///< Nothing was held up for a second since.
  std::deque<std::pair<ProgramTime, ProgramTime>> recent_{};  // arrival, arrival - time
};

}  // namespace ts::compose
