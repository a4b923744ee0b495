// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "scene/geometry.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ts::scene {

/// The picture on air: its size and its rate. Frame n is at n * rate.den / rate.num seconds.
struct Canvas {
  Size size{1280, 720};
  Ratio rate{30, 1};
  std::uint32_t background = 0x000000;  ///< 0xRRGGBB behind everything.
  friend bool operator==(const Canvas&, const Canvas&) = default;
};

/// How a MediaInput is reached.
enum class Access : std::uint8_t {
  kOpen,    ///< A file, or an address that is called.
  kListen,  ///< A camera calls us: rtmp://ADDRESS:PORT/APP/KEY or srt://ADDRESS:PORT.
  kDevice,  ///< A capture device of this machine: `url` is its node, `device` FFmpeg's word for it.
};

/// A file (resolved against the show file's folder), an address or a device.
struct MediaInput {
  std::string url{};
  bool is_file = false;
  Access access = Access::kOpen;
  std::string device{};   ///< v4l2 or alsa.
  std::string size{};     ///< Asked of the device, "1280x720"; empty: its own choice.
  std::int64_t rate = 0;  ///< Likewise, frames per second.
  bool loop = false;
  milliseconds start{0};              ///< `in`: where playing (and each loop) begins.
  std::optional<milliseconds> end{};  ///< `out`: where it ends.
};

enum class TestPattern : std::uint8_t { kBars, kSmpte, kMoving, kGradient };

/// A generated picture, with a tone unless `tone_hz` is 0.
struct TestInput {
  TestPattern pattern = TestPattern::kBars;
  double tone_hz = 0;
};

struct ColorInput {
  std::uint32_t rgb = 0;
};

/// A participant of the LiveKit room.
struct RoomInput {
  std::string identity{};
  std::string track = "camera";  ///< camera or screen_share.
};

using Input = std::variant<MediaInput, TestInput, ColorInput, RoomInput>;

/// A source that steps back while others speak.
struct Duck {
  std::vector<std::string> under{};  ///< The sources it listens to, as they are in the mix.
  double by_db = 12;                 ///< So much quieter, 0 to 60.
  double threshold_db = -40;         ///< Speech is louder than this (RMS, dBFS).
  milliseconds attack{80};           ///< From no to full reduction.
  milliseconds hold{400};            ///< Reduction stays this long after the last word.
  milliseconds release{800};         ///< From full to no reduction.
};

/// Anything that yields frames.
struct Source {
  std::string name{};
  Input input{};
  double gain_db = 0;
  bool muted = false;
  milliseconds delay{0};  ///< Added to picture and sound alike.
  std::string filter{};   ///< libavfilter chain for the picture; empty for none.
  bool follow = false;    ///< Heard only while a scene on air shows it.
  bool hot = false;       ///< Decoded even while nobody sees it: on air at the very tick of a cut.
  std::optional<Duck> duck{};
};

enum class LayoutKind : std::uint8_t { kFull, kSideBySide, kPip, kGrid, kScreen, kItems };
enum class Corner : std::uint8_t { kTopLeft, kTopRight, kBottomLeft, kBottomRight };

/// One source at one place. A scene is a list of these, back to front.
struct Layer {
  std::string source{};
  Rect cell{};  ///< Even; of "items" it may reach beyond the canvas, where it is cut.
  Fit fit = Fit::kCover;
  Crop crop{};
  double opacity = 1;
  int border = 0;  ///< Pixels of border around the cell, even, drawn inside it.
  std::uint32_t border_rgb = 0xFFFFFF;
  /// The border that is drawn: none where it would leave nothing of the picture.
  [[nodiscard]] int inner_border() const noexcept {
    return 2 * border < cell.width && 2 * border < cell.height ? border : 0;
  }
  friend bool operator==(const Layer&, const Layer&) = default;
};

/// An arrangement of sources over the canvas, plus gains. `layers` is the whole picture: every
/// layout has become rectangles.
struct Scene {
  std::string name{};
  LayoutKind layout = LayoutKind::kFull;
  std::vector<Layer> layers{};
  std::map<std::string, double> gains_db{};  ///< Added to the sources' own gains while on air.
  std::vector<std::string> idle{};           ///< What its text says that its layout has no use for.
};

struct LowerThird {
  std::string title{};
  std::string subtitle{};
  friend bool operator==(const LowerThird&, const LowerThird&) = default;
};
struct ImageOverlay {
  std::string path{};
  std::optional<int> width{};  ///< Scaled to this width; the picture's own otherwise.
  friend bool operator==(const ImageOverlay&, const ImageOverlay&) = default;
};
struct TextOverlay {
  std::string text{};
  int size = 36;
  friend bool operator==(const TextOverlay&, const TextOverlay&) = default;
};

/// The time of day.
struct ClockOverlay {
  std::string format = "%H:%M:%S";  ///< strftime; drawn again when the text changes.
  bool utc = false;                 ///< Otherwise the machine's own zone.
  int size = 36;
  friend bool operator==(const ClockOverlay&, const ClockOverlay&) = default;
};
/// Time left: to a moment, or from the program's beginning.
struct CountdownOverlay {
  std::optional<WallTime> to{};
  milliseconds length{0};  ///< Without `to`: so long after the program's beginning.
  std::string done{};      ///< Shown at the end; "00:00" when empty.
  int size = 72;
  friend bool operator==(const CountdownOverlay&, const CountdownOverlay&) = default;
};

/// A picture over the program, drawn once (clock and countdown: when their text changes) and shown
/// or hidden.
struct Overlay {
  std::string name{};
  std::variant<LowerThird, ImageOverlay, TextOverlay, ClockOverlay, CountdownOverlay> content{};
  std::optional<int> x{};  ///< Left edge; a lower third and a text have a place of their own.
  std::optional<int> y{};
  double opacity = 1;
  bool visible = false;
  milliseconds fade{300};                ///< Length of fade in and out; 0 switches at once.
  std::optional<milliseconds> length{};  ///< `for`: hides by itself so long after it was shown.
};

enum class TransitionKind : std::uint8_t { kCut, kFade, kFtb, kWipe };

struct Transition {
  TransitionKind kind = TransitionKind::kCut;
  milliseconds duration{0};
  friend bool operator==(const Transition&, const Transition&) = default;
};

/// What a cue, an operator or a test asks of the running program. Applied between two frames.
struct TakeAction {
  std::string scene{};  ///< Empty takes the preview.
  Transition transition{};
};
struct PreviewAction {
  std::string scene{};
};
struct OverlayAction {
  std::string overlay{};
  bool show = true;
  std::optional<milliseconds> length{};  ///< Instead of the overlay's own.
};
/// New words for a lower third or a text overlay.
struct OverlayTextAction {
  std::string overlay{};
  std::string title{};  ///< Or the text.
  std::string subtitle{};
  bool is_text = false;  ///< Meant for a text overlay, not for a lower third.
};
/// Another moment for a countdown.
struct CountdownAction {
  std::string overlay{};
  std::optional<WallTime> to{};
  milliseconds in{0};  ///< Without `to`: so long from when it is asked for.
};
struct GainAction {
  std::string source{};
  double gain_db = 0;
};
struct MuteAction {
  std::string source{};
  bool muted = true;
};
/// While any source is solo, only the solo ones are heard.
struct SoloAction {
  std::string source{};
  bool solo = true;
};
/// The source's sound comes this much later than its picture.
struct DelayAction {
  std::string source{};
  milliseconds delay{0};
};
/// Whether the source is heard only while a scene on air shows it.
struct FollowAction {
  std::string source{};
  bool follow = true;
};
/// Everything to black and silence, or back.
struct BlackAction {
  bool black = true;
  milliseconds duration{500};
};
struct StopAction {};
/// Starts the clock of the show's cues and duration, when the program was begun on hold.
struct GoAction {
  milliseconds at{0};    ///< What the show's clock says: later for one that goes on.
  milliseconds done{0};  ///< Up to where its cues were done; the rest of what is over is done now.
};
using Action = std::variant<TakeAction, PreviewAction, OverlayAction, OverlayTextAction,
                            CountdownAction, GainAction, MuteAction, SoloAction, DelayAction,
                            FollowAction, BlackAction, StopAction, GoAction>;

/// Actions that happen in one frame, at a time from the program's beginning.
struct Cue {
  milliseconds at{0};
  std::vector<Action> actions{};
  std::string where{};  ///< "$.cues[2]", for messages.
};

struct Encode {
  std::int64_t video_bitrate = 2'500'000;
  std::int64_t audio_bitrate = 128'000;
  milliseconds gop{2000};
  std::string preset = "veryfast";
  std::string profile{};  ///< Empty: high, or constrained baseline for room and WHIP.
  std::string encoder = "libx264";
};

/// The program encoded once more, in another size: for a ladder, or for an output with little room.
/// Its group of pictures and its rate are the main encode's.
struct Rendition {
  std::string name{};
  Size size{};
  Encode encode{};
};
/// The main encode's name beside renditions.
inline constexpr std::string_view kMainRendition = "main";

/// What the program watches itself for; a guard without a time is off.
struct Guards {
  std::optional<milliseconds> black{};   ///< Dark for so long.
  double black_percent = 4;              ///< Dark: no more than this part of white.
  std::optional<milliseconds> frozen{};  ///< Not a pixel moved for so long.
  std::optional<milliseconds> silent{};
  double silent_db = -60;  ///< Silent: peaks below this, dBFS.
  std::optional<milliseconds> clipped{};
  double clipped_db = 3;  ///< Clipped: the limiter takes off more than this.
  std::optional<milliseconds> quiet{};
  double quiet_lufs = -40;  ///< Quiet: momentary loudness below this, but not silent.
  /// A scene that comes by itself when the picture is black or frozen, and goes when the scene
  /// before would show something again.
  std::string slate{};
  [[nodiscard]] bool any() const noexcept { return black || frozen || silent || clipped || quiet; }
};

struct FileOutput {
  std::string path{};
};
struct RtmpUrlFileOutput {
  std::string path{};  ///< The file holds the address, which is a secret.
};
struct SrtUrlFileOutput {
  std::string path{};  ///< The file holds the address, which may carry a passphrase.
};
struct HlsOutput {
  std::string folder{};
  milliseconds segment{2000};
  int window = 0;  ///< Segments kept; 0 keeps all.
  bool fmp4 = false;
};
struct MuxOutput {
  std::string live_stream_id{};
};
struct WhipOutput {
  std::string url{};
};
struct RoomOutput {};
struct Output {
  std::variant<FileOutput, RtmpUrlFileOutput, HlsOutput, MuxOutput, WhipOutput, RoomOutput,
               SrtUrlFileOutput>
      target{};
  std::string name{};  ///< Given, or made from the target; unique.
  /// The encodes it takes, "main" or names of renditions; empty: the main one. Several make an HLS
  /// output with a master playlist.
  std::vector<std::string> renditions{};
};

/// A whole show file, checked: every name it refers to exists.
struct Show {
  std::string name{};
  Canvas canvas{};
  std::vector<Source> sources{};
  std::vector<Scene> scenes{};
  std::vector<Overlay> overlays{};
  std::string program{};    ///< Scene on air at the first frame.
  std::vector<Cue> cues{};  ///< In order of time.
  Encode encode{};
  std::vector<Rendition> renditions{};
  double ceiling_dbtp = -1;  ///< The limiter's: true peaks of the program stay below.
  Guards guards{};
  std::string filter{};  ///< libavfilter chain for the program's picture; empty for none.
  std::vector<Output> outputs{};
  std::optional<milliseconds> duration{};
  bool frame_code = false;  ///< Burn a machine-readable frame number in (frame/frame_code.hpp).
  std::filesystem::path folder{};  ///< Relative paths were resolved against it.

  [[nodiscard]] const Source* find_source(std::string_view wanted) const noexcept;
  [[nodiscard]] const Scene* find_scene(std::string_view wanted) const noexcept;
  [[nodiscard]] const Overlay* find_overlay(std::string_view wanted) const noexcept;
  [[nodiscard]] const Rendition* find_rendition(std::string_view wanted) const noexcept;
};

/// Reads a show file's text. Unknown members, names that do not exist and values beyond the limits
/// are kUsage errors that say where ("at $.scenes.two.slots[1]: …") and suggest the nearest name.
/// @param folder  the show file's folder; relative paths are resolved against it. Nothing is
/// opened.
Result<Show> parse_show(std::string_view text, std::string_view what,
                        const std::filesystem::path& folder);

/// parse_show of a file.
Result<Show> load_show(const std::filesystem::path& path);

/// Every mistake for which load_show refuses a file, in the order of its reading; empty when there
/// is none. Of one source, scene, overlay, cue or output the first one.
std::vector<Error> mistakes_in(const std::filesystem::path& path);

/// One source from the JSON text of its object in a show file, for a source that joins later.
/// @param folder  relative paths are resolved against it; empty leaves them as they are.
Result<Source> parse_source(std::string_view name, std::string_view json,
                            const std::filesystem::path& folder);

/// One output as the command line writes it: "file:F", "hls:DIR", "rtmp-url-file:F",
/// "srt-url-file:F", "mux:ID", "whip:URL", "room". The first four may end in "@RENDITION", HLS also
/// in "@A,B". Relative paths stay relative to the working directory.
/// @return kUsage for an unknown kind, for one without its path or address, and for a file whose
///         name does not say what to write.
Result<Output> parse_output(std::string_view text);

/// kUsage with the nearest name when the output wants a rendition the show has not, or several
/// where only HLS takes several.
Status check_renditions(const Output& output, const std::vector<Rendition>& known);

/// A name for people and JSON: "fade", "side-by-side" …
std::string_view to_string(TransitionKind kind) noexcept;
std::string_view to_string(LayoutKind kind) noexcept;
std::string_view to_string(Fit fit) noexcept;
/// The inverse, kUsage with the nearest name.
Result<TransitionKind> parse_transition(std::string_view text);

/// A short text for people: what this output is, without secrets.
std::string describe(const Output& output);
/// What a cue does, for people: "fade to two, show name".
std::string describe(const Cue& cue);

}  // namespace ts::scene
