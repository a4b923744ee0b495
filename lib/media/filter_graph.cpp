// SPDX-License-Identifier: Apache-2.0
#include "media/filter_graph.hpp"

#include <fmt/format.h>

#include <utility>

namespace ts::media {

FilterInput filter_input(const AVFrame& frame, AVRational time_base) {
  return {.width = frame.width,
          .height = frame.height,
          .format = frame.format,
          .pixel_aspect =
              frame.sample_aspect_ratio.num > 0 ? frame.sample_aspect_ratio : AVRational{1, 1},
          .time_base = time_base};
}

Result<FilterGraph> FilterGraph::create(std::string_view description,
                                        const std::vector<FilterInput>& inputs,
                                        AVPixelFormat format) {
  FilterGraph out;
  out.shapes_ = inputs;
  out.graph_.reset(avfilter_graph_alloc());
  if (!out.graph_) return av_no_memory();
  AVFilterGraph* graph = out.graph_.get();
  // The calling thread does the work: slice threads would only fight for two cores.
  graph->nb_threads = 1;
  graph->thread_type = 0;
  graph->scale_sws_opts = av_strdup("flags=bicubic+accurate_rnd+full_chroma_int");

  AvFilterInOut open_ends;
  for (std::size_t i = inputs.size(); i-- > 0;) {
    const FilterInput& input = inputs[i];
    const std::string name = fmt::format("in{}", i);
    const std::string arguments =
        fmt::format("video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}", input.width,
                    input.height, input.format, input.time_base.num, input.time_base.den,
                    input.pixel_aspect.num, input.pixel_aspect.den);
    AVFilterContext* source = nullptr;
    if (const int code =
            avfilter_graph_create_filter(&source, avfilter_get_by_name("buffer"), name.c_str(),
                                         arguments.c_str(), nullptr, graph);
        code < 0) {
      return av_error(code, "make filter input");
    }
    out.sources_.insert(out.sources_.begin(), source);
    AvFilterInOut end(avfilter_inout_alloc());
    if (!end) return av_no_memory();
    end->name = av_strdup(name.c_str());
    end->filter_ctx = source;
    end->pad_idx = 0;
    end->next = open_ends.release();
    open_ends = std::move(end);
  }
  if (const int code = avfilter_graph_create_filter(&out.sink_, avfilter_get_by_name("buffersink"),
                                                    "out", nullptr, nullptr, graph);
      code < 0) {
    return av_error(code, "make filter output");
  }
  const AVPixelFormat formats[] = {format, AV_PIX_FMT_NONE};
  if (const int code =
          av_opt_set_bin(out.sink_, "pix_fmts", reinterpret_cast<const std::uint8_t*>(formats),
                         static_cast<int>(sizeof formats[0]), AV_OPT_SEARCH_CHILDREN);
      code < 0) {
    return av_error(code, "make filter output");
  }
  AvFilterInOut result(avfilter_inout_alloc());
  if (!result) return av_no_memory();
  result->name = av_strdup("out");
  result->filter_ctx = out.sink_;
  result->pad_idx = 0;
  result->next = nullptr;

  // FFmpeg's names are from inside the graph: our inputs are its "outputs".
  AVFilterInOut* parsed_outputs = open_ends.release();
  AVFilterInOut* parsed_inputs = result.release();
  const int parsed = avfilter_graph_parse_ptr(graph, std::string(description).c_str(),
                                              &parsed_inputs, &parsed_outputs, nullptr);
  const AvFilterInOut free_inputs(parsed_inputs);
  const AvFilterInOut free_outputs(parsed_outputs);
  const std::string what = fmt::format("filter '{}'", shorten(description, 120));
  if (parsed < 0) return av_error(parsed, what);
  if (const int code = avfilter_graph_config(graph, nullptr); code < 0) return av_error(code, what);
  return out;
}

Status FilterGraph::push(std::size_t index, const AVFrame& frame, std::int64_t pts) {
  AvFrame copy = reference(frame);
  copy->pts = pts;
  copy->pict_type = AV_PICTURE_TYPE_NONE;
  const int code = av_buffersrc_add_frame(sources_.at(index), copy.get());
  if (code < 0) return av_error(code, "filter input");
  return ok_status();
}

Status FilterGraph::finish(std::size_t index) {
  const int code = av_buffersrc_add_frame(sources_.at(index), nullptr);
  if (code < 0) return av_error(code, "filter input");
  return ok_status();
}

Result<AvFrame> FilterGraph::pull() {
  AvFrame frame = make_frame();
  const int code = av_buffersink_get_frame(sink_, frame.get());
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return AvFrame{};
  if (code < 0) return av_error(code, "filter output");
  return frame;
}

AVRational FilterGraph::time_base() const noexcept { return sink_->inputs[0]->time_base; }

}  // namespace ts::media
