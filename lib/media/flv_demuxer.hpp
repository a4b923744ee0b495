// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/av_handles.hpp"
#include "media/flv.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ts::media {

enum class TrackKind : std::uint8_t { kVideo, kAudio };

/// The coded form of one programme: at most one video and one audio track.
struct Tracks {
  AvCodecParameters video;  ///< Null when there is no video.
  AvCodecParameters audio;  ///< Null when there is no audio.

  [[nodiscard]] Result<Tracks> clone() const;
};

/// "h264 1280x720 + aac 48000 Hz stereo", for people.
std::string describe(const Tracks& tracks);

/// One coded frame. Timestamps are in `time_base`.
struct CodedPacket {
  TrackKind track{};
  AVRational time_base{1, 1000};
  AvPacket packet;
};

/// Either "from here on the tracks look like this" or the next packet.
using DemuxEvent = std::variant<Tracks, CodedPacket>;

/// Turns FLV tags (H.264, AAC) into packets, without probing: the first `Tracks` comes as soon as
/// the configuration of both announced tracks and a key frame are there, or after one second of
/// media when a track never comes. Nothing before the first key frame is passed on. A changed
/// configuration or a track that begins later gives another `Tracks`.
class FlvDemuxer {
 public:
  /// @return the events the tag completes, in order; kMedia for a codec other than H.264 and AAC.
  Result<std::vector<DemuxEvent>> push(const rtmp::Tag& tag);
  /// The stream has ended: what was still held back.
  Result<std::vector<DemuxEvent>> finish();

 private:
  Status push_video(const rtmp::Tag& tag, std::vector<DemuxEvent>& out);
  Status push_audio(const rtmp::Tag& tag, std::vector<DemuxEvent>& out);
  Status start_if_ready(bool at_end, std::vector<DemuxEvent>& out);
  Status announce(std::vector<DemuxEvent>& out);
  Status measure_picture(const AVPacket& packet);

  AvCodecParameters video_;
  AvCodecParameters audio_;
  std::deque<CodedPacket> held_;  ///< Before the start only.
  FlvAnnounced announced_;
  std::int64_t last_ms_ = 0;
  bool started_ = false;
  bool video_flows_ =
      false;  ///< A key frame of the present video configuration went out (or is held).
  bool audio_flows_ = false;  ///< The present audio configuration was announced.
};

}  // namespace ts::media
