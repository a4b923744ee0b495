// SPDX-License-Identifier: Apache-2.0
#include "sandbox/publication.hpp"

namespace ts::sandbox {

void Publication::push(const rtmp::TagView& tag) {
  const bool video = tag.type == rtmp::TagType::kVideo;
  const bool audio = tag.type == rtmp::TagType::kAudio;
  const bool muted = (video && video_muted_) || (audio && audio_muted_);
  if (muted && !rtmp::is_sequence_header(tag)) return;
  both_.push(tag);
  if (!audio) video_.push(tag);
  if (!video) audio_.push(tag);
}

void Publication::close() {
  both_.close();
  video_.close();
  audio_.close();
}

std::unique_ptr<rtmp::TagRing::Reader> Publication::subscribe(bool audio, bool video) {
  if (audio && video) return both_.subscribe();
  return video ? video_.subscribe() : audio_.subscribe();
}

void Publication::mute(bool video, bool muted) { (video ? video_muted_ : audio_muted_) = muted; }

}  // namespace ts::sandbox
