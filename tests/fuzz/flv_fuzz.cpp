// SPDX-License-Identifier: Apache-2.0
// FLV as a stranger's publisher sends it, in pieces: tags whole, nothing before the tracks are
// known, pictures begin with a key frame after every change of the tracks.
#include "fuzz/fuzz.hpp"

#include "media/flv.hpp"
#include "media/flv_demuxer.hpp"

#include <algorithm>
#include <variant>

namespace {

using ts::fuzz::require;
using namespace ts::media;

/// What a writer may rely on.
class Judge {
 public:
  void see(const std::vector<DemuxEvent>& events) {
    for (const auto& event : events) {
      if (const auto* tracks = std::get_if<Tracks>(&event)) {
        require(tracks->video != nullptr || tracks->audio != nullptr);
        require(tracks->video == nullptr ||
                (tracks->video->width > 0 && tracks->video->height > 0));
        require(tracks->audio == nullptr || tracks->audio->sample_rate > 0);
        has_video_ = tracks->video != nullptr;
        has_audio_ = tracks->audio != nullptr;
        key_seen_ = false;
        continue;
      }
      const auto& coded = std::get<CodedPacket>(event);
      require(coded.packet->size > 0);
      if (coded.track == TrackKind::kAudio) {
        require(has_audio_);
        continue;
      }
      require(has_video_);
      key_seen_ = key_seen_ || (coded.packet->flags & AV_PKT_FLAG_KEY) != 0;
      require(key_seen_);
    }
  }

 private:
  bool has_video_ = false;
  bool has_audio_ = false;
  bool key_seen_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  av_log_set_level(AV_LOG_QUIET);
  FlvParser parser;
  FlvDemuxer demuxer;
  Judge judge;
  const std::size_t piece = size > 0 ? 1 + data[0] % 64U : 1;
  for (std::size_t at = 0; at < size; at += piece) {
    parser.feed({data + at, std::min(piece, size - at)});
    while (true) {
      const auto tag = parser.next();
      if (!tag.ok()) return 0;
      if (!tag.value()) break;
      const auto events = demuxer.push(*tag.value());
      if (!events.ok()) return 0;
      judge.see(events.value());
    }
  }
  const auto rest = demuxer.finish();
  if (rest.ok()) judge.see(rest.value());
  return 0;
}
