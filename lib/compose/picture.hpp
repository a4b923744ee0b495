// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "media/av_handles.hpp"
#include "scene/geometry.hpp"

#include <memory>
#include <string>

namespace ts::compose {

/// A decoded picture that nobody changes any more. Shared by its source's mailbox, the renderer and
/// the encoder's queue; whoever needs other pixels makes a new one.
///
/// Everything between a source and the encoder is yuv420p, limited range, BT.709; overlays are
/// yuva420p with straight alpha.
using Picture = std::shared_ptr<const AVFrame>;

inline Picture share(media::AvFrame frame) {
  return {frame.release(), [](const AVFrame* owned) {
            // av_frame_free wants to clear the pointer it is given; the frame itself is ours.
            auto* mutable_frame = const_cast<AVFrame*>(owned);  // NOLINT
            av_frame_free(&mutable_frame);
          }};
}

inline scene::Size size_of(const AVFrame& frame) noexcept { return {frame.width, frame.height}; }

/// A fresh yuv420p (or `format`) frame, tagged limited BT.709, planes aligned to 32 bytes.
media::AvFrame make_canvas(scene::Size size, AVPixelFormat format = AV_PIX_FMT_YUV420P);

/// Copies every pixel of `from` into a fresh frame of the same size and format.
media::AvFrame copy_pixels(const AVFrame& from);

/// Fills a rectangle (even) of a yuv420p frame.
void fill_rect(AVFrame& frame, const scene::Rect& rect, std::uint32_t rgb) noexcept;

/// BT.709 limited-range luma and chroma of 0xRRGGBB.
struct Yuv {
  std::uint8_t y;
  std::uint8_t u;
  std::uint8_t v;
};
Yuv to_yuv(std::uint32_t rgb) noexcept;

/// A yuv420p picture (limited range, BT.709) as RGB of another size, 3 bytes a pixel: the mean of
/// what lies under each pixel.
std::string shrink_to_rgb(const AVFrame& picture, scene::Size size);

}  // namespace ts::compose
