// SPDX-License-Identifier: Apache-2.0
#include "media_json.hpp"

#include "core/json.hpp"

namespace ts::cli {

void add_tracks(Json& into, const media::Tracks& tracks) {
  into["video"] = nullptr;
  into["audio"] = nullptr;
  if (tracks.video) {
    into["video"] = {{"codec", avcodec_get_name(tracks.video->codec_id)},
                     {"width", tracks.video->width},
                     {"height", tracks.video->height}};
  }
  if (tracks.audio) {
    into["audio"] = {{"codec", avcodec_get_name(tracks.audio->codec_id)},
                     {"sample_rate", tracks.audio->sample_rate},
                     {"channels", tracks.audio->ch_layout.nb_channels}};
  }
}

double seconds_of(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace ts::cli
