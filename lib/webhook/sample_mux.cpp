// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "crypto/random.hpp"
#include "webhook/sample_internal.hpp"

#include <fmt/format.h>

namespace ts::webhook {
namespace {

std::string seconds_text(WallTime now) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
}

std::string last_part(std::string_view type) {
  return std::string(type.substr(type.rfind('.') + 1));
}

struct Ids {
  std::string live = crypto::random_alphanumeric(34);
  std::string asset = crypto::random_alphanumeric(34);
};

Json live_stream(std::string_view type, const Ids& ids, WallTime now) {
  const auto event = last_part(type);
  Json data;
  data["id"] = ids.live;
  data["status"] = event == "active" || event == "disconnected" ? "active"
                   : event == "disabled"                        ? "disabled"
                                                                : "idle";
  data["stream_key"] = crypto::random_uuid();
  data["playback_ids"] =
      Json::array({{{"policy", "public"}, {"id", crypto::random_alphanumeric(34)}}});
  data["new_asset_settings"] = {{"playback_policies", {"public"}}};
  data["reconnect_window"] = 60;
  data["max_continuous_duration"] = 43200;
  data["latency_mode"] = "standard";
  data["connected"] = event == "connected" || event == "recording" || event == "active";
  if (data["connected"] == true || event == "disconnected") data["active_asset_id"] = ids.asset;
  data["recent_asset_ids"] = Json::array({ids.asset});
  data["created_at"] = seconds_text(now - std::chrono::hours{1});
  return data;
}

Json simulcast_target(std::string_view type, const Ids& ids) {
  const auto event = last_part(type);
  Json data;
  data["id"] = crypto::random_alphanumeric(34);
  data["live_stream_id"] = ids.live;
  data["url"] = "rtmps://simulcast.example.com:443/app";
  data["stream_key"] = crypto::random_alphanumeric(24);
  data["passthrough"] = "simulcast sample";
  data["status"] = event == "created" || event == "deleted" || event == "updated" ? "idle" : event;
  if (event == "errored") data["error_severity"] = "normal";
  return data;
}

Json asset(std::string_view type, const Ids& ids, WallTime now) {
  const auto event = last_part(type);
  Json data;
  data["id"] = ids.asset;
  data["status"] = event == "created" ? "preparing" : event == "errored" ? "errored" : "ready";
  data["playback_ids"] =
      Json::array({{{"policy", "public"}, {"id", crypto::random_alphanumeric(34)}}});
  data["live_stream_id"] = ids.live;
  data["is_live"] = event == "created";
  if (event != "created" && event != "errored") {
    data["duration"] = 3601.25;
    data["max_stored_frame_rate"] = 30;
    data["aspect_ratio"] = "16:9";
    data["resolution_tier"] = "720p";
  }
  if (event == "errored") {
    data["errors"] = {{"type", "invalid_input"}, {"messages", {"the input could not be read"}}};
  }
  data["master_access"] = "none";
  data["mp4_support"] = "none";
  data["created_at"] = seconds_text(now - std::chrono::hours{1});
  return data;
}

Json asset_part(std::string_view type, const Ids& ids, WallTime now) {
  const auto event = last_part(type);
  if (type.find(".static_rendition.") != std::string_view::npos) {
    return {{"id", crypto::random_alphanumeric(34)},
            {"asset_id", ids.asset},
            {"name", "highest.mp4"},
            {"ext", "mp4"},
            {"resolution", "highest"},
            {"type", "standard"},
            {"status", event == "created" ? "preparing" : event}};
  }
  if (type.find(".track.") != std::string_view::npos) {
    return {{"id", crypto::random_alphanumeric(34)},
            {"asset_id", ids.asset},
            {"type", "text"},
            {"text_type", "subtitles"},
            {"language_code", "en"},
            {"name", "English"},
            {"status", event == "created" ? "preparing" : event}};
  }
  Json data = asset("video.asset.updated", ids, now);
  if (type.find(".static_renditions.") != std::string_view::npos) {
    data["static_renditions"] = {{"status", event == "deleted" ? "disabled" : event}};
  } else {
    data["master_access"] = event == "deleted" ? "none" : "temporary";
    data["master"] = {{"status", event == "deleted" ? "none" : event}};
  }
  return data;
}

Json upload(std::string_view type, const Ids& ids) {
  const auto event = last_part(type);
  Json data;
  data["id"] = crypto::random_alphanumeric(34);
  data["status"] = event == "created" ? "waiting" : event;
  data["timeout"] = 3600;
  data["cors_origin"] = "*";
  if (event == "asset_created") data["asset_id"] = ids.asset;
  if (event == "errored")
    data["error"] = {{"type", "timed_out"}, {"message", "the upload stopped"}};
  return data;
}

}  // namespace

Json mux_sample(std::string_view type, WallTime now) {
  const Ids ids;
  std::string object_type = "asset";
  Json data;
  if (type.starts_with("video.live_stream.simulcast_target.")) {
    object_type = "simulcast_target";
    data = simulcast_target(type, ids);
  } else if (type.starts_with("video.live_stream.")) {
    object_type = "live";
    data = live_stream(type, ids, now);
  } else if (type.starts_with("video.upload.")) {
    object_type = "upload";
    data = upload(type, ids);
  } else if (type.starts_with("video.delivery.")) {
    data = {{"id", ids.asset}, {"asset_id", ids.asset}, {"passthrough", "sample"}};
  } else if (type.find('.', std::string_view("video.asset.").size()) != std::string_view::npos) {
    object_type = type.find(".track.") != std::string_view::npos              ? "track"
                  : type.find(".static_rendition.") != std::string_view::npos ? "static_rendition"
                                                                              : "asset";
    data = asset_part(type, ids, now);
  } else {
    data = asset(type, ids, now);
  }
  Json event;
  event["type"] = type;
  event["request_id"] = nullptr;
  event["object"] = {{"type", object_type}, {"id", data.at("id")}};
  event["id"] = crypto::random_uuid();
  event["environment"] = {{"name", "Production"},
                          {"id", crypto::random_text(6, "0123456789abcdefghijklmnopqrstuvwxyz")}};
  event["data"] = std::move(data);
  event["created_at"] = format_rfc3339(now);
  event["attempts"] = Json::array();
  event["accessor_source"] = nullptr;
  event["accessor"] = nullptr;
  return event;
}

}  // namespace ts::webhook
