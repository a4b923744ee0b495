// SPDX-License-Identifier: Apache-2.0
// What a show is as a command line of ffmpeg: its parts, its inputs, its sound, its outputs.
#include "scene/explain.hpp"

#include "core/text.hpp"
#include "scene/explain_internal.hpp"
#include "scene/filter_text.hpp"
#include "scene/overlay_filters_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

namespace ts::scene {
namespace {

/// A looped range is kept in memory by ffmpeg: not more of it than this.
constexpr std::int64_t kMostLoopedFrames = 900;

}  // namespace

Result<std::string> Explainer::run() {
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

Status Explainer::choose_parts() {
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

bool Explainer::still(const Source& source) const {
  if (options_.is_still) return options_.is_still(source);
  const auto* media = std::get_if<MediaInput>(&source.input);
  if (media == nullptr) return false;
  const std::string name = to_lower(media->url);
  return name.ends_with(".png") || name.ends_with(".jpg") || name.ends_with(".jpeg");
}

bool Explainer::sounds(const Source& source) const {
  const auto* media = std::get_if<MediaInput>(&source.input);
  if (media == nullptr) return false;
  return options_.has_sound ? options_.has_sound(source) : !still(source);
}

bool Explainer::pictures(const Source& source) const {
  return !std::holds_alternative<MediaInput>(source.input) || !options_.has_picture ||
         options_.has_picture(source);
}

void Explainer::inputs() {
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
    if ((image == nullptr && !drawn) || overlay_visible(show_, options_, overlay).empty()) continue;
    index_["overlay " + overlay.name] = static_cast<int>(index_.size());
    input("-loop 1 -framerate {}/{} -i {}", show_.canvas.rate.num, show_.canvas.rate.den,
          shell_quoted(drawn ? drawn->path : image->path));
    inputs_ += " \\\n  ";
  }
}

std::optional<KnownPicture> Explainer::known_picture(const Source& source) const {
  if (!std::holds_alternative<MediaInput>(source.input)) {
    return KnownPicture{.chain = source.filter, .size = show_.canvas.size};
  }
  if (!pictures(source)) return KnownPicture{.size = show_.canvas.size};
  return options_.picture ? options_.picture(source) : std::nullopt;
}

std::optional<DrawnFile> Explainer::drawn_file(const Overlay& overlay) const {
  return options_.drawn ? options_.drawn(overlay) : std::nullopt;
}

std::optional<milliseconds> Explainer::range_of(const Source& source) const {
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

std::int64_t Explainer::frames_of(milliseconds length) const {
  return std::llround(static_cast<double>(length.count()) / 1000 * show_.canvas.rate.value());
}

std::int64_t Explainer::tick_at(milliseconds time) const {
  const std::int64_t unit = 1000 * show_.canvas.rate.den;
  return (time.count() * show_.canvas.rate.num + unit - 1) / unit;
}

std::string Explainer::tick_seconds(double tick) const {
  const auto micros = std::llround(tick / show_.canvas.rate.value() * 1'000'000);
  if (micros % 1000 == 0) return filter_seconds(milliseconds{micros / 1000});
  return fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
}

std::string Explainer::at_or_after(milliseconds time) const {
  return fmt::format("gte(t\\,{})", enable_seconds(show_.canvas.rate, time));
}

milliseconds Explainer::delay_of(const Source& source) const {
  const bool waits = std::holds_alternative<MediaInput>(source.input) && !still(source);
  return waits ? source.delay : milliseconds{0};
}

std::string Explainer::silences() const {
  const auto all = darks();
  if (all.empty()) return {};
  if (options_.at) return "volume=0,";
  // "enable" is asked once for every piece of sound: short ones.
  std::string text = "asetnsamples=n=240:p=0,";
  const auto ramp = [&](std::string_view way, milliseconds at, milliseconds takes) {
    const auto ticks = std::max<std::int64_t>(1, frames_of(takes));
    text += fmt::format("afade={}:st={}:d={}", way, tick_seconds(static_cast<double>(tick_at(at))),
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

std::string Explainer::looped_sound(const Source& source) const {
  const auto range = range_of(source);
  if (!range) return {};
  const std::int64_t samples =
      std::llround(static_cast<double>(frames_of(*range)) / show_.canvas.rate.value() * 48'000);
  return fmt::format(",apad=whole_len={0},atrim=end_sample={0},aloop=loop=-1:size={0},asetpts=N",
                     samples);
}

void Explainer::add_sound() {
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

void Explainer::split_renditions() {
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

std::optional<milliseconds> Explainer::end() const {
  std::optional<milliseconds> out = show_.duration;
  if (!options_.scene.empty() || options_.at) return out;
  for (const Cue& cue : show_.cues) {
    for (const Action& action : cue.actions) {
      if (std::holds_alternative<StopAction>(action)) out = std::min(out.value_or(cue.at), cue.at);
    }
  }
  return out;
}

std::string Explainer::one_output(const Encode& encode, std::string_view video,
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

std::string Explainer::left_out() const {
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
  if (!end()) text += "# the show has no end, nor has this line: press q, or add -t 10 for 10 s\n";
  return text;
}

std::string Explainer::command() const {
  const bool several = !show_.renditions.empty();
  std::string outputs =
      one_output(show_.encode, several ? "v0" : "video", several ? "a0" : "audio", options_.output);
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
