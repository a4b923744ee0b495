// SPDX-License-Identifier: Apache-2.0
#include "compose/program_filter.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <utility>

namespace ts::compose {
namespace {

/// How long pictures may wait for the filter.
constexpr double kMostLate = 2;  // s

/// The picture of tick `number` through the filter; null when it gives none, which may be no news
/// or too little to begin with.
Result<media::AvFrame> through(PictureConverter& converter, const scene::Canvas& canvas,
                               media::AvFrame picture, std::int64_t number) {
  const AVRational tick{static_cast<int>(canvas.rate.den), static_cast<int>(canvas.rate.num)};
  picture->pts = number;
  picture->time_base = tick;
  TS_CHECK(converter.push(std::move(picture)));
  media::AvFrame newest;
  while (converter.ready()) newest = converter.pull();
  if (!newest) return newest;
  if (size_of(*newest) != canvas.size) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("its pictures are {} x {}, the program's {} x {}", newest->width,
                               newest->height, canvas.size.width, canvas.size.height),
        .hint = fmt::format("put scale={}:{} at its end", canvas.size.width, canvas.size.height)};
  }
  const double pictures =
      static_cast<double>(newest->pts) * av_q2d(newest->time_base) / av_q2d(tick);
  // Of two for one the second is between it and the next.
  const auto late = std::lround(std::ceil(static_cast<double>(number) - pictures - 0.25));
  if (late > 0) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("it waits for {} more picture{} before it gives one, and "
                                        "the sound would come too early",
                                        late, late == 1 ? "" : "s"),
                 .hint = "give it to the sources instead: their sound waits for it"};
  }
  return newest;
}

}  // namespace

ProgramFilter::ProgramFilter(const scene::Show& show, bool offline, Log* log, Sink sink)
    : canvas_(show.canvas),
      log_(log),
      sink_(std::move(sink)),
      converter_(show.filter, 0),
      in_place_(offline && !show.filter.empty()) {
  if (offline || show.filter.empty()) return;
  stage_.emplace([this](const Picture& picture) { return filtered(picture); },
                 [this](const Picture& picture, std::uint64_t tick) { sink_(picture, tick); },
                 static_cast<std::size_t>(kMostLate * show.canvas.rate.value()),
                 [this](const Error& error) { report(error); });
}

Result<Picture> ProgramFilter::filtered(const Picture& picture) {
  TS_TRY(media::AvFrame out, through(converter_, canvas_, copy_pixels(*picture), count_++));
  if (out) last_ = share(std::move(out));
  return last_ ? last_ : picture;
}

void ProgramFilter::report(const Error& error) const {
  if (log_ == nullptr) return;
  log_->error("compose", "the program's filter is off: {}", error.message);
}

Picture ProgramFilter::push(Picture picture, std::uint64_t tick) {
  if (stage_) {
    stage_->push(picture, tick);
    const FilterStage::Counters late = stage_->counters();
    late_.store(late.late + late.gaps, std::memory_order_relaxed);
    const Picture newest = stage_->newest();
    return newest ? newest : picture;
  }
  if (in_place_) {
    auto out = filtered(picture);
    if (out.ok()) {
      picture = std::move(out).value();
    } else {
      in_place_ = false;
      report(out.error());
    }
  }
  return sink_(std::move(picture), tick);
}

void ProgramFilter::finish() {
  if (stage_) stage_->finish();
}

Status check_program_filter(const scene::Show& show) {
  if (show.filter.empty()) return ok_status();
  media::AvFrame black = make_canvas(show.canvas.size);
  fill_rect(*black, {0, 0, black->width, black->height}, 0x000000);
  PictureConverter converter(show.filter, 0);
  for (std::int64_t n = 0; n < kMostRemembered; ++n) {
    TS_TRY(const auto out, through(converter, show.canvas, media::reference(*black), n)
                               .with_context("the program's filter cannot be used"));
    if (out) return ok_status();
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = "the program's filter cannot be used: it gives no picture",
               .hint = "try it: ffplay -f lavfi testsrc2,FILTER"};
}

}  // namespace ts::compose
