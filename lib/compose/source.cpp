// SPDX-License-Identifier: Apache-2.0
#include "compose/source.hpp"

#include "compose/media_source.hpp"
#include "core/thread_name.hpp"
#include "scene/filter_text.hpp"

#include <fmt/format.h>

#include <utility>

namespace ts::compose {
namespace {

std::string pattern_graph(scene::TestPattern pattern, const scene::Canvas& canvas) {
  const auto size = fmt::format("{}x{}", canvas.size.width, canvas.size.height);
  const auto rate = fmt::format("{}/{}", canvas.rate.num, canvas.rate.den);
  switch (pattern) {
    case scene::TestPattern::kBars:
      return fmt::format("smptehdbars=s={}:r={}", size, rate);
    case scene::TestPattern::kSmpte:
      return fmt::format("smptebars=s={}:r={}", size, rate);
    case scene::TestPattern::kMoving:
      return fmt::format("testsrc2=s={}:r={}", size, rate);
    case scene::TestPattern::kGradient:
      // Left to choose, libavfilter 5.1 draws floats for some filters, wrongly: all green, or
      // beyond the picture's end.
      return fmt::format(
          "gradients=s={}:r={}:seed=7:speed=0.01:nb_colors=2:c0=0x16283C:c1=0x5B7A94,format=rgba",
          size, rate);
  }
  return {};
}

bool moves(scene::TestPattern pattern) {
  return pattern == scene::TestPattern::kMoving || pattern == scene::TestPattern::kGradient;
}

/// The picture of a generator graph with its filter, converted for the program.
Result<media::FilterGraph> generator(const scene::Source& source, const std::string& pattern) {
  const std::string chain = source.filter.empty() ? "" : "," + source.filter;
  return media::FilterGraph::create(
      fmt::format("{}{},{}[out]", pattern, chain, scene::kToProgramColors), {});
}

/// In the times of pictures, in seconds: as Timeline sees them.
constexpr double kBackStep = 0.5;
constexpr double kOnStep = 2;

void tag(AVFrame& frame) {
  frame.color_range = AVCOL_RANGE_MPEG;
  frame.colorspace = AVCOL_SPC_BT709;
  frame.sample_aspect_ratio = {1, 1};
}

/// A picture that never changes: a color, or static bars.
class StillSource final : public SourceRunner {
 public:
  StillSource(const scene::Source& source, Picture picture, double tone_hz)
      : SourceRunner(source, {}) {
    tone_hz_ = tone_hz;
    feed_.set_has(true, false);
    feed_.set_still(std::move(picture));
  }
};

/// A moving test pattern: libavfilter makes a picture whenever the mailbox has room.
class PatternSource final : public SourceRunner {
 public:
  PatternSource(const scene::Source& source, media::FilterGraph graph, const SourceContext& context,
                ProgramTime origin, double tone_hz)
      : SourceRunner(source, {.patient = true}), graph_(std::move(graph)), context_(context) {
    tone_hz_ = tone_hz;
    feed_.set_has(true, false);
    thread_ = std::jthread([this, origin](const std::stop_token& stop) { run(stop, origin); });
  }

 private:
  void run(const std::stop_token& stop, ProgramTime origin) {
    name_this_thread(source_.name);
    std::int64_t lost = 0;  // ticks that there was no time for
    while (!stop.stop_requested()) {
      auto frame = graph_.pull();
      if (!frame.ok() || !frame.value()) {
        feed_.set_lost(frame.ok() ? "the pattern ended" : frame.error().message);
        return;
      }
      // Its own time: a filter may make more pictures of it, or fewer.
      const ProgramTime time{
          av_rescale_q(frame.value()->pts, graph_.time_base(), {1, 1'000'000'000})};
      tag(*frame.value());
      const Picture picture = share(std::move(frame).value());
      // Without the time to make every picture the pattern runs slower, but never late.
      const ProgramTime behind = context_.now() - origin - time - time_of(lost + 3);
      if (!context_.offline && behind > ProgramTime{}) {
        lost += 1 + behind.count() * context_.canvas.rate.num / context_.canvas.rate.den /
                        1'000'000'000;
      }
      const ProgramTime due = origin + time + time_of(lost);
      while (true) {
        const std::uint64_t taken = feed_.taken();
        if (feed_.push_picture(picture, due)) break;
        if (!feed_.wait_taken(taken, milliseconds{200}, stop)) return;
      }
    }
  }

  [[nodiscard]] ProgramTime time_of(std::int64_t number) const {
    const scene::Ratio& rate = context_.canvas.rate;
    return ProgramTime{av_rescale(number, 1'000'000'000 * rate.den, rate.num)};
  }

  media::FilterGraph graph_;
  SourceContext context_;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<SourceRunner>> SourceRunner::nothing(const scene::Source& source) {
  struct Nothing final : SourceRunner {
    explicit Nothing(const scene::Source& wanted) : SourceRunner(wanted, {}) {
      feed_.set_has(false, false);
      feed_.set_lost("removed");
    }
  };
  return std::unique_ptr<SourceRunner>(std::make_unique<Nothing>(source));
}

bool PictureConverter::passes(const AVFrame& frame) const noexcept {
  const bool matrix_fits = frame.colorspace == AVCOL_SPC_BT709 ||
                           frame.colorspace == AVCOL_SPC_UNSPECIFIED ||
                           frame.colorspace == AVCOL_SPC_RESERVED;
  return !remembers() && rotation_ == 0 && frame.format == AV_PIX_FMT_YUV420P &&
         frame.color_range != AVCOL_RANGE_JPEG && matrix_fits && frame.width % 2 == 0 &&
         frame.height % 2 == 0;
}

bool PictureConverter::follow(AVFrame& frame) {
  if (frame.time_base.num <= 0 || frame.time_base.den <= 0) frame.time_base = {1, 1000};
  const bool first = last_pts_ == AV_NOPTS_VALUE;
  if (frame.pts == AV_NOPTS_VALUE && !first) frame.pts = last_pts_ + step_;
  if (frame.pts == AV_NOPTS_VALUE) return false;
  const std::int64_t step = first ? 0 : frame.pts - last_pts_;
  if (step > 0) step_ = step;
  last_pts_ = frame.pts;
  const double moved = static_cast<double>(step) * av_q2d(frame.time_base);
  return moved < -kBackStep || moved > kOnStep;
}

Status PictureConverter::push(media::AvFrame frame) {
  // A filter would put pictures between the two sides of a step, where there is nothing.
  if (follow(*frame)) TS_CHECK(flush());
  const AVRational aspect = frame->sample_aspect_ratio;
  const bool odd_aspect =
      aspect.num <= 0 || aspect.den <= 0 || av_q2d(aspect) > 8 || av_q2d(aspect) < 0.125;
  if (odd_aspect) frame->sample_aspect_ratio = {1, 1};
  // What tells no matrix has the program's, in every pixel format: FFmpeg's filters would take
  // BT.601 for some of them.
  const AVPixFmtDescriptor* const pixels =
      av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
  const bool rgb = pixels != nullptr && (pixels->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  const bool untold =
      frame->colorspace == AVCOL_SPC_UNSPECIFIED || frame->colorspace == AVCOL_SPC_RESERVED;
  if (untold && pixels != nullptr && !rgb) frame->colorspace = AVCOL_SPC_BT709;
  const bool same = shape_ && shape_->matches(*frame) &&
                    av_cmp_q(shape_->time_base, frame->time_base) == 0 &&
                    range_ == frame->color_range && matrix_ == frame->colorspace;
  // Once interlaced, the deinterlacer stays: it lets whole pictures through as they are.
  const bool interlaced = frame->interlaced_frame != 0 || (same && interlaced_);
  if (!same || interlaced != interlaced_) {
    TS_CHECK(flush());
    graph_.reset();
    shape_ = media::filter_input(*frame, frame->time_base);
    range_ = frame->color_range;
    matrix_ = frame->colorspace;
    interlaced_ = interlaced;
  }
  if (passes(*frame)) {
    tag(*frame);
    if (!odd_aspect) frame->sample_aspect_ratio = aspect;
    ready_.push_back(std::move(frame));
    return ok_status();
  }
  if (!graph_) TS_CHECK(make_graph(*frame, untold && !rgb));
  TS_CHECK(graph_->push(0, *frame, frame->pts));
  return drain();
}

Status PictureConverter::make_graph(const AVFrame& frame, bool untold) {
  std::string chain;
  const auto add = [&](std::string_view filter) {
    if (!chain.empty()) chain += ',';
    chain += filter;
  };
  if (interlaced_) add(scene::kDeinterlace);
  if (rotation_ == 90) add("transpose=clock");
  if (rotation_ == 180) add("hflip,vflip");
  if (rotation_ == 270) add("transpose=cclock");
  if (!filter_.empty()) add(filter_);
  add(
      fmt::format("scale=w=trunc(iw/2)*2:h=trunc(ih/"
                  "2)*2{}:out_range=tv:out_color_matrix=bt709,format=yuv420p",
                  untold ? ":in_color_matrix=bt709" : ""));
  chain_ = std::move(chain);
  TS_TRY(auto graph, media::FilterGraph::create("[in0]" + chain_ + "[out]",
                                                {media::filter_input(frame, frame.time_base)}));
  graph_ = std::move(graph);
  return ok_status();
}

Status PictureConverter::drain() {
  while (true) {
    TS_TRY(media::AvFrame out, graph_->pull());
    if (!out) return ok_status();
    const AVRational aspect = out->sample_aspect_ratio;
    tag(*out);
    if (aspect.num > 0) out->sample_aspect_ratio = aspect;
    out->time_base = graph_->time_base();
    ready_.push_back(std::move(out));
  }
}

Status PictureConverter::flush() {
  if (!graph_ || !remembers()) return ok_status();
  TS_CHECK(graph_->finish(0));
  const Status drained = drain();
  graph_.reset();  // after its end it takes nothing more
  return drained;
}

Status PictureConverter::finish() {
  last_pts_ = AV_NOPTS_VALUE;
  step_ = 0;
  return flush();
}

media::AvFrame PictureConverter::pull() {
  if (ready_.empty()) return nullptr;
  media::AvFrame out = std::move(ready_.front());
  ready_.pop_front();
  return out;
}

void PictureConverter::clear() {
  ready_.clear();
  last_pts_ = AV_NOPTS_VALUE;
  step_ = 0;
  if (remembers()) graph_.reset();
}

Result<media::AvFrame> PictureConverter::still(const AVFrame& frame) {
  clear();
  for (std::int64_t n = 0; n < kMostRemembered && ready_.empty(); ++n) {
    media::AvFrame copy = media::reference(frame);
    copy->pts = n;
    copy->time_base = {1, 25};
    TS_CHECK(push(std::move(copy)));
  }
  if (ready_.empty()) TS_CHECK(finish());
  media::AvFrame out = pull();
  clear();
  return out;
}

Result<std::unique_ptr<SourceRunner>> SourceRunner::start(const scene::Source& source,
                                                          const SourceContext& context,
                                                          ProgramTime origin) {
  const std::string what = fmt::format("source '{}'", source.name);
  if (const auto* color = std::get_if<scene::ColorInput>(&source.input)) {
    media::AvFrame frame = make_canvas(context.canvas.size);
    fill_rect(*frame, {0, 0, frame->width, frame->height}, color->rgb);
    if (!source.filter.empty()) {
      PictureConverter converter(source.filter, 0);
      TS_TRY(frame, converter.still(*frame).with_context(what));
      if (!frame) {
        return Error{.kind = ErrorKind::kMedia, .message = what + ": its filter gave no picture"};
      }
    }
    return std::unique_ptr<SourceRunner>(new StillSource(source, share(std::move(frame)), 0));
  }
  if (const auto* test = std::get_if<scene::TestInput>(&source.input)) {
    TS_TRY(media::FilterGraph graph,
           generator(source, pattern_graph(test->pattern, context.canvas)).with_context(what));
    if (moves(test->pattern)) {
      return std::unique_ptr<SourceRunner>(
          new PatternSource(source, std::move(graph), context, origin, test->tone_hz));
    }
    TS_TRY(media::AvFrame frame, graph.pull().with_context(what));
    if (!frame) return Error{.kind = ErrorKind::kMedia, .message = what + ": no picture came"};
    tag(*frame);
    return std::unique_ptr<SourceRunner>(
        new StillSource(source, share(std::move(frame)), test->tone_hz));
  }
  if (std::holds_alternative<scene::RoomInput>(source.input)) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": a LiveKit room cannot be a source of this program",
                 .hint = "use a file, an address, a test pattern or a color instead"};
  }
  return start_media_source(source, context, origin);
}

}  // namespace ts::compose
