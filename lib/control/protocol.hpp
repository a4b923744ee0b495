// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "scene/show.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The compositor's control protocol, version 1: JSON lines over a Unix stream socket (mode 0600).
///
/// The client sends one JSON object per line, at most 64 KiB:
///
///     {"id": 1, "command": "take", "scene": "two", "transition": "fade", "duration_ms": 500}
///
/// `id` is any number or string and comes back in the reply; it may be left out. Every line gets
/// exactly one reply line, in the order in which the commands take effect (not necessarily the
/// order in which they were sent):
///
///     {"id": 1, "ok": true, "tick": 4711}
///     {"id": 1, "ok": false, "error": {"kind": "not_found", "code": "not_found",
///                                      "message": "…", "hint": "…", "retryable": false}}
///
/// `tick` is the first program frame for which the command holds. Some replies carry more members.
/// Unknown commands and unknown members are errors, so that a typing mistake does not pass for a
/// command that did nothing.
///
/// Commands (a ? may be left out):
///
/// - preview: scene
/// - take: scene? (default: the preview), transition? (cut, fade, ftb, wipe; default cut),
///   duration_ms? (default 500; not for cut)
/// - cut: scene? (default: the preview)
/// - black: on? (default true), duration_ms? (default 500): the program to black, or back
/// - overlay_show: overlay, for_ms? (hides by itself after so long)
/// - overlay_hide: overlay
/// - overlay_set: overlay, title? or text?, subtitle?: new words, at once; reply: "warnings" (a
///   list of texts), when viewers will not see all of them. Of a countdown: to (RFC 3339) or in_ms
///   (so long from now): another moment
/// - audio: source, and at least one of gain_db? (-120 to 24), mute?, solo?, follow?,
///   delay_ms? (0 to 10000)
/// - batch: commands: 1 to 64 of the above, all in one frame or none
/// - source_add: name, source: an object as in the show file; paths absolute
/// - source_remove, source_restart: name
/// - scene_set: name, scene: an object as in the show file; arranges it anew, or for the first time
/// - output_add: output: "file:/ABS", "hls:/ABS", "rtmp-url-file:/ABS", "srt-url-file:/ABS",
/// "mux:ID", "whip:URL",
///   "room"; name?
/// - output_remove: name
/// - output_list: reply: "outputs": [{"name", "target", "state", …}]
/// - status: reply: "status": {…}, what `ts compose status --json` prints
/// - shot: path (absolute; a PNG is written there), source? or preview? or multiview? (default: the
///   program); reply: "path", "width", "height"
/// - picture: width, height (1 to 320), source? or preview? or multiview?, glimpse? (of a source:
/// do
///   not decode it for this, its last key frame will do): reply: "width", "height", "rgb": the
///   picture scaled to that size, 3 bytes a pixel, row by row, in base64
/// - go: at_ms?, done_ms?: starts the clock of cues and duration of a program that was begun on
///   hold, as if at_ms of the show were over. Its cues up to done_ms (default at_ms) are left out,
///   those from there to at_ms are done at once
/// - stop: ends the program in good order; the reply comes before it has ended
/// - events: kinds?: ["tally", …] (default all but meters). From the reply on this client also gets
///   event lines; it may go on sending commands
/// - ping: reply at once, without a tick
///
/// Event lines have no `id` and no `ok`. They tell changes: ask `status` for how things are.
///
///     {"event": "scene", "tick": 4711, "time": "2026-11-20T14:03:00.123Z", …}
///
/// - scene: program, preview, transition, state: "begin", "done" or "preview"
/// - tally: program: [sources], preview: [sources]
/// - overlay: overlay, visible or text_changed
/// - audio: source, and what changed of gain_db, mute, solo, follow, delay_ms
/// - black: on
/// - source: source, state: connecting, live, stale, lost, ended, still, removed; message
/// - output: output, state: connecting, live, stalled, reconnecting, failed, ended, removed;
///   message; the clean recording of a source is output "iso:NAME"
/// - guard: guard: black, frozen, silent, clipped, quiet; active
/// - quality: quality: full, economy, reduced, half: what is given up while the machine is late
/// - meters (only when asked for by name, about ten a second): peak_db, rms_db, true_peak_db,
///   true_peak_max_db, momentary_lufs, short_term_lufs, integrated_lufs, limited_db
/// - go
/// - stop: reason
/// - dropped: count: so many event lines were left out here, since this client read too slowly
///
/// Limits: 16 clients, 64 commands waiting over all clients (then "busy", retryable), 1 MiB of
/// unread lines per client (then it is disconnected). A client that sends garbage gets an error per
/// line; one that hangs costs a place, which it loses to a newcomer when it has been silent for
/// 10 s.
namespace ts::control {

inline constexpr std::size_t kMaxLine = std::size_t{64} << 10U;
inline constexpr std::size_t kMaxBatch = 64;
inline constexpr int kMaxPicture = 320;

/// Sets what is given for one source's sound.
struct AudioCommand {
  std::string source{};
  std::optional<double> gain_db{};
  std::optional<bool> mute{};
  std::optional<bool> solo{};
  std::optional<milliseconds> delay{};
  std::optional<bool> follow{};
};

/// Anything that may be part of a batch.
using Step = std::variant<scene::Action, AudioCommand>;

/// One or more steps that take effect in the same frame: all of them or, when one is refused, none.
/// A single command is a batch of one.
struct ActCommand {
  std::vector<Step> steps{};
};
struct SourceAddCommand {
  scene::Source source{};
};
struct SourceRemoveCommand {
  std::string name{};
};
struct SourceRestartCommand {
  std::string name{};
};
struct SceneSetCommand {
  std::string name{};
  std::string scene{};  ///< JSON text: what it means depends on the show.
};
struct OutputAddCommand {
  scene::Output output{};
};
struct OutputRemoveCommand {
  std::string name{};
};
struct OutputListCommand {};
struct StatusCommand {};
/// Which picture is meant.
enum class View : std::uint8_t { kProgram, kSource, kPreview, kMultiview };

struct ShotCommand {
  View view = View::kProgram;
  std::string source{};  ///< With kSource.
  std::string path{};    ///< Absolute.
};

/// A small picture for a screen; the reply carries its pixels.
struct PictureCommand {
  View view = View::kProgram;
  std::string source{};  ///< With kSource.
  bool glimpse = false;  ///< The source is not decoded for this.
  int width = 0;         ///< 1 to kMaxPicture.
  int height = 0;
};

/// What the compositor is asked. `stop` is a scene::StopAction; `events` and `ping` never reach it.
using Command =
    std::variant<ActCommand, SourceAddCommand, SourceRemoveCommand, SourceRestartCommand,
                 SceneSetCommand, OutputAddCommand, OutputRemoveCommand, OutputListCommand,
                 StatusCommand, ShotCommand, PictureCommand>;

/// Subscribes the client that sends it.
struct EventsRequest {
  std::vector<std::string> kinds{};  ///< Empty: all.
};
struct PingRequest {};

/// One line from a client.
struct ClientLine {
  std::string
      id{};  ///< JSON text of the id, "null" when there is none; kept even when the rest is bad.
  Result<std::variant<Command, EventsRequest, PingRequest>> request =
      Error{.message = "nothing was parsed"};
};

/// Reads one line (without its newline). Never fails as a whole: a bad line has an Error (kUsage,
/// with a suggestion where one is near) as its request.
ClientLine parse_line(std::string_view line);

/// `error` as in a reply.
Json error_json(const Error& error);
/// The inverse, for clients; unknown kinds become kRemote.
Error error_from_json(const Json& json);

/// Checks a request as the server would, without sending it. `request` is the object a client
/// sends.
Status check_request(const Json& request);

}  // namespace ts::control
