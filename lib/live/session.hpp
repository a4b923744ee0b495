// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "live/resources.hpp"
#include "store/database.hpp"
#include "store/leases.hpp"
#include "store/sessions.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::live {

/// One line of progress: a step began, ended, or something worth knowing happened.
struct StepEvent {
  enum class State : std::uint8_t { kStarted, kDone, kFailed, kUndone, kNote };
  std::string step{};  ///< "create_stream", "start_egress" …
  State state = State::kNote;
  std::string text{};      ///< For people.
  milliseconds elapsed{};  ///< Of the step, for kDone and kFailed.
};
std::string_view to_string(StepEvent::State state) noexcept;
using Observer = std::function<void(const StepEvent&)>;

/// The states of a session, in order. Closed ones are the last three.
namespace session_state {
inline constexpr std::string_view kStarting = "starting";
inline constexpr std::string_view kLive = "live";
inline constexpr std::string_view kEnding = "ending";
inline constexpr std::string_view kEnded = "ended";
inline constexpr std::string_view kFailed = "failed";
inline constexpr std::string_view kEndedDirty = "ended_with_residue";
}  // namespace session_state

/// A go-live's record in the store: its lease, its state, its journal. Every change is on the disk
/// before the next step runs, so that whoever comes after a crash knows what there is to end; on
/// air, as soon as it can be written. One owner, one thread.
class Session {
 public:
  /// Takes the show's lease and opens a session.
  /// @return kConflict when another process runs the show, or when an earlier run of it was not
  ///         ended (code "open_session"; ts live end ends it).
  static Result<Session> begin(store::Database& database, Clock& clock, std::string_view name,
                               std::string_view show_path, Observer observer);
  /// Takes over the open session of a show whose owner is gone, to end it.
  static Result<Session> adopt(store::Database& database, Clock& clock,
                               const store::Session& session, Observer observer);

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Clock& clock() const noexcept { return *clock_; }
  Resources resources{};

  /// Runs one step: journals the intent, runs it, journals and shows the outcome.
  template <typename Step>
  auto step(std::string_view name, std::string_view text, Step&& run) -> decltype(run()) {
    const auto began = clock_->steady_now();
    if (auto started = record(name, StepEvent::State::kStarted, std::string(text), {});
        !started.ok()) {
      return std::move(started).error();
    }
    auto outcome = run();
    const auto elapsed = std::chrono::duration_cast<milliseconds>(clock_->steady_now() - began);
    if (!outcome.ok()) {
      static_cast<void>(
          record(name, StepEvent::State::kFailed, outcome.error().message, elapsed).ok());
      return outcome;
    }
    if (auto saved = save(); !saved.ok()) return std::move(saved).error();
    if (auto done = record(name, StepEvent::State::kDone, std::string(text), elapsed); !done.ok()) {
      return std::move(done).error();
    }
    return outcome;
  }
  /// Journals and shows something that is no step.
  void note(std::string_view step, std::string text);
  void undone(std::string_view step, std::string text);

  /// Writes `resources` to the store. Call right after something was made.
  Status save();
  /// From now on a store that cannot be written (a full disk) is told once and ends nothing: media
  /// needs none, and what was made must be undone all the same. A lost lease stays an error.
  void go_on_without_store() noexcept { needs_store_ = false; }
  Status set_state(std::string_view state);
  /// Final state; gives the lease back.
  Status close(std::string_view state);
  /// Renews the lease. @return kConflict when somebody took the show over.
  Status heartbeat();
  /// True once `ts live end` asked for the end.
  Result<bool> end_requested();

 private:
  Session(store::Database& database, Clock& clock, std::string id, std::string name,
          store::Lease lease, Observer observer)
      : database_(&database),
        clock_(&clock),
        id_(std::move(id)),
        name_(std::move(name)),
        lease_(std::move(lease)),
        observer_(std::move(observer)) {}
  /// What a write to the store came to.
  Status written(Status status);
  Status record(std::string_view step, StepEvent::State state, std::string text,
                milliseconds elapsed);

  store::Database* database_;
  Clock* clock_;
  std::string id_;
  std::string name_;
  std::string state_{session_state::kStarting};
  store::Lease lease_;
  Observer observer_;
  std::int64_t seen_seq_ = 0;
  bool needs_store_ = true;
  bool unwritten_ = false;  ///< It was told.
  bool unsaved_ = false;    ///< `resources` or the state are not in the store as they are.
};

/// Asks the process that runs a show to end it: an entry in its journal.
Status request_end(store::Database& database, const store::Session& session, Clock& clock);

}  // namespace ts::live
