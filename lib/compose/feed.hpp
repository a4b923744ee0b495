// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/latency.hpp"
#include "compose/picture.hpp"
#include "compose/sample_queue.hpp"
#include "core/clock.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::compose {

/// Time since the program began.
using ProgramTime = std::chrono::nanoseconds;

inline constexpr int kRate = 48'000;

/// What a source is doing, for the picture and for people.
enum class SourceState : std::uint8_t {
  kConnecting,  ///< Nothing has come yet.
  kLive,
  kStale,  ///< No new frame for a moment; the last one is held.
  kLost,   ///< Its slate is shown; it is being retried.
  kEnded,  ///< A file that does not loop came to its end; its last frame stays.
  kStill,  ///< One picture for ever.
};
std::string_view to_string(SourceState state) noexcept;

/// Where a source's thread leaves frames and sound, and the tick thread takes them: a mailbox of
/// references picked by time, and a timeline of samples. Thread-safe; one producer, one consumer.
class Feed {
 public:
  struct Limits {
    std::size_t pictures = 8;
    /// Where that is not enough, so many that they reach this far (up to 240 a second): one tick
    /// at least, or the source would fall behind from tick to tick, and as long as what is live
    /// waits for its time.
    ProgramTime span{};
    /// How far sound may run ahead before the producer waits: more than the longest tick, of 1 s.
    std::int64_t samples = kRate * 5 / 4;
    bool patient =
        false;  ///< Files, patterns: a late picture is held, never replaced by the slate.
    /// Live sources: a full mailbox loses its oldest frame, and what comes is never far ahead.
    bool drop_oldest = false;
  };
  explicit Feed(Limits limits) : limits_(limits) {}

  // ---- the producer ----
  /// A picture due at `due`. @return false when the mailbox was full and nothing could be dropped.
  /// @param arrived  when it came, for latency(); the due time of what was never late.
  bool push_picture(Picture picture, ProgramTime due, ProgramTime arrived);
  bool push_picture(Picture picture, ProgramTime due) {
    return push_picture(std::move(picture), due, due);
  }
  /// One picture that never gets old.
  void set_still(Picture picture);
  /// A picture due at `due` came and was kept packed: nobody looks at this source now.
  void keep_alive(ProgramTime due);
  /// Wakes the producer from wait_taken().
  void wake();
  /// Interleaved stereo samples whose first one belongs at sample `position` of the program.
  /// Samples the consumer has passed already are dropped; a gap is silence.
  /// @return false when they lie beyond what is kept (never with drop_oldest): they are offered
  ///         again after wait_taken().
  bool push_samples(std::span<const float> samples, std::int64_t position);
  /// Sample after the last one pushed; nullopt before the first.
  [[nodiscard]] std::optional<std::int64_t> next_sample() const;
  [[nodiscard]] bool picture_room() const;
  [[nodiscard]] bool sample_room() const;
  /// How often the consumer has taken something: read it before looking for room, so that no
  /// wake-up is lost.
  [[nodiscard]] std::uint64_t taken() const;
  /// Waits until the consumer has taken something since `taken`, at most `timeout`.
  /// @return false when stopped.
  bool wait_taken(std::uint64_t taken, milliseconds timeout, std::stop_token stop);
  void set_has(bool pictures, bool samples);
  void set_lost(std::string reason);
  /// Why its clean recording is not written; empty when it is.
  void set_recording_trouble(std::string reason);
  void set_connecting();
  /// No picture (or no sound) will come for now; nobody waits for more until one does.
  void set_over(bool pictures);
  /// Everything was pushed; the last picture stays.
  void set_ended();
  [[nodiscard]] bool ended() const;
  /// After a jump in time: the pictures queued for `from` and later are of before it.
  void discard_queued(ProgramTime from);

  // ---- the consumer ----
  struct Pick {
    Picture picture{};         ///< Null: show the slate.
    std::uint64_t serial = 0;  ///< Changes with the picture.
    SourceState state = SourceState::kConnecting;
  };
  /// The newest picture due at `time` (2 ms tolerance); older ones are let go.
  Pick pick(ProgramTime time);
  /// Adds samples [start, start + out.size()/2) to `out` (interleaved), silence where there is
  /// none; the edges of a gap are faded over 5 ms.
  /// @param start  the program's.
  /// @param delay  in samples: what belongs so much earlier is read, and kept for so long.
  void read_samples(std::int64_t start, std::span<float> out, std::int64_t delay = 0);
  /// The same after the delay has changed: what would have come with the one `before` fades out
  /// over 10 ms while what comes with the new one fades in.
  void read_samples_moved(std::int64_t start, std::span<float> out, std::int64_t before,
                          std::int64_t delay);
  /// Deterministic mode: waits until everything for this tick has been pushed, or can never be.
  /// @return false when stopped or when `patience` ran out.
  bool wait_ready(ProgramTime time, std::int64_t sample_end, milliseconds patience,
                  std::stop_token stop);
  /// Live mode, before the first tick: waits for a first picture (or sound without pictures).
  bool wait_first(milliseconds patience, std::stop_token stop);

  struct Status {
    SourceState state = SourceState::kConnecting;
    std::string reason{};     ///< Why it is lost; empty once something comes again.
    std::string recording{};  ///< Why its clean recording is not written; empty when it is.
    std::uint64_t pictures = 0;
    std::uint64_t dropped = 0;  ///< Pictures that fell out of a full mailbox.
    std::uint64_t late = 0;     ///< Pictures older than the one on air when they came.
    std::uint64_t gaps = 0;     ///< Times the sound broke off.
    std::uint64_t losses = 0;   ///< Times the source was lost.
    bool has_picture = false;
    bool has_sound = false;
    float peak = 0;  ///< Of the samples read last, before gain.
  };
  [[nodiscard]] Status status() const;
  [[nodiscard]] bool has_sound() const;
  /// From a picture's arrival to the tick that shows it first.
  [[nodiscard]] Latency latency() const;

 private:
  struct Timed {
    Picture picture;
    ProgramTime due;
    ProgramTime arrived;
  };
  [[nodiscard]] std::size_t most_pictures() const;
  [[nodiscard]] bool picture_room_locked() const;
  /// After sound came or went: whether the producer should bring more.
  void refill_locked();
  [[nodiscard]] SourceState state_at(ProgramTime time) const;

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Timed> pictures_;
  Picture current_{};
  ProgramTime current_due_{};
  ProgramTime alive_{};     ///< Due time of the last picture kept packed.
  bool rested_ = false;     ///< The last picture was kept packed.
  ProgramTime interval_{};  ///< Between the last two pictures: slow sources are not stale.
  std::uint64_t serial_ = 0;
  std::uint64_t taken_ = 0;
  bool still_ = false;
  bool has_pictures_ = true;
  bool has_samples_ = true;
  bool ended_ = false;
  bool pictures_over_ = false;
  bool samples_over_ = false;
  bool lost_ = false;
  bool any_ = false;
  SampleQueue samples_;
  std::int64_t head_ = 0;  ///< Position of the first of `samples_`.
  bool started_ = false;
  std::int64_t read_to_ = 0;
  std::int64_t behind_ = 0;  ///< Where the program is beyond read_to_.
  bool filling_ = true;      ///< Sound is wanted, until limits_.samples are there.
  bool sounding_ = false;
  float last_left_ = 0;
  float last_right_ = 0;
  Status status_{};
  LatencyHistogram latency_;
};

}  // namespace ts::compose
