// SPDX-License-Identifier: Apache-2.0
// libavfilter and libavdevice, loaded when the first of their functions is called. With the forty
// to fifty libraries below them they cost 17 MiB and 15 ms, and a program of files, cameras and
// cached overlays on the native engine needs neither for long stretches or at all. The functions
// here have FFmpeg's own names and hand on to FFmpeg's own, so that callers are written as ever.
#include "media/ffmpeg.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace {

/// Never closed: graphs and registered devices live until the process ends.
void* load(const char* name, unsigned major) noexcept {
  return ::dlopen(fmt::format("{}.so.{}", name, major).c_str(), RTLD_NOW | RTLD_LOCAL);
}

template <typename Function>
Function find(void* library, const char* name) noexcept {
  return library == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(library, name));
}

void* filters() noexcept {
  static void* const library = load("libavfilter", LIBAVFILTER_VERSION_MAJOR);
  return library;
}

void* devices() noexcept {
  static void* const library = load("libavdevice", LIBAVDEVICE_VERSION_MAJOR);
  return library;
}

}  // namespace

// The real `name` of that library, or `missing` in place of its answer when there is none.
#define TS_HAND_ON(library, name, missing, ...)                     \
  static const auto real = find<decltype(&(name))>(library, #name); \
  return real == nullptr ? (missing) : real(__VA_ARGS__)

extern "C" {

AVFilterGraph* avfilter_graph_alloc(void) { TS_HAND_ON(filters(), avfilter_graph_alloc, nullptr); }

void avfilter_graph_free(AVFilterGraph** graph) {
  static const auto real = find<decltype(&avfilter_graph_free)>(filters(), "avfilter_graph_free");
  if (real != nullptr) real(graph);
}

AVFilterContext* avfilter_graph_alloc_filter(AVFilterGraph* graph, const AVFilter* filter,
                                             const char* name) {
  TS_HAND_ON(filters(), avfilter_graph_alloc_filter, nullptr, graph, filter, name);
}

int avfilter_graph_create_filter(AVFilterContext** made, const AVFilter* filter, const char* name,
                                 const char* arguments, void* opaque, AVFilterGraph* graph) {
  TS_HAND_ON(filters(), avfilter_graph_create_filter, AVERROR_FILTER_NOT_FOUND, made, filter, name,
             arguments, opaque, graph);
}

int avfilter_graph_parse_ptr(AVFilterGraph* graph, const char* text, AVFilterInOut** inputs,
                             AVFilterInOut** outputs, void* log) {
  TS_HAND_ON(filters(), avfilter_graph_parse_ptr, AVERROR_FILTER_NOT_FOUND, graph, text, inputs,
             outputs, log);
}

int avfilter_graph_config(AVFilterGraph* graph, void* log) {
  TS_HAND_ON(filters(), avfilter_graph_config, AVERROR_FILTER_NOT_FOUND, graph, log);
}

const AVFilter* avfilter_get_by_name(const char* name) {
  TS_HAND_ON(filters(), avfilter_get_by_name, nullptr, name);
}

AVFilterInOut* avfilter_inout_alloc(void) { TS_HAND_ON(filters(), avfilter_inout_alloc, nullptr); }

void avfilter_inout_free(AVFilterInOut** list) {
  static const auto real = find<decltype(&avfilter_inout_free)>(filters(), "avfilter_inout_free");
  if (real != nullptr) real(list);
}

int avfilter_init_str(AVFilterContext* filter, const char* arguments) {
  TS_HAND_ON(filters(), avfilter_init_str, AVERROR_FILTER_NOT_FOUND, filter, arguments);
}

int avfilter_init_dict(AVFilterContext* filter, AVDictionary** options) {
  TS_HAND_ON(filters(), avfilter_init_dict, AVERROR_FILTER_NOT_FOUND, filter, options);
}

int avfilter_link(AVFilterContext* from, unsigned from_pad, AVFilterContext* to, unsigned to_pad) {
  TS_HAND_ON(filters(), avfilter_link, AVERROR_FILTER_NOT_FOUND, from, from_pad, to, to_pad);
}

unsigned avfilter_version(void) { TS_HAND_ON(filters(), avfilter_version, 0U); }

int av_buffersrc_add_frame(AVFilterContext* source, AVFrame* frame) {
  TS_HAND_ON(filters(), av_buffersrc_add_frame, AVERROR_FILTER_NOT_FOUND, source, frame);
}

int av_buffersink_get_frame(AVFilterContext* sink, AVFrame* frame) {
  TS_HAND_ON(filters(), av_buffersink_get_frame, AVERROR_FILTER_NOT_FOUND, sink, frame);
}

void avdevice_register_all(void) {
  static const auto real =
      find<decltype(&avdevice_register_all)>(devices(), "avdevice_register_all");
  if (real != nullptr) real();
}

}  // extern "C"
