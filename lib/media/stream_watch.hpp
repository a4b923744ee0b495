// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "media/av_handles.hpp"
#include "media/encoder.hpp"

#include <cstdint>

namespace ts::media {

/// Follows what a stream tells about itself while it runs: headers sent anew beside a packet (FLV),
/// parameter sets before a key frame and ADTS headers (MPEG-TS). Whoever records it learns when a
/// file cannot hold what follows, and what the next one must say. For one thread.
class StreamWatch {
 public:
  explicit StreamWatch(StreamFormat format);

  /// Every packet, in order. A header sent again as it was is no change.
  /// @return whether it and what follows are of another kind than what came before.
  bool see(const AVPacket& packet);
  /// False for damage that no file can hold.
  [[nodiscard]] bool fits(const AVPacket& packet) const;
  /// As of the last packet seen.
  [[nodiscard]] const StreamFormat& format() const noexcept { return format_; }
  /// Whether a container can be told what it is: a stream that came late tells with its first key
  /// frame.
  [[nodiscard]] bool complete() const noexcept;

 private:
  [[nodiscard]] AvCodecParameters copy() const;
  void set(AvCodecParameters parameters);
  bool see_parameter_sets(const AVPacket& packet);
  bool see_adts(const AVPacket& packet);
  bool see_sound(const AVPacket& packet);

  StreamFormat format_;
  std::uint16_t adts_ = 0;  ///< What the last ADTS header said of the sound.
};

/// Fills in what is missing in the parameters of a stream from one of its packets.
void complete_parameters(AVCodecParameters& into, const AVPacket& packet);

}  // namespace ts::media
