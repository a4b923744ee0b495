// SPDX-License-Identifier: Apache-2.0
#include "scene/explain.hpp"

#include "core/text.hpp"
#include "scene/filter_text.hpp"
#include "scene/overlay_filters_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace ts::scene {
namespace {

/// A looped range is kept in memory by ffmpeg: not more of it than this.
constexpr std::int64_t kMostLoopedFrames = 900;
/// Stands for a source that shows nothing.
constexpr std::uint32_t kCard = 0x1A212B;

/// One scene to be built and how it comes on air.
struct Part {
  const Scene* scene = nullptr;
  milliseconds at{0};
  Transition transition{};
};

class Explainer {
 public:
  Explainer(const Show& show, const ExplainOptions& options) : show_(show), options_(options) {}

  Result<std::string> run() {
    TS_CHECK(choose_parts());
    for (const Part& part : parts_) {
      for (const Layer& layer : part.scene->layers) ++uses_[layer.source];
    }
    inputs();
    for (const Source& source : show_.sources) split_source(source);
    std::string program;
    for (std::size_t i = 0; i < parts_.size(); ++i) program = add_part(i, program);
    program = add_overlays(program);
    program = add_black(program);
    const std::string filter = show_.filter.empty() ? "" : show_.filter + ",";
    graph(fmt::format("{}{}format=yuv420p[video]", program, filter));
    add_sound();
    split_renditions();
    return command();
  }

 private:
  Status choose_parts() {
    if (!options_.scene.empty()) {
      const Scene* scene = show_.find_scene(options_.scene);
      if (scene == nullptr) {
        std::vector<std::string> names;
        for (const Scene& known : show_.scenes) names.push_back(known.name);
        Error error{.kind = ErrorKind::kUsage,
                    .message = fmt::format("the show has no scene '{}'", options_.scene)};
        if (const auto near = nearest(options_.scene, names)) {
          error.hint = fmt::format("did you mean '{}'?", *near);
        } else {
          error.hint = fmt::format("known: {}", fmt::join(names, ", "));
        }
        return error;
      }
      parts_.push_back({scene, milliseconds{0}, {}});
      return ok_status();
    }
    parts_.push_back({show_.find_scene(show_.program), milliseconds{0}, {}});
    for (const Cue& cue : show_.cues) {
      if (options_.at && cue.at > *options_.at) break;
      for (const Action& action : cue.actions) {
        const auto* take = std::get_if<TakeAction>(&action);
        if (take == nullptr) continue;
        const Scene* scene = show_.find_scene(take->scene);
        // A take of what is on air changes nothing, not by way of black either.
        if (scene == parts_.back().scene) continue;
        parts_.push_back({scene, cue.at, take->transition});
      }
    }
    if (options_.at) {
      parts_ = {parts_.back()};
      parts_.front().at = milliseconds{0};
      parts_.front().transition = {};
    }
    return ok_status();
  }

  [[nodiscard]] bool still(const Source& source) const {
    if (options_.is_still) return options_.is_still(source);
    const auto* media = std::get_if<MediaInput>(&source.input);
    if (media == nullptr) return false;
    const std::string name = to_lower(media->url);
    return name.ends_with(".png") || name.ends_with(".jpg") || name.ends_with(".jpeg");
  }

  [[nodiscard]] bool sounds(const Source& source) const {
    const auto* media = std::get_if<MediaInput>(&source.input);
    if (media == nullptr) return false;
    return options_.has_sound ? options_.has_sound(source) : !still(source);
  }

  [[nodiscard]] bool pictures(const Source& source) const {
    return !std::holds_alternative<MediaInput>(source.input) || !options_.has_picture ||
           options_.has_picture(source);
  }

  void inputs() {
    const std::string size =
        fmt::format("s={}x{}:r={}/{}", show_.canvas.size.width, show_.canvas.size.height,
                    show_.canvas.rate.num, show_.canvas.rate.den);
    for (const Source& source : show_.sources) {
      index_[source.name] = static_cast<int>(index_.size());
      if (const auto* media = std::get_if<MediaInput>(&source.input)) {
        if (still(source)) {
          input("-loop 1 -framerate {}/{} ", show_.canvas.rate.num, show_.canvas.rate.den);
        } else if (media->loop && !range_of(source)) {
          input("-stream_loop -1 ");
        }
        if (const auto known = known_picture(source); known && known->turned) {
          input("-noautorotate ");
        }
        if (media->start > milliseconds{0}) input("-ss {} ", filter_seconds(media->start));
        if (media->end) input("-to {} ", filter_seconds(*media->end));
        if (media->access == Access::kListen) {
          input("{} ", media->url.starts_with("rtmp") ? "-listen 1" : "-mode listener");
        }
        if (media->access == Access::kDevice) input("-f {} ", media->device);
        const bool hidden = options_.address && !media->is_file;
        input("-i {}", shell_quoted(hidden ? options_.address(media->url) : media->url));
      } else if (const auto* test = std::get_if<TestInput>(&source.input)) {
        static constexpr std::string_view kFilters[] = {"smptehdbars", "smptebars", "testsrc2",
                                                        "gradients"};
        const bool gradient = test->pattern == TestPattern::kGradient;
        input("-f lavfi -i {}={}{},{}", kFilters[static_cast<std::size_t>(test->pattern)], size,
              gradient ? ":seed=7:speed=0.01:nb_colors=2:c0=0x16283C:c1=0x5B7A94" : "",
              kToProgramColors);
      } else if (const auto* color = std::get_if<ColorInput>(&source.input)) {
        input("-f lavfi -i {}", color_source(color->rgb, size));
      } else {
        // A room cannot be an input of ffmpeg: its slate stands for it.
        input("-f lavfi -i {}", color_source(kCard, size));
      }
      inputs_ += " \\\n  ";
    }
    for (const Overlay& overlay : show_.overlays) {
      const auto* image = std::get_if<ImageOverlay>(&overlay.content);
      const auto drawn = drawn_file(overlay);
      if ((image == nullptr && !drawn) || overlay_visible(show_, options_, overlay).empty())
        continue;
      index_["overlay " + overlay.name] = static_cast<int>(index_.size());
      input("-loop 1 -framerate {}/{} -i {}", show_.canvas.rate.num, show_.canvas.rate.den,
            shell_quoted(drawn ? drawn->path : image->path));
      inputs_ += " \\\n  ";
    }
  }

  template <typename... Args>
  void input(fmt::format_string<Args...> format, Args&&... arguments) {
    inputs_ += fmt::format(format, std::forward<Args>(arguments)...);
  }

  void graph(std::string text) { graph_.push_back(std::move(text)); }

  std::string label(std::string_view stem) { return fmt::format("[{}{}]", stem, next_label_++); }

  [[nodiscard]] std::optional<KnownPicture> known_picture(const Source& source) const {
    if (!std::holds_alternative<MediaInput>(source.input)) {
      return KnownPicture{.chain = source.filter, .size = show_.canvas.size};
    }
    if (!pictures(source)) return KnownPicture{.size = show_.canvas.size};
    return options_.picture ? options_.picture(source) : std::nullopt;
  }

  [[nodiscard]] std::optional<DrawnFile> drawn_file(const Overlay& overlay) const {
    return options_.drawn ? options_.drawn(overlay) : std::nullopt;
  }

  /// The length of a part of a file that is played again and again: ffmpeg's own loop would begin
  /// at the file's beginning. Nullopt for a whole file, and for more than it could keep.
  [[nodiscard]] std::optional<milliseconds> range_of(const Source& source) const {
    const auto* media = std::get_if<MediaInput>(&source.input);
    if (media == nullptr || !media->loop || still(source)) return std::nullopt;
    if (media->start == milliseconds{0} && !media->end) return std::nullopt;
    auto end = options_.length ? options_.length(source) : std::nullopt;
    if (media->end) end = end ? std::min(*end, *media->end) : *media->end;
    if (!end || *end <= media->start) return std::nullopt;
    const auto length = *end - media->start;
    if (frames_of(length) > kMostLoopedFrames) return std::nullopt;
    return length;
  }

  [[nodiscard]] std::int64_t frames_of(milliseconds length) const {
    return std::llround(static_cast<double>(length.count()) / 1000 * show_.canvas.rate.value());
  }

  /// The program's tick at or after `time`.
  [[nodiscard]] std::int64_t tick_at(milliseconds time) const {
    const std::int64_t unit = 1000 * show_.canvas.rate.den;
    return (time.count() * show_.canvas.rate.num + unit - 1) / unit;
  }

  /// The time of a tick in seconds, to the microsecond where it is no whole millisecond.
  [[nodiscard]] std::string tick_seconds(double tick) const {
    const auto micros = std::llround(tick / show_.canvas.rate.value() * 1'000'000);
    if (micros % 1000 == 0) return filter_seconds(milliseconds{micros / 1000});
    return fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
  }

  /// For "enable": from the first tick that is not before `time`.
  [[nodiscard]] std::string at_or_after(milliseconds time) const {
    return fmt::format("gte(t\\,{})", enable_seconds(show_.canvas.rate, time));
  }

  /// Files and network sources only: a still and a pattern are there from the beginning.
  [[nodiscard]] milliseconds delay_of(const Source& source) const {
    const bool waits = std::holds_alternative<MediaInput>(source.input) && !still(source);
    return waits ? source.delay : milliseconds{0};
  }

  /// A source that is shown several times needs as many copies.
  void split_source(const Source& source) {
    const int uses = uses_[source.name];
    if (uses == 0) return;
    const auto known = known_picture(source);
    std::string text = fmt::format("[{}:v]", index_[source.name]);
    // Sound alone: its card.
    if (!pictures(source)) text = color_source(kCard, canvas_size()) + ",";
    // Of pictures from somewhere nobody knows whether they come interlaced.
    if (!known) text += fmt::format("{},", kDeinterlace);
    const std::string chain = known ? known->chain : source.filter;
    if (!chain.empty()) text += chain + ",";
    // Pixels that are no squares, of a picture whose size is not known: to squares.
    if (!known) text += "scale=w=trunc(iw*if(sar\\,sar\\,1)/2)*2:h=ih,";
    // On every tick the newest picture that is due, within 2 ms, as in the program. A generator
    // counts its pictures: in that unit 2 ms would be a whole one.
    const milliseconds late = delay_of(source) - milliseconds{2};
    text += fmt::format("settb=AVTB,setpts=PTS{}{}/TB,fps={}/{}:round=up,setsar=1",
                        late < milliseconds{0} ? '-' : '+', filter_seconds(std::chrono::abs(late)),
                        show_.canvas.rate.num, show_.canvas.rate.den);
    if (const auto range = range_of(source)) {
      // The loop filter of FFmpeg 5 counts durations in another unit: times are made anew.
      text += fmt::format(",loop=loop=-1:size={},setpts=N", frames_of(*range));
      if (const auto first = tick_at(late); first > 0) text += fmt::format("+{}", first);
    }
    if (uses > 1) text += fmt::format(",split={}", uses);
    for (int i = 0; i < uses; ++i) {
      copies_[source.name].push_back(label("s"));
      text += copies_[source.name].back();
    }
    graph(std::move(text));
  }

  /// A layer's picture and the place of its top left corner.
  struct Placed {
    std::string picture{};
    int x = 0;
    int y = 0;
  };

  /// The same numbers as in the program, for a picture whose size is known.
  static std::string exact_fit(const Layer& layer, const KnownPicture& known, Rect& place) {
    place = layer.cell;
    const int border = layer.inner_border();
    place = {place.x + border, place.y + border, place.width - 2 * border,
             place.height - 2 * border};
    const Fitted fitted = fit_picture(known.size, known.pixel_aspect, layer.crop, place, layer.fit);
    place = fitted.target;
    std::string text;
    if (fitted.source != Rect{0, 0, known.size.width, known.size.height}) {
      text += fmt::format("crop={}:{}:{}:{}:exact=1,", fitted.source.width, fitted.source.height,
                          fitted.source.x, fitted.source.y);
    }
    if (fitted.source.size() != place.size()) {
      text += fmt::format("scale={}:{}:flags=bicubic+accurate_rnd+full_chroma_int,", place.width,
                          place.height);
    }
    return text + "setsar=1";
  }

  /// What ffmpeg can find out by itself, for a picture of unknown size.
  static std::string general_fit(const Layer& layer, Rect& place) {
    const int border = layer.inner_border();
    place = {layer.cell.x + border, layer.cell.y + border, layer.cell.width - 2 * border,
             layer.cell.height - 2 * border};
    std::string text;
    if (layer.crop != Crop{}) {
      text += fmt::format("crop=iw*{}:ih*{}:iw*{}:ih*{},", 1 - layer.crop.left - layer.crop.right,
                          1 - layer.crop.top - layer.crop.bottom, layer.crop.left, layer.crop.top);
    }
    switch (layer.fit) {
      case Fit::kCover:
        text += fmt::format("scale={0}:{1}:force_original_aspect_ratio=increase,crop={0}:{1}",
                            place.width, place.height);
        break;
      case Fit::kContain:
        text += fmt::format(
            "scale={0}:{1}:force_original_aspect_ratio=decrease:force_divisible_by=2,"
            "format=yuva420p,pad={0}:{1}:(ow-iw)/2:(oh-ih)/2:black@0",
            place.width, place.height);
        break;
      case Fit::kStretch:
        text += fmt::format("scale={}:{}", place.width, place.height);
        break;
    }
    return text + ",setsar=1";
  }

  Placed layer_chain(const Layer& layer) {
    std::string copy = std::move(copies_[layer.source].back());
    copies_[layer.source].pop_back();
    const auto known = known_picture(*show_.find_source(layer.source));
    Rect place;
    std::string text = copy + (known ? exact_fit(layer, *known, place) : general_fit(layer, place));
    if (const int border = layer.inner_border(); border > 0) {
      // Of a picture from somewhere nobody knows its pixels.
      if (!known && layer.fit != Fit::kContain) text += ",format=yuv420p";
      text += "," + border_filters(border, layer.border_rgb);
      place.x -= border;
      place.y -= border;
    }
    if (layer.opacity < 1) {
      text += fmt::format(",format=yuva420p,lutyuv=a=val*{}", layer.opacity);
    }
    Placed out{.picture = label("l"), .x = place.x, .y = place.y};
    graph(text + out.picture);
    return out;
  }

  [[nodiscard]] std::string canvas_size() const {
    return fmt::format("s={}x{}:r={}/{}", show_.canvas.size.width, show_.canvas.size.height,
                       show_.canvas.rate.num, show_.canvas.rate.den);
  }

  /// A span of time, in ticks, in which something changes evenly.
  struct Span {
    double begin = 0;
    double end = 0;
  };

  /// A fade over `span`. One of no length does nothing: "enable" switches.
  [[nodiscard]] std::string fade(std::string_view way, Span span) const {
    // What would begin before the first tick begins with it: ffmpeg knows no time before.
    span.begin = std::max(0.0, span.begin);
    if (span.end <= span.begin) return {};
    return fmt::format(",fade={}:st={}:d={}:alpha=1", way, tick_seconds(span.begin),
                       tick_seconds(span.end - span.begin));
  }

  /// Black that comes during `in`, and goes, if it does, during `out`.
  std::string black(Span in, std::optional<Span> out) {
    std::string text = color_source(0x000000, canvas_size()) + ",format=yuva420p" + fade("in", in);
    if (out) text += fade("out", *out);
    std::string dark = label("b");
    graph(text + dark);
    return dark;
  }

  /// Builds the part's scene and lays it over what was on air before. @return the new picture.
  std::string add_part(std::size_t number, const std::string& before) {
    const Part& part = parts_[number];
    std::string picture = label("c");
    graph(color_source(show_.canvas.background, canvas_size()) + picture);
    for (const Layer& layer : part.scene->layers) {
      const Placed placed = layer_chain(layer);
      const std::string next = label("c");
      graph(fmt::format("{}{}overlay={}:{}{}", picture, placed.picture, placed.x, placed.y, next));
      picture = next;
    }
    if (number == 0) return picture;
    return add_transition(part, before, picture);
  }

  std::string add_transition(const Part& part, const std::string& before,
                             const std::string& after) {
    std::string next = label("p");
    // The first tick of n shows 1/(n+1) of the new scene, the last one n/(n+1).
    const Span span = transition_span(part);
    const bool changes = span.end > span.begin + 1;
    switch (changes ? part.transition.kind : TransitionKind::kCut) {
      case TransitionKind::kCut:
        graph(fmt::format("{}{}overlay=enable={}{}", before, after, at_or_after(part.at), next));
        break;
      case TransitionKind::kFade: {
        const std::string faded = label("f");
        graph(fmt::format("{}format=yuva420p{}{}", after, fade("in", span), faded));
        graph(fmt::format("{}{}overlay=enable={}{}", before, faded, at_or_after(part.at), next));
        break;
      }
      case TransitionKind::kFtb: {
        const double middle = (span.begin + span.end) / 2;
        const std::string both = label("f");
        graph(fmt::format("{}{}overlay=enable=gte(t\\,{}){}", before, after, tick_seconds(middle),
                          both));
        const std::string dark = black({span.begin, middle}, Span{middle, span.end});
        graph(fmt::format("{}{}overlay=enable={}*lt(t\\,{}){}", both, dark, at_or_after(part.at),
                          tick_seconds(span.end), next));
        break;
      }
      case TransitionKind::kWipe:
        add_wipe(span, before, after, next);
        break;
    }
    return next;
  }

  [[nodiscard]] Span transition_span(const Part& part) const {
    const auto begin = static_cast<double>(tick_at(part.at));
    return {begin - 1, begin + static_cast<double>(frames_of(part.transition.duration))};
  }

  /// The old scene from the moving edge on, over the new one. Not xfade: it would begin the new
  /// scene's sources only now.
  void add_wipe(const Span& span, const std::string& before, const std::string& after,
                const std::string& next) {
    const int width = show_.canvas.size.width;
    const std::string edge =
        fmt::format("floor((clip((t*{}/{}{:+})/{}\\,0\\,1)*{}+0.5)/2)*2", show_.canvas.rate.num,
                    show_.canvas.rate.den, -std::llround(span.begin),
                    std::llround(span.end - span.begin), width);
    const std::string rest = label("w");
    graph(fmt::format("{}pad=2*iw:ih,crop={}:ih:{}:0{}", before, width, edge, rest));
    graph(fmt::format("{}{}overlay={}:0:enable=lt(t\\,{}){}", after, rest, edge,
                      tick_seconds(span.end), next));
  }

  /// From a cue that takes everything to black to the one that takes it back.
  struct Dark {
    milliseconds from{};
    milliseconds takes{};
    std::optional<milliseconds> to{};
    milliseconds back{};
  };

  [[nodiscard]] std::vector<Dark> darks() const {
    std::vector<Dark> all;
    if (!options_.scene.empty()) return all;
    for (const Cue& cue : show_.cues) {
      if (options_.at && cue.at > *options_.at) break;
      for (const Action& action : cue.actions) {
        const auto* change = std::get_if<BlackAction>(&action);
        if (change == nullptr) continue;
        const bool dark = !all.empty() && !all.back().to;
        if (change->black && !dark) all.push_back({.from = cue.at, .takes = change->duration});
        if (!change->black && dark) {
          all.back().to = cue.at;
          all.back().back = change->duration;
        }
      }
    }
    if (!options_.at) return all;
    // One moment: black, or not.
    const bool dark = !all.empty() && !all.back().to;
    return dark ? std::vector<Dark>(1) : std::vector<Dark>{};
  }

  std::string add_black(std::string picture) {
    for (const Dark& span : darks()) {
      // The first tick moves already, the last one has arrived.
      const auto moving = [&](milliseconds at, milliseconds takes) {
        const auto begin = static_cast<double>(tick_at(at)) - 1;
        return Span{begin, begin + static_cast<double>(frames_of(takes))};
      };
      std::optional<Span> out;
      std::string when = at_or_after(span.from);
      if (span.to) {
        out = moving(*span.to, span.back);
        when += fmt::format("*lt(t\\,{})", enable_seconds(show_.canvas.rate, *span.to + span.back));
      }
      const std::string dark = black(moving(span.from, span.takes), out);
      const std::string next = label("p");
      graph(fmt::format("{}{}overlay=enable={}{}", picture, dark, when, next));
      picture = next;
    }
    return picture;
  }

  /// The same black for the sound.
  [[nodiscard]] std::string silences() const {
    const auto all = darks();
    if (all.empty()) return {};
    if (options_.at) return "volume=0,";
    // "enable" is asked once for every piece of sound: short ones.
    std::string text = "asetnsamples=n=240:p=0,";
    const auto ramp = [&](std::string_view way, milliseconds at, milliseconds takes) {
      const auto ticks = std::max<std::int64_t>(1, frames_of(takes));
      text +=
          fmt::format("afade={}:st={}:d={}", way, tick_seconds(static_cast<double>(tick_at(at))),
                      tick_seconds(static_cast<double>(ticks)));
    };
    for (const Dark& span : all) {
      ramp("out", span.from, span.takes);
      if (span.to) {
        const std::string back = tick_seconds(static_cast<double>(tick_at(*span.to)));
        text += fmt::format(":enable=lt(t\\,{}),", back);
        ramp("in", *span.to, span.back);
        text += fmt::format(":enable=gte(t\\,{})", back);
      }
      text += ",";
    }
    return text;
  }

  std::string add_overlays(std::string picture) {
    for (const Overlay& overlay : show_.overlays) {
      const std::string when = overlay_visible(show_, options_, overlay);
      if (when.empty()) continue;
      const std::string next = label("o");
      const int height = show_.canvas.size.height;
      if (const auto drawn = drawn_file(overlay)) {
        const std::string sprite = label("i");
        graph(fmt::format("[{}:v]scale=out_range=tv:out_color_matrix=bt709,format=yuva420p{}",
                          index_["overlay " + overlay.name], sprite));
        graph(fmt::format("{}{}overlay={}:{}:enable={}{}", picture, sprite, drawn->x, drawn->y,
                          when, next));
      } else if (const auto* image = std::get_if<ImageOverlay>(&overlay.content)) {
        const std::string logo = label("i");
        graph(fmt::format(
            "[{}:v]format=rgba,scale={}:-2,colorchannelmixer=aa={},"
            "scale=out_range=tv:out_color_matrix=bt709,format=yuva420p{}",
            index_["overlay " + overlay.name], image->width.value_or(-1), overlay.opacity, logo));
        graph(fmt::format("{}{}overlay={}:{}:enable={}{}", picture, logo,
                          overlay.x ? fmt::format("{}", *overlay.x) : "W-w-W/40",
                          overlay.y.value_or(height / 24), when, next));
      } else {
        graph(picture +
              overlay_text_filters(show_.canvas, overlay, when,
                                   options_.at.value_or(milliseconds{0})) +
              next);
      }
      picture = next;
    }
    return picture;
  }

  /// As long as the looped pictures: shorter sound is filled up, longer sound is cut.
  [[nodiscard]] std::string looped_sound(const Source& source) const {
    const auto range = range_of(source);
    if (!range) return {};
    const std::int64_t samples =
        std::llround(static_cast<double>(frames_of(*range)) / show_.canvas.rate.value() * 48'000);
    return fmt::format(",apad=whole_len={0},atrim=end_sample={0},aloop=loop=-1:size={0},asetpts=N",
                       samples);
  }

  void add_sound() {
    std::vector<std::string> parts;
    for (const Source& source : show_.sources) {
      const auto* test = std::get_if<TestInput>(&source.input);
      const bool tone = test != nullptr && test->tone_hz > 0;
      if (source.muted || (!tone && !sounds(source))) continue;
      const std::string out = label("a");
      std::string text;
      if (tone) {
        // To both channels as it is: ffmpeg by itself would spread it over them, 3 dB quieter. Its
        // sine has 1/8, ts's -18 dBFS.
        text = fmt::format("sine=f={}:r=48000,aformat=fltp,pan=stereo|c0=1.00714*c0|c1=1.00714*c0",
                           test->tone_hz);
      } else {
        text = fmt::format("[{}:a]aresample=48000,aformat=channel_layouts=stereo{}",
                           index_[source.name], looped_sound(source));
        if (const auto delay = delay_of(source); delay > milliseconds{0}) {
          text += fmt::format(",adelay={}:all=1", delay.count());
        }
      }
      graph(fmt::format("{},volume={}dB{}", text, source.gain_db, out));
      parts.push_back(out);
    }
    if (parts.empty()) {
      graph("anullsrc=r=48000:cl=stereo[audio]");
      return;
    }
    // level=0: it would make up for the ceiling by playing everything louder.
    graph(fmt::format(
        "{}amix=inputs={}:normalize=0:dropout_transition=0,{}alimiter=limit={:.4f}:level=0:"
        "latency=1[audio]",
        fmt::join(parts, ""), parts.size(), silences(), std::pow(10, show_.ceiling_dbtp / 20)));
  }

  /// Picture and sound once more for every rendition.
  void split_renditions() {
    if (show_.renditions.empty()) return;
    std::string pictures;
    std::string sounds;
    for (std::size_t i = 0; i <= show_.renditions.size(); ++i) {
      pictures += fmt::format("[v{}]", i);
      sounds += fmt::format("[a{}]", i);
    }
    graph(fmt::format("[video]split={}{}", show_.renditions.size() + 1, pictures));
    graph(fmt::format("[audio]asplit={}{}", show_.renditions.size() + 1, sounds));
    for (std::size_t i = 0; i < show_.renditions.size(); ++i) {
      const Size size = show_.renditions[i].size;
      graph(fmt::format("[v{0}]scale={1}:{2}:flags=bicubic,setsar=1[r{0}]", i + 1, size.width,
                        size.height));
    }
  }

  /// When the show ends: after its duration, or by a cue. Nullopt for one that goes on.
  [[nodiscard]] std::optional<milliseconds> end() const {
    std::optional<milliseconds> out = show_.duration;
    if (!options_.scene.empty() || options_.at) return out;
    for (const Cue& cue : show_.cues) {
      for (const Action& action : cue.actions) {
        if (std::holds_alternative<StopAction>(action))
          out = std::min(out.value_or(cue.at), cue.at);
      }
    }
    return out;
  }

  /// The options of one encode and its file.
  [[nodiscard]] std::string one_output(const Encode& encode, std::string_view video,
                                       std::string_view audio, std::string_view file) const {
    const double gop =
        show_.canvas.rate.value() * static_cast<double>(show_.encode.gop.count()) / 1000;
    const auto length = end();
    return fmt::format(
        "  -map '[{}]' -map '[{}]'{} \\\n"
        "  -c:v {} -preset {} -tune zerolatency -b:v {} -maxrate {} -bufsize {} -g {:.0f} "
        "-sc_threshold 0 -bf 0 \\\n"
        "  -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \\\n"
        "  -c:a aac -ar 48000 -b:a {} {}",
        video, audio, length ? " -t " + filter_seconds(*length) : "", encode.encoder, encode.preset,
        encode.video_bitrate, encode.video_bitrate, encode.video_bitrate, gop, encode.audio_bitrate,
        shell_quoted(file));
  }

  /// What the show does and this line does not, as comments of the shell.
  [[nodiscard]] std::string left_out() const {
    std::set<std::string> what;
    if (options_.scene.empty() && !options_.at) {
      for (const Cue& cue : show_.cues) {
        for (const Action& action : cue.actions) {
          if (!std::holds_alternative<TakeAction>(action) &&
              !std::holds_alternative<BlackAction>(action) &&
              !std::holds_alternative<OverlayAction>(action) &&
              !std::holds_alternative<PreviewAction>(action) &&
              !std::holds_alternative<StopAction>(action)) {
            what.insert("cues that change sound or words");
          }
        }
      }
    }
    const bool whole = options_.scene.empty() && !options_.at;
    for (std::size_t i = 2; i < parts_.size(); ++i) {
      const Part& before = parts_[i - 1];
      if (before.transition.kind != TransitionKind::kCut &&
          static_cast<double>(tick_at(parts_[i].at)) < transition_span(before).end) {
        what.insert("takes that cut a transition short (it goes on here)");
      }
    }
    for (const Source& source : show_.sources) {
      const auto* media = std::get_if<MediaInput>(&source.input);
      const bool part = media != nullptr && (media->start > milliseconds{0} || media->end);
      if (part && media->loop && !still(source) && !range_of(source)) {
        what.insert("loops of a part of a file (it is played once here, and then all of it)");
      }
      if (uses_.contains(source.name) && !known_picture(source)) {
        what.insert("the exact place of pictures whose size is not known yet");
      }
      if (uses_.contains(source.name) && !pictures(source)) {
        what.insert("the names on the cards of sources without a picture");
      }
      if (uses_.contains(source.name) && delay_of(source) > milliseconds{0}) {
        what.insert("the cards of sources that are not there yet");
      }
      if (source.duck) what.insert("ducking");
      if (source.follow) what.insert("sound that follows the picture");
    }
    for (const Scene& scene : show_.scenes) {
      if (!scene.gains_db.empty()) what.insert("the gains of scenes");
    }
    for (const Overlay& overlay : show_.overlays) {
      if (overlay_visible(show_, options_, overlay).empty()) continue;
      if (whole && overlay.fade > milliseconds{0}) what.insert("the fades of overlays");
      if (!drawn_file(overlay) && !std::holds_alternative<ImageOverlay>(overlay.content)) {
        what.insert("ts's own setting of texts (--overlays DIR draws them as it does)");
      }
      const auto* countdown = std::get_if<CountdownOverlay>(&overlay.content);
      if (countdown != nullptr && !countdown->done.empty()) {
        what.insert("what a countdown says at its end");
      }
    }
    if (!show_.guards.slate.empty()) what.insert("the slate");
    if (show_.frame_code) what.insert("the frame code");
    std::string text;
    if (!what.empty()) text = fmt::format("# not in this line: {}\n", fmt::join(what, "; "));
    if (!end())
      text += "# the show has no end, nor has this line: press q, or add -t 10 for 10 s\n";
    return text;
  }

  [[nodiscard]] std::string command() const {
    const bool several = !show_.renditions.empty();
    std::string outputs = one_output(show_.encode, several ? "v0" : "video",
                                     several ? "a0" : "audio", options_.output);
    for (std::size_t i = 0; i < show_.renditions.size(); ++i) {
      const Rendition& rendition = show_.renditions[i];
      const std::filesystem::path file(options_.output);
      const std::filesystem::path beside =
          file.parent_path() /
          (file.stem().string() + "-" + rendition.name + file.extension().string());
      outputs += " \\\n" + one_output(rendition.encode, fmt::format("r{}", i + 1),
                                      fmt::format("a{}", i + 1), beside.string());
    }
    return fmt::format(
        "{}ffmpeg \\\n  {}-filter_complex {} \\\n{}\n", left_out(), inputs_,
        shell_quoted("\n    " + fmt::format("{}", fmt::join(graph_, ";\n    ")) + "\n  "), outputs);
  }

  const Show& show_;
  const ExplainOptions& options_;
  std::vector<Part> parts_;
  std::map<std::string, int> uses_;
  std::map<std::string, int> index_;
  std::map<std::string, std::vector<std::string>> copies_;
  std::string inputs_;
  std::vector<std::string> graph_;
  int next_label_ = 0;
};

}  // namespace

std::string shell_quoted(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

Result<std::string> explain(const Show& show, const ExplainOptions& options) {
  return Explainer(show, options).run();
}

}  // namespace ts::scene
