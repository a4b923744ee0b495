// SPDX-License-Identifier: Apache-2.0
// libavfilter and libavdevice, loaded when the first of their functions is called. With the forty
// to fifty libraries below them they cost 17 MiB and 15 ms, and a program of files, cameras and
// cached overlays on the native engine needs neither for long stretches or at all. The functions
// here have FFmpeg's own names and hand on to FFmpeg's own, so that callers are written as ever.
#include "delayed/library.hpp"

#include "media/ffmpeg.hpp"

#include <fmt/format.h>

namespace {

void* filters() noexcept {
  static void* const library =
      ts::delayed::load(fmt::format("libavfilter.so.{}", LIBAVFILTER_VERSION_MAJOR));
  return library;
}

void* devices() noexcept {
  static void* const library =
      ts::delayed::load(fmt::format("libavdevice.so.{}", LIBAVDEVICE_VERSION_MAJOR));
  return library;
}

}  // namespace

extern "C" {

TS_HAND_ON(filters(), 0, avfilter_graph_alloc, ())
TS_HAND_ON(filters(), 0, avfilter_graph_free, (AVFilterGraph * *graph), graph)
TS_HAND_ON(filters(), 0, avfilter_graph_alloc_filter,
           (AVFilterGraph * graph, const AVFilter* filter, const char* name), graph, filter, name)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_graph_create_filter,
           (AVFilterContext * *made, const AVFilter* filter, const char* name,
            const char* arguments, void* opaque, AVFilterGraph* graph),
           made, filter, name, arguments, opaque, graph)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_graph_parse2,
           (AVFilterGraph * graph, const char* text, AVFilterInOut** inputs,
            AVFilterInOut** outputs),
           graph, text, inputs, outputs)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_graph_parse_ptr,
           (AVFilterGraph * graph, const char* text, AVFilterInOut** inputs,
            AVFilterInOut** outputs, void* log),
           graph, text, inputs, outputs, log)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_graph_config,
           (AVFilterGraph * graph, void* log), graph, log)
TS_HAND_ON(filters(), 0, avfilter_get_by_name, (const char* name), name)
TS_HAND_ON(filters(), 0, avfilter_inout_alloc, ())
TS_HAND_ON(filters(), 0, avfilter_inout_free, (AVFilterInOut * *list), list)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_init_str,
           (AVFilterContext * filter, const char* arguments), filter, arguments)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_init_dict,
           (AVFilterContext * filter, AVDictionary** options), filter, options)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, avfilter_link,
           (AVFilterContext * from, unsigned from_pad, AVFilterContext* to, unsigned to_pad), from,
           from_pad, to, to_pad)
TS_HAND_ON(filters(), 0, avfilter_version, ())
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, av_buffersrc_add_frame,
           (AVFilterContext * source, AVFrame* frame), source, frame)
TS_HAND_ON(filters(), AVERROR_FILTER_NOT_FOUND, av_buffersink_get_frame,
           (AVFilterContext * sink, AVFrame* frame), sink, frame)
TS_HAND_ON(devices(), 0, avdevice_register_all, ())

}  // extern "C"
