// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/av_handles.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ts::media {

/// An encoded packet on its way to the outputs, which share it: nobody writes to it.
struct EncodedPacket {
  std::shared_ptr<const AVPacket> packet{};
  bool video = false;
  bool key = false;
  std::int64_t dts_us = 0;
};
using PacketSink = std::function<void(EncodedPacket)>;

/// What a muxer must know about a stream.
struct StreamFormat {
  std::shared_ptr<const AVCodecParameters> parameters{};
  AVRational time_base{1, 1000};
  AVRational rate{0, 1};
};

struct VideoEncoderOptions {
  int width = 1280;
  int height = 720;
  AVRational rate{30, 1};
  std::int64_t bitrate = 2'500'000;
  milliseconds gop{2000};
  std::string preset = "veryfast";
  std::string profile{};
  std::string encoder = "libx264";
  /// x264 only. With more than one, and a bit rate to keep to, the same pictures come out as other
  /// bits every time: each slice's thread sees how far the others are.
  int threads = 2;
};

/// H.264 as live services want it: closed groups of pictures of fixed length, no scene-cut key
/// frames, maxrate = bufsize = bit rate, no look-ahead. Time base 1/rate: pts is the frame number.
class VideoEncoder {
 public:
  static Result<VideoEncoder> create(const VideoEncoderOptions& options);
  /// Frame numbers must rise. `key` forces an IDR frame.
  Status encode(const AVFrame& frame, std::int64_t number, bool key, const PacketSink& sink);
  Status drain(const PacketSink& sink);
  [[nodiscard]] const StreamFormat& format() const noexcept { return format_; }

 private:
  VideoEncoder() = default;
  AvCodecContext codec_{};
  StreamFormat format_{};
};

/// AAC-LC, 48 kHz stereo. Takes blocks of any length, encodes 1024 samples at a time.
class AudioEncoder {
 public:
  static Result<AudioEncoder> create(std::int64_t bitrate);
  /// Appends interleaved stereo samples.
  Status encode(std::span<const float> samples, const PacketSink& sink);
  /// The last, shorter block; then everything that is still inside.
  Status drain(const PacketSink& sink);
  [[nodiscard]] const StreamFormat& format() const noexcept { return format_; }
  /// The first sample is number `sample`, not 0. Before anything is encoded.
  void begin_at(std::int64_t sample) noexcept { first_ = sent_ = sample; }
  /// Samples per channel taken so far.
  [[nodiscard]] std::int64_t samples() const noexcept {
    return sent_ - first_ + static_cast<std::int64_t>(pending_.size() / 2);
  }

 private:
  AudioEncoder() = default;
  Status send(std::span<const float> samples, const PacketSink& sink);
  AvCodecContext codec_{};
  StreamFormat format_{};
  std::vector<float> pending_{};
  std::int64_t sent_ = 0;  ///< Number of the next sample to be sent.
  std::int64_t first_ = 0;
};

}  // namespace ts::media
