// SPDX-License-Identifier: Apache-2.0
#include "compose/source.hpp"

#include "compose/media_source.hpp"
#include "core/thread_name.hpp"

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
      return fmt::format(
          "gradients=s={}:r={}:seed=7:speed=0.01:nb_colors=2:c0=0x16283C:c1=0x5B7A94", size, rate);
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
      pattern + chain + ",scale=out_range=tv:out_color_matrix=bt709,format=yuv420p[out]", {});
}

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
    for (std::int64_t n = 0; !stop.stop_requested(); ++n) {
      auto frame = graph_.pull();
      if (!frame.ok() || !frame.value()) {
        feed_.set_lost(frame.ok() ? "the pattern ended" : frame.error().message);
        return;
      }
      tag(*frame.value());
      const Picture picture = share(std::move(frame).value());
      // Without the time to make every picture the pattern runs slower, but never late.
      const ProgramTime behind = context_.now() - origin - time_of(n + 3);
      if (!context_.offline && behind > ProgramTime{}) {
        n += 1 +
             behind.count() * context_.canvas.rate.num / context_.canvas.rate.den / 1'000'000'000;
      }
      const ProgramTime due = origin + time_of(n);
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
  return filter_.empty() && rotation_ == 0 && frame.interlaced_frame == 0 &&
         frame.format == AV_PIX_FMT_YUV420P && frame.color_range != AVCOL_RANGE_JPEG &&
         matrix_fits && frame.width % 2 == 0 && frame.height % 2 == 0;
}

Result<media::AvFrame> PictureConverter::convert(media::AvFrame frame) {
  const AVRational aspect = frame->sample_aspect_ratio;
  const bool odd_aspect =
      aspect.num <= 0 || aspect.den <= 0 || av_q2d(aspect) > 8 || av_q2d(aspect) < 0.125;
  if (odd_aspect) frame->sample_aspect_ratio = {1, 1};
  // What tells no matrix has the program's, in every pixel format: FFmpeg's filters would take
  // BT.601 for some of them.
  const AVPixFmtDescriptor* const pixels =
      av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
  const bool untold =
      frame->colorspace == AVCOL_SPC_UNSPECIFIED || frame->colorspace == AVCOL_SPC_RESERVED;
  if (untold && pixels != nullptr && (pixels->flags & AV_PIX_FMT_FLAG_RGB) == 0) {
    frame->colorspace = AVCOL_SPC_BT709;
  }
  if (passes(*frame)) {
    tag(*frame);
    if (!odd_aspect) frame->sample_aspect_ratio = aspect;
    return frame;
  }
  const bool interlaced = frame->interlaced_frame != 0;
  if (!graph_ || !graph_->inputs()[0].matches(*frame) || range_ != frame->color_range ||
      matrix_ != frame->colorspace || interlaced_ != interlaced) {
    std::string chain;
    const auto add = [&](std::string_view filter) {
      if (!chain.empty()) chain += ',';
      chain += filter;
    };
    if (interlaced) add("yadif=deint=interlaced");
    if (rotation_ == 90) add("transpose=clock");
    if (rotation_ == 180) add("hflip,vflip");
    if (rotation_ == 270) add("transpose=cclock");
    if (!filter_.empty()) add(filter_);
    const bool rgb = pixels != nullptr && (pixels->flags & AV_PIX_FMT_FLAG_RGB) != 0;
    add(
        fmt::format("scale=w=trunc(iw/2)*2:h=trunc(ih/"
                    "2)*2{}:out_range=tv:out_color_matrix=bt709,format=yuv420p",
                    untold && !rgb ? ":in_color_matrix=bt709" : ""));
    chain_ = std::move(chain);
    TS_TRY(auto graph, media::FilterGraph::create("[in0]" + chain_ + "[out]",
                                                  {media::filter_input(*frame, {1, 1000})}));
    graph_ = std::move(graph);
    range_ = frame->color_range;
    matrix_ = frame->colorspace;
    interlaced_ = interlaced;
  }
  const std::int64_t pts = frame->pts;
  TS_CHECK(graph_->push(0, *frame, count_++));
  TS_TRY(media::AvFrame out, graph_->pull());
  if (out) {
    const AVRational converted = out->sample_aspect_ratio;
    tag(*out);
    if (converted.num > 0) out->sample_aspect_ratio = converted;
    out->pts = pts;
  }
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
      auto converted = converter.convert(std::move(frame)).with_context(what);
      TS_TRY(frame, std::move(converted));
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
