// SPDX-License-Identifier: Apache-2.0
#include "media/filter_check.hpp"

#include "core/text.hpp"
#include "media/av_handles.hpp"
#include "media/ffmpeg.hpp"
#include "media/ffmpeg_log.hpp"

#include <fmt/format.h>

extern "C" {
#include <libavutil/avstring.h>
}

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace ts::media {
namespace {

// Filters of one picture that need nothing but their options. Not here: movie, subtitles, lut3d,
// drawtext, removelogo … (files), zmq, sendcmd (commands), metadata, psnr … (write files).
constexpr auto kKnown = std::to_array<std::string_view>({"atadenoise",
                                                         "avgblur",
                                                         "bilateral",
                                                         "boxblur",
                                                         "bwdif",
                                                         "chromakey",
                                                         "chromahold",
                                                         "chromanr",
                                                         "chromashift",
                                                         "colorbalance",
                                                         "colorchannelmixer",
                                                         "colorcontrast",
                                                         "colorcorrect",
                                                         "colorhold",
                                                         "colorize",
                                                         "colorkey",
                                                         "colorlevels",
                                                         "colormatrix",
                                                         "colorspace",
                                                         "colortemperature",
                                                         "convolution",
                                                         "crop",
                                                         "cas",
                                                         "deband",
                                                         "deblock",
                                                         "deflate",
                                                         "deflicker",
                                                         "dejudder",
                                                         "despill",
                                                         "dilation",
                                                         "drawbox",
                                                         "drawgrid",
                                                         "edgedetect",
                                                         "elbg",
                                                         "eq",
                                                         "erosion",
                                                         "exposure",
                                                         "fftdnoiz",
                                                         "fieldorder",
                                                         "fillborders",
                                                         "format",
                                                         "gblur",
                                                         "gradfun",
                                                         "grayworld",
                                                         "hflip",
                                                         "histeq",
                                                         "hqdn3d",
                                                         "hue",
                                                         "huesaturation",
                                                         "il",
                                                         "inflate",
                                                         "kerndeint",
                                                         "lagfun",
                                                         "lenscorrection",
                                                         "limiter",
                                                         "lut",
                                                         "lutrgb",
                                                         "lutyuv",
                                                         "median",
                                                         "monochrome",
                                                         "morpho",
                                                         "mpdecimate",
                                                         "negate",
                                                         "nlmeans",
                                                         "noise",
                                                         "normalize",
                                                         "null",
                                                         "owdenoise",
                                                         "pad",
                                                         "perspective",
                                                         "photosensitivity",
                                                         "pixelize",
                                                         "pp7",
                                                         "prewitt",
                                                         "pseudocolor",
                                                         "rgbashift",
                                                         "roberts",
                                                         "rotate",
                                                         "sab",
                                                         "scale",
                                                         "scharr",
                                                         "scroll",
                                                         "selectivecolor",
                                                         "setdar",
                                                         "setparams",
                                                         "setrange",
                                                         "setsar",
                                                         "shear",
                                                         "shuffleplanes",
                                                         "smartblur",
                                                         "sobel",
                                                         "swapuv",
                                                         "tmix",
                                                         "tmedian",
                                                         "transpose",
                                                         "unsharp",
                                                         "v360",
                                                         "vaguedenoiser",
                                                         "vibrance",
                                                         "vflip",
                                                         "vignette",
                                                         "w3fdif",
                                                         "xbr",
                                                         "yadif",
                                                         "yaepblur"});

/// One word of the graph language, with its quotes and escapes resolved.
std::string token(const char*& at, const char* terminators) {
  const std::unique_ptr<char, decltype(&av_free)> text(av_get_token(&at, terminators), &av_free);
  return text ? text.get() : "";
}

Error refused(const std::string& message, std::string hint) {
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("the filter chain {}", message),
               .hint = std::move(hint)};
}

Status check_name(std::string name) {
  name = std::string(trim(std::string_view(name).substr(0, name.find('@'))));
  for (const std::string_view known : kKnown) {
    if (name == known) return ok_status();
  }
  const std::vector<std::string> known_names(kKnown.begin(), kKnown.end());
  const auto near = nearest(name, known_names);
  const bool exists = avfilter_get_by_name(name.c_str()) != nullptr;
  if (exists) {
    return refused(fmt::format("uses '{}', which may not be used here", shorten(name, 40)),
                   "only filters of one picture that read no files and no network are allowed");
  }
  return refused(fmt::format("names no filter '{}'", shorten(name, 40)),
                 near ? fmt::format("did you mean '{}'?", *near)
                      : "separate filters with commas: hqdn3d,eq=contrast=1.1");
}

}  // namespace

Status check_filter(std::string_view chain) {
  const std::string text(chain);
  if (text.find('\0') != std::string::npos) return refused("holds a zero byte", "remove it");
  const char* at = text.c_str();
  if (*at == '\0') return ok_status();
  while (true) {
    const std::string name = token(at, "=,;[");
    TS_CHECK(check_name(name));
    if (*at == '=') {
      ++at;
      (void)token(at, "[],;");
    }
    if (*at == '\0') return ok_status();
    if (*at != ',') {
      return refused("is more than one chain", "write filters separated by commas, without labels");
    }
    ++at;
  }
}

Status try_filter(std::string_view chain) {
  TS_CHECK(check_filter(chain));
  if (chain.empty()) return ok_status();
  const AvFilterGraph graph(avfilter_graph_alloc());
  if (!graph) return av_no_memory();
  graph->nb_threads = 1;
  const FfmpegErrors said;
  AVFilterInOut* inputs = nullptr;
  AVFilterInOut* outputs = nullptr;
  const int code =
      avfilter_graph_parse2(graph.get(), std::string(chain).c_str(), &inputs, &outputs);
  const AvFilterInOut free_inputs(inputs);
  const AvFilterInOut free_outputs(outputs);
  if (code >= 0) return ok_status();
  const std::string reason = said.first();
  return refused(fmt::format("'{}' is not understood: {}", shorten(chain, 120),
                             reason.empty() ? av_error_text(code) : shorten(reason, 200)),
                 "ffmpeg -h filter=NAME lists a filter's options");
}

}  // namespace ts::media
