// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/av_handles.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::media {

/// What one input of a graph will be fed. A frame that differs needs another graph.
struct FilterInput {
  int width = 0;
  int height = 0;
  int format = AV_PIX_FMT_YUV420P;
  AVRational pixel_aspect{1, 1};
  AVRational time_base{1, 1000};

  [[nodiscard]] bool matches(const AVFrame& frame) const noexcept {
    return frame.width == width && frame.height == height && frame.format == format &&
           av_cmp_q(
               frame.sample_aspect_ratio.num > 0 ? frame.sample_aspect_ratio : AVRational{1, 1},
               pixel_aspect) == 0;
  }
};
FilterInput filter_input(const AVFrame& frame, AVRational time_base);

/// One libavfilter graph for pictures, run on the calling thread. Inputs are labelled in0, in1 …,
/// the output is out: "[in0][in1]overlay=10:10[out]".
class FilterGraph {
 public:
  /// @param format  of the output's frames.
  /// @return kMedia naming the reason when the text is no graph or does not fit its inputs.
  static Result<FilterGraph> create(std::string_view description,
                                    const std::vector<FilterInput>& inputs,
                                    AVPixelFormat format = AV_PIX_FMT_YUV420P);

  /// Gives input `index` a reference to `frame` with this time stamp.
  Status push(std::size_t index, const AVFrame& frame, std::int64_t pts);
  /// No more frames for input `index`.
  Status finish(std::size_t index);
  /// The next frame, null when the graph wants input or has ended.
  Result<AvFrame> pull();
  /// Of the output's `pts`.
  [[nodiscard]] AVRational time_base() const noexcept;
  [[nodiscard]] const std::vector<FilterInput>& inputs() const noexcept { return shapes_; }

 private:
  FilterGraph() = default;
  AvFilterGraph graph_{};
  // Borrowed from graph_.
  std::vector<AVFilterContext*> sources_{};
  AVFilterContext* sink_ = nullptr;
  std::vector<FilterInput> shapes_{};
};

}  // namespace ts::media
