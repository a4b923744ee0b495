// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtmp/flv.hpp"
#include "sandbox/effects.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ts::sandbox {

/// Finds out what a publisher sends, from the decoder configurations in its first tags. One thread.
class StreamProbe {
 public:
  /// @return what is known, when it is news: once both tracks are there, or the one that came when
  ///         the other has not begun within a second of media; again when a late track appears.
  std::optional<StreamInfo> feed(const rtmp::TagView& tag);

 private:
  void read_video(const rtmp::TagView& tag);
  void read_audio(const rtmp::TagView& tag);
  void read_metadata(const rtmp::TagView& tag);

  StreamInfo info_;
  std::string video_codec_;
  std::string audio_codec_;
  std::optional<std::int64_t> first_ms_;
  bool told_video_ = false;
  bool told_audio_ = false;
};

/// Width, height and frame rate (0 when it does not say) of an H.264 sequence parameter set.
struct VideoShape {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  double frame_rate = 0;
};
/// @param sps  The NAL unit with its header byte. nullopt when it is cut short or impossible.
std::optional<VideoShape> read_h264_sps(std::span<const std::uint8_t> sps);

}  // namespace ts::sandbox
