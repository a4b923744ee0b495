// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtmp/tag_ring.hpp"

#include <atomic>
#include <memory>

namespace ts::sandbox {

/// One publisher's media, offered to any number of consumers: everything, or one track alone.
/// `push` and `close` belong to the RTMP server's event loop; the rest is thread-safe.
class Publication {
 public:
  void push(const rtmp::TagView& tag);
  void close();
  /// A consumer of both tracks or of one.
  [[nodiscard]] std::unique_ptr<rtmp::TagRing::Reader> subscribe(bool audio, bool video);
  /// A muted track is left out from now on (its decoder configuration is not).
  void mute(bool video, bool muted);

 private:
  rtmp::TagRing both_;
  rtmp::TagRing video_;
  rtmp::TagRing audio_;
  std::atomic<bool> video_muted_{false};
  std::atomic<bool> audio_muted_{false};
};

}  // namespace ts::sandbox
