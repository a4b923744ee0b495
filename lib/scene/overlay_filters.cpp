// SPDX-License-Identifier: Apache-2.0
#include "scene/filter_text.hpp"
#include "scene/overlay_filters_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace ts::scene {
namespace {

/// An overlay's opacity for drawtext.
std::string alpha(const Overlay& overlay) {
  return overlay.opacity < 1 ? fmt::format(":alpha={}", overlay.opacity) : std::string();
}

std::string time_filter(const Canvas& canvas, const Overlay& overlay, std::string_view text,
                        int size, const std::string& when) {
  return fmt::format(
      "drawtext=text={}:fontsize={}:fontcolor=white{}:shadowx=2:shadowy=2:x={}:y={}:enable={}",
      filter_quoted(text), size, alpha(overlay),
      overlay.x ? fmt::format("{}", *overlay.x) : "(w-text_w)/2",
      overlay.y.value_or(canvas.size.height / 12), when);
}

/// The time left as the program shows it: 00:48 until 47 seconds are left, 1:00:00 for an hour.
std::string countdown_filter(const Canvas& canvas, const Overlay& overlay,
                             const CountdownOverlay& countdown, const std::string& when,
                             milliseconds begin) {
  const milliseconds end =
      countdown.to ? std::chrono::duration_cast<milliseconds>(countdown.to->time_since_epoch())
                   : std::max(milliseconds{0}, countdown.length - begin);
  // A moment less than what is left: a frame's time may be a hair before its second.
  const std::string left = fmt::format("ceil(max(0,{}-{}-0.000001))", filter_seconds(end),
                                       countdown.to ? "time(0)" : "t");
  const auto part = [&](std::string_view expression, int digits) {
    return fmt::format("%{{eif:{}:d:{}}}", expression, digits);
  };
  const std::string minutes = part(fmt::format("trunc(mod({},3600)/60)", left), 2) + ":" +
                              part(fmt::format("mod({},60)", left), 2);
  if (!countdown.to && countdown.length < std::chrono::hours{1}) {
    return time_filter(canvas, overlay, minutes, countdown.size, when);
  }
  std::string escaped;
  for (const char c : left) escaped += c == ',' ? std::string("\\,") : std::string(1, c);
  const std::string hours = part(fmt::format("trunc({}/3600)", left), 1) + ":" + minutes;
  return time_filter(canvas, overlay, minutes, countdown.size,
                     fmt::format("({})*lt({}\\,3600)", when, escaped)) +
         "," +
         time_filter(canvas, overlay, hours, countdown.size,
                     fmt::format("({})*gte({}\\,3600)", when, escaped));
}

std::string lower_third_filter(const Canvas& canvas, const Overlay& overlay,
                               const LowerThird& third, const std::string& when) {
  const int width = canvas.size.width;
  const int height = canvas.size.height;
  const int unit = std::max(12, height / 20);
  const int x = overlay.x.value_or(width / 16);
  const int y = overlay.y.value_or(height - height / 12 - unit * 3);
  return fmt::format(
      "drawbox=x={0}:y={1}:w={2}:h={3}:color=0x10151C@{12:.4g}:t=fill:enable={4},"
      "drawtext=text={5}:expansion=none:fontsize={6}:fontcolor=white{13}:x={7}:y={8}:"
      "enable={4},drawtext=text={9}:expansion=none:fontsize={10}:fontcolor=0xC8D0DA{13}:"
      "x={7}:y={11}:enable={4}",
      x, y, width / 3, unit * 3, when, filter_quoted(third.title), unit, x + unit * 2 / 3,
      y + unit / 2, filter_quoted(third.subtitle.empty() ? " " : third.subtitle), unit * 2 / 3,
      y + unit * 7 / 4, 0.82 * overlay.opacity, alpha(overlay));
}

}  // namespace

std::string enable_seconds(const Ratio& rate, milliseconds time) {
  const std::int64_t unit = 1000 * rate.den;
  const std::int64_t scaled = time.count() * rate.num;
  // As ffmpeg reckons t: the number of the tick times the length of one.
  const std::int64_t tick = scaled / unit;
  const double t = static_cast<double>(tick) * (1 / rate.value());
  const bool hair = scaled % unit == 0 && t < static_cast<double>(time.count()) / 1000;
  return filter_seconds(hair ? time - milliseconds{1} : time);
}

std::string from_until(const Ratio& rate, milliseconds from, milliseconds until) {
  return fmt::format("gte(t\\,{})*lt(t\\,{})", enable_seconds(rate, from),
                     enable_seconds(rate, until));
}

std::string overlay_visible(const Show& show, const ExplainOptions& options,
                            const Overlay& overlay) {
  std::vector<std::string> spans;
  std::optional<milliseconds> since;
  std::optional<milliseconds> until;  // Of those that go by themselves.
  const auto hide = [&](milliseconds at) {
    if (!since) return;
    spans.push_back(from_until(show.canvas.rate, *since, at));
    since.reset();
    until.reset();
  };
  const auto appear = [&](milliseconds at, std::optional<milliseconds> length) {
    if (!since) since = at;
    if (length) until = at + *length;
  };
  if (overlay.visible) appear(milliseconds{0}, overlay.length);
  for (const Cue& cue : show.cues) {
    if (options.at && cue.at > *options.at) break;
    if (until && *until <= cue.at) hide(*until);
    for (const Action& action : cue.actions) {
      const auto* change = std::get_if<OverlayAction>(&action);
      if (change == nullptr || change->overlay != overlay.name) continue;
      if (change->show) {
        appear(cue.at, change->length ? change->length : overlay.length);
      } else {
        hide(cue.at);
      }
    }
  }
  if (until && (!options.at || *until <= *options.at) && options.scene.empty()) hide(*until);
  if (options.at || !options.scene.empty()) return since ? "1" : "";
  if (since) {
    spans.push_back(fmt::format("gte(t\\,{})", enable_seconds(show.canvas.rate, *since)));
  }
  return fmt::format("{}", fmt::join(spans, "+"));
}

std::string overlay_text_filters(const Canvas& canvas, const Overlay& overlay,
                                 const std::string& when, milliseconds begin) {
  if (const auto* clock = std::get_if<ClockOverlay>(&overlay.content)) {
    return time_filter(canvas, overlay, clock->utc ? "%{gmtime}" : "%{localtime}", clock->size,
                       when);
  }
  if (const auto* countdown = std::get_if<CountdownOverlay>(&overlay.content)) {
    return countdown_filter(canvas, overlay, *countdown, when, begin);
  }
  if (const auto* text = std::get_if<TextOverlay>(&overlay.content)) {
    return fmt::format(
        "drawtext=text={}:expansion=none:fontsize={}:fontcolor=white{}:shadowx=2:shadowy=2:x={}:"
        "y={}:enable={}",
        filter_quoted(text->text), text->size, alpha(overlay),
        overlay.x ? fmt::format("{}", *overlay.x) : "(w-text_w)/2",
        overlay.y.value_or(canvas.size.height / 12), when);
  }
  return lower_third_filter(canvas, overlay, std::get<LowerThird>(overlay.content), when);
}

}  // namespace ts::scene
