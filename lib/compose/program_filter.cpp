// SPDX-License-Identifier: Apache-2.0
#include "compose/program_filter.hpp"

#include <cstddef>
#include <utility>

namespace ts::compose {
namespace {

/// How long pictures may wait for the filter.
constexpr double kMostLate = 2;  // s

}  // namespace

ProgramFilter::ProgramFilter(const scene::Show& show, bool offline, Log* log, Sink sink)
    : size_(show.canvas.size),
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
  TS_TRY(media::AvFrame out, converter_.convert(copy_pixels(*picture)));
  if (out && size_of(*out) == size_) return share(std::move(out));
  return Error{.kind = ErrorKind::kMedia, .message = "its pictures are of another size"};
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

}  // namespace ts::compose
