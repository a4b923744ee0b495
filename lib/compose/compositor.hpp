// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/encoder_bank.hpp"
#include "compose/feed.hpp"
#include "compose/mixer.hpp"
#include "compose/outputs.hpp"
#include "compose/program.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "media/muxer.hpp"
#include "scene/show.hpp"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::compose {

struct RunOptions {
  bool offline = false;  ///< As fast as possible and deterministic, instead of paced by the clock.
  std::optional<milliseconds> duration{};  ///< Overrides the show's own.
  /// The first scene is on air, but cues and duration wait for a scene::GoAction.
  bool hold = false;
  std::string engine = "native";  ///< Or filtergraph, the reference on libavfilter.
  std::vector<media::MuxTarget> outputs{};
  std::string iso{};      ///< Folder for clean recordings of the sources that are no files.
  bool hot = false;       ///< All sources are decoded all the time, as with their own "hot".
  bool economy = false;   ///< Much reduced sources are decoded the cheap way from the beginning.
  bool baseline = false;  ///< Constrained baseline: an output is WebRTC.
  std::string ca_file{};
  Clock* clock = nullptr;  ///< Must outlive the compositor.
  Log* log = nullptr;      ///< May be null.
  /// What changed on air; called on the tick's thread, must not block.
  std::function<void(const ProgramEvent&)> on_event{};
};

/// How the program is doing; a copy, taken at any time from any thread.
struct Snapshot {
  struct SourceInfo {
    std::string name{};
    Feed::Status feed{};
    double gain_db = 0;
    bool muted = false;
    bool solo = false;
    bool left_out = false;  ///< Not muted, but others are solo.
    milliseconds delay{0};
    bool follow = false;
    bool on_air = false;
    bool economy = false;  ///< Decoded the cheap way: it is shown at half its size at most.
    Level level{};         ///< In the mix: after gain, mute, solo, follow and ducking.
    double ducked_db = 0;  ///< How far it steps back now.
    Latency latency{};     ///< From a picture's arrival (decoded) to the tick that shows it.
  };
  std::string show{};
  std::string engine{};
  bool offline = false;
  bool running = false;
  std::uint64_t tick = 0;     ///< Ticks done.
  std::uint64_t frames = 0;   ///< Pictures encoded.
  std::int64_t samples = 0;   ///< Samples per channel encoded.
  double fps = 0;             ///< Encoded pictures per second of wall time, over the last second.
  double speed = 0;           ///< Program time over wall time, since the start.
  milliseconds elapsed{0};    ///< Program time.
  std::uint64_t lagged = 0;   ///< Ticks the compositor was late for; the picture before was shown.
  std::uint64_t skipped = 0;  ///< Ticks whose picture the encoder had no time for; likewise.
  std::uint64_t gaps = 0;     ///< Frame numbers that are missing.
  std::uint64_t filter_late = 0;     ///< Ticks whose picture the program's filter had no time for.
  Quality quality = Quality::kFull;  ///< Less while this machine cannot keep up.
  std::uint64_t clock_jumps = 0;     ///< Times the process stood still for more than 2 s.
  std::uint64_t render_errors = 0;
  double worst_tick_ms = 0;  ///< The longest one tick took to compose.
  Latency encode{};          ///< From a tick's picture to its packet.
  std::string scene{};
  std::string preview{};
  ProgramSound sound{};
  /// Guards that say something is wrong now, "slate", "overload", and "iso" when a source's clean
  /// recording is not written.
  std::vector<std::string_view> alarms{};
  std::string slate_for{};  ///< The scene that the guards' slate stands in for; empty without one.
  struct OverlayInfo {
    std::string name{};
    bool on_air = false;
    std::string trouble{};  ///< Why it cannot be drawn.
  };
  std::vector<OverlayInfo> overlays{};
  std::vector<std::string> scenes{};
  bool black = false;    ///< The operator's fade to black.
  bool holding = false;  ///< Cues and duration wait for a scene::GoAction.
  /// What the show does next by itself.
  std::string next_cue{};  ///< In words; empty when nothing is to come.
  milliseconds next_cue_in{0};
  std::optional<milliseconds> ends_in{};  ///< Of a program with a duration that has begun.
  std::vector<SourceInfo> sources{};
  std::vector<OutputRunner::Status> outputs{};
  std::vector<EncoderBank::Info> renditions{};  ///< That run, beside the main encode.
};

/// A live switcher without a window: sources in, one program out, any number of outputs.
///
/// create() opens what can be opened, run() is the clock; everything else may be called from any
/// thread while it runs. See the threads in source.hpp, encode_stage.hpp and outputs.hpp.
class Compositor {
 public:
  /// @return kMedia for a source, overlay or encoder that does not open; kUsage for no outputs.
  static Result<std::unique_ptr<Compositor>> create(scene::Show show, RunOptions options);
  Compositor(const Compositor&) = delete;
  Compositor& operator=(const Compositor&) = delete;
  ~Compositor();

  /// Runs to the end of the duration, a stop action, `stop`, or until no output is left.
  /// @param stop   orderly: what was composed is encoded, files are finished.
  /// @param abort  at once.
  /// @return the final figures; kMedia when an output failed for good or an encoder broke.
  struct Report {
    Snapshot last{};
    std::vector<std::string> failed_outputs{};
    /// Why files did not open that were never seen or heard: the program went on without them.
    std::vector<Error> failed_sources{};
    bool stopped = false;  ///< By `stop`, before the duration was over.
  };
  Result<Report> run(std::stop_token stop, std::stop_token abort);

  /// Does all of these between the same two frames.
  /// @return the tick they took effect at, or the first one's error (then none was done); kConflict
  ///         when 64 batches are waiting already. The future is ready within one tick.
  /// @param warnings  gets what viewers will not see of new texts; before this returns.
  std::future<Result<std::uint64_t>> post(std::vector<scene::Action> actions,
                                          std::vector<std::string>* warnings = nullptr);

  /// @return kConflict for a name that is taken, kNotFound for a rendition the show has not.
  Status add_output(const media::MuxTarget& target);
  /// Finishes the output (with all its renditions) and forgets it. The name is the short one, as in
  /// the status.
  Status remove_output(const std::string& name);
  /// A source joins. A scene of its name that shows it alone joins with it, unless there is one.
  /// @return kConflict when there is a source of that name; kNotFound when it ducks under one that
  ///         is not there; kMedia when its file does not open.
  Status add_source(const scene::Source& source);
  /// Arranges a scene anew, or for the first time. On air it changes with the next frame: a take of
  /// another scene waits for sources that nobody saw so far, this does not.
  /// @param json  its object as in a show file. @return kUsage for what a show file may not have.
  Status set_scene(const std::string& name, std::string_view json);
  /// A source leaves, and with it the scene that joined with it, unless that was arranged anew.
  /// Other scenes that have a place for it show its card there.
  /// @return kConflict while it is on air or in preview, or the slate stands in for it; kNotFound.
  Status remove_source(const std::string& name);
  /// Opens a source again, from its beginning; its old pictures stay until the new ones come.
  Status restart_source(const std::string& name);
  [[nodiscard]] Snapshot snapshot() const;
  /// A copy of the picture on air.
  [[nodiscard]] Picture program_picture() const;
  /// A source's newest picture; null when there is none (or no such source). Waits up to 400 ms
  /// when the source was not decoded because nobody saw it.
  [[nodiscard]] Picture source_picture(const std::string& name);
  /// The scene in preview, without overlays; null when it is empty.
  [[nodiscard]] Picture preview_picture() const;
  /// A source's newest picture without having it decoded: of one that nobody looks at, its last key
  /// frame (of the call before, or null, at first). Null when there is no such source.
  [[nodiscard]] Picture source_glimpse(const std::string& name);
  /// Preview, program and all sources in one picture.
  [[nodiscard]] Picture multiview_picture();
  [[nodiscard]] const scene::Show& show() const noexcept;

 private:
  class Impl;
  explicit Compositor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What the show's output (or the command line's) means for a muxer.
/// @param allow_loose  accept a secret file others may read.
/// @return kConfig for a bad address file; kMedia with a hint for kinds that need a service.
Result<media::MuxTarget> resolve_output(const scene::Output& output, bool offline, bool allow_loose,
                                        const std::string& ca_file);

}  // namespace ts::compose
