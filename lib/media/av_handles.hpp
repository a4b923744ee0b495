// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/ffmpeg.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ts::media {

/// Deleter for FFmpeg objects whose free function takes the address of the
/// pointer and sets it to null.
template <auto Free>
struct FreeByAddress {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(&object);
  }
};

/// Deleter for FFmpeg objects whose free function takes the pointer itself.
template <auto Free>
struct FreeByPointer {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using AvFrame = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using AvPacket = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using AvCodecContext = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using AvCodecParameters =
    std::unique_ptr<AVCodecParameters, FreeByAddress<avcodec_parameters_free>>;
using AvFilterGraph = std::unique_ptr<AVFilterGraph, FreeByAddress<avfilter_graph_free>>;
using AvFilterInOut = std::unique_ptr<AVFilterInOut, FreeByAddress<avfilter_inout_free>>;
using AvBitstreamFilter = std::unique_ptr<AVBSFContext, FreeByAddress<av_bsf_free>>;
using AvParser = std::unique_ptr<AVCodecParserContext, FreeByPointer<av_parser_close>>;
using AvScaler = std::unique_ptr<SwsContext, FreeByPointer<sws_freeContext>>;
using AvResampler = std::unique_ptr<SwrContext, FreeByAddress<swr_free>>;

/// Fresh, empty objects; running out of memory is a bad_alloc, not a Result.
AvFrame make_frame();
AvPacket make_packet();
/// A second reference to the same pixels, samples or bytes; no data is copied.
AvFrame reference(const AVFrame& frame);
AvPacket reference(const AVPacket& packet);

/// Options for FFmpeg's open calls. What the call did not take stays inside and is freed.
class AvDictionary {
 public:
  AvDictionary() = default;
  AvDictionary(AvDictionary&& other) noexcept : dict_(std::exchange(other.dict_, nullptr)) {}
  AvDictionary& operator=(AvDictionary&& other) noexcept {
    std::swap(dict_, other.dict_);
    return *this;
  }
  AvDictionary(const AvDictionary&) = delete;
  AvDictionary& operator=(const AvDictionary&) = delete;
  ~AvDictionary() { av_dict_free(&dict_); }

  void set(const std::string& key, const std::string& value) {
    av_dict_set(&dict_, key.c_str(), value.c_str(), 0);
  }
  void set(const std::string& key, std::int64_t value) {
    av_dict_set_int(&dict_, key.c_str(), value, 0);
  }
  /// For calls that take AVDictionary**.
  [[nodiscard]] AVDictionary** address() noexcept { return &dict_; }
  [[nodiscard]] const AVDictionary* get() const noexcept { return dict_; }

 private:
  AVDictionary* dict_ = nullptr;
};

/// "no such file or directory": FFmpeg's text for one of its error codes, lower case first letter.
std::string av_error_text(int code);

/// An Error for a failed FFmpeg call: "`what`: `text of code`". AVERROR_EXIT (an interrupt
/// callback) becomes kInterrupted, everything else `kind`; the usual reasons
/// carry a hint, and connection trouble is retryable.
Error av_error(int code, std::string_view what, ErrorKind kind = ErrorKind::kMedia);

/// kMedia, "out of memory".
Error av_no_memory();

}  // namespace ts::media
