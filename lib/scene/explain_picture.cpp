// SPDX-License-Identifier: Apache-2.0
// The picture of a show as a graph of ffmpeg's filters: scenes, how one follows another, black,
// overlays.
#include "scene/explain_internal.hpp"
#include "scene/filter_text.hpp"
#include "scene/overlay_filters_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace ts::scene {

void Explainer::split_source(const Source& source) {
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

std::string Explainer::exact_fit(const Layer& layer, const KnownPicture& known, Rect& place) {
  place = layer.cell;
  const int border = layer.inner_border();
  place = {place.x + border, place.y + border, place.width - 2 * border, place.height - 2 * border};
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

std::string Explainer::general_fit(const Layer& layer, Rect& place) {
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

Explainer::Placed Explainer::layer_chain(const Layer& layer) {
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

std::string Explainer::canvas_size() const {
  return fmt::format("s={}x{}:r={}/{}", show_.canvas.size.width, show_.canvas.size.height,
                     show_.canvas.rate.num, show_.canvas.rate.den);
}

std::string Explainer::fade(std::string_view way, Span span) const {
  // What would begin before the first tick begins with it: ffmpeg knows no time before.
  span.begin = std::max(0.0, span.begin);
  if (span.end <= span.begin) return {};
  return fmt::format(",fade={}:st={}:d={}:alpha=1", way, tick_seconds(span.begin),
                     tick_seconds(span.end - span.begin));
}

std::string Explainer::black(Span in, std::optional<Span> out) {
  std::string text = color_source(0x000000, canvas_size()) + ",format=yuva420p" + fade("in", in);
  if (out) text += fade("out", *out);
  std::string dark = label("b");
  graph(text + dark);
  return dark;
}

std::string Explainer::add_part(std::size_t number, const std::string& before) {
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

std::string Explainer::add_transition(const Part& part, const std::string& before,
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

Explainer::Span Explainer::transition_span(const Part& part) const {
  const auto begin = static_cast<double>(tick_at(part.at));
  return {begin - 1, begin + static_cast<double>(frames_of(part.transition.duration))};
}

void Explainer::add_wipe(const Span& span, const std::string& before, const std::string& after,
                         const std::string& next) {
  const int width = show_.canvas.size.width;
  const std::string edge = fmt::format(
      "floor((clip((t*{}/{}{:+})/{}\\,0\\,1)*{}+0.5)/2)*2", show_.canvas.rate.num,
      show_.canvas.rate.den, -std::llround(span.begin), std::llround(span.end - span.begin), width);
  const std::string rest = label("w");
  graph(fmt::format("{}pad=2*iw:ih,crop={}:ih:{}:0{}", before, width, edge, rest));
  graph(fmt::format("{}{}overlay={}:0:enable=lt(t\\,{}){}", after, rest, edge,
                    tick_seconds(span.end), next));
}

std::vector<Explainer::Dark> Explainer::darks() const {
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

std::string Explainer::add_black(std::string picture) {
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

std::string Explainer::add_overlays(std::string picture) {
  for (const Overlay& overlay : show_.overlays) {
    const std::string when = overlay_visible(show_, options_, overlay);
    if (when.empty()) continue;
    const std::string next = label("o");
    const int height = show_.canvas.size.height;
    if (const auto drawn = drawn_file(overlay)) {
      const std::string sprite = label("i");
      graph(fmt::format("[{}:v]scale=out_range=tv:out_color_matrix=bt709,format=yuva420p{}",
                        index_["overlay " + overlay.name], sprite));
      graph(fmt::format("{}{}overlay={}:{}:enable={}{}", picture, sprite, drawn->x, drawn->y, when,
                        next));
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
      graph(
          picture +
          overlay_text_filters(show_.canvas, overlay, when, options_.at.value_or(milliseconds{0})) +
          next);
    }
    picture = next;
  }
  return picture;
}

}  // namespace ts::scene
