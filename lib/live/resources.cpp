// SPDX-License-Identifier: Apache-2.0
#include "live/resources.hpp"

#include "core/json.hpp"

namespace ts::live {

std::string Resources::to_text() const {
  Json json;
  json["live_stream_id"] = live_stream_id;
  json["live_stream_made"] = live_stream_made;
  json["was_active"] = was_active;
  json["playback_id"] = playback_id;
  json["playback_url"] = playback_url;
  json["room"] = room;
  json["room_made"] = room_made;
  json["ingress_id"] = ingress_id;
  json["egress_id"] = egress_id;
  json["control_socket"] = control_socket;
  json["folder"] = folder;
  json["asset_id"] = asset_id;
  json["asset_playback_id"] = asset_playback_id;
  json["recording_s"] = recording_s;
  json["compositor_pid"] = compositor_pid;
  return dump_json(json);
}

Result<Resources> Resources::from_text(std::string_view text) {
  TS_TRY(const Json json, parse_json(text, "the session's record", ErrorKind::kInternal));
  const JsonReader reader(json, ErrorKind::kInternal);
  Resources out;
  TS_TRY(out.live_stream_id, reader.string_or("live_stream_id"));
  TS_TRY(out.live_stream_made, reader.bool_or("live_stream_made", false));
  TS_TRY(out.was_active, reader.bool_or("was_active", false));
  TS_TRY(out.playback_id, reader.string_or("playback_id"));
  TS_TRY(out.playback_url, reader.string_or("playback_url"));
  TS_TRY(out.room, reader.string_or("room"));
  TS_TRY(out.room_made, reader.bool_or("room_made", false));
  TS_TRY(out.ingress_id, reader.string_or("ingress_id"));
  TS_TRY(out.egress_id, reader.string_or("egress_id"));
  TS_TRY(out.control_socket, reader.string_or("control_socket"));
  TS_TRY(out.folder, reader.string_or("folder"));
  TS_TRY(out.asset_id, reader.string_or("asset_id"));
  TS_TRY(out.asset_playback_id, reader.string_or("asset_playback_id"));
  TS_TRY(out.recording_s, reader.number_or("recording_s", 0));
  TS_TRY(out.compositor_pid, reader.int_or("compositor_pid", 0));
  return out;
}

}  // namespace ts::live
