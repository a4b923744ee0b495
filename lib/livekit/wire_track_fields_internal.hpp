// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/wire_internal.hpp"

namespace ts::livekit::wire {

template <>
struct Fields<VideoLayer> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.enum_text("quality", m.quality, "LOW");
    v.field("width", m.width);
    v.field("height", m.height);
    v.field("bitrate", m.bitrate);
    v.field("ssrc", m.ssrc);
    v.field("spatial_layer", m.spatial_layer);
    v.field("rid", m.rid);
    v.field("repair_ssrc", m.repair_ssrc);
  }
};

template <>
struct Fields<TrackInfo> {
  template <typename V, typename M>
  static void visit([[maybe_unused]] V& v, [[maybe_unused]] M& m) {
    v.field("sid", m.sid);
    v.field("type", m.type);
    v.field("name", m.name);
    v.field("muted", m.muted);
    v.field("width", m.width);
    v.field("height", m.height);
    v.field("simulcast", m.simulcast);
    v.field("disable_dtx", m.disable_dtx);
    v.field("source", m.source);
    v.field("layers", m.layers);
    v.field("mime_type", m.mime_type);
    v.field("mid", m.mid);
    v.field("stereo", m.stereo);
    v.field("stream", m.stream);
  }
};

}  // namespace ts::livekit::wire
