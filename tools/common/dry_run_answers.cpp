// SPDX-License-Identifier: Apache-2.0
#include "common/dry_run_answers.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

namespace ts::cli {
namespace {

using Answer = std::optional<PlaceholderAnswer>;

Answer answer(const Json& json, std::vector<std::string> placeholders = {}, int status = 200) {
  PlaceholderAnswer out;
  out.response.status = status;
  out.response.headers.emplace_back("content-type", "application/json");
  if (status != 204) out.response.body = dump_json(json);
  out.placeholders = std::move(placeholders);
  return out;
}

/// The words of `path` after `prefix`, wherever the service's base address ends.
std::optional<std::vector<std::string>> words_after(std::string_view path,
                                                    std::string_view prefix) {
  const auto at = path.find(prefix);
  if (at == std::string_view::npos) return std::nullopt;
  path.remove_prefix(at + prefix.size());
  std::vector<std::string> out;
  for (const std::string_view word : split(path, '/')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

Answer mux_live_stream(std::string_view id) {
  const std::string key = fmt::format("STREAM_KEY_OF_{}", id);
  const std::string passphrase = fmt::format("SRT_PASSPHRASE_OF_{}", id);
  const Json stream{
      {"id", std::string(id)},
      {"status", "idle"},
      {"stream_key", key},
      {"srt_passphrase", passphrase},
      {"latency_mode", "standard"},
      {"reconnect_window", 60},
      {"playback_ids",
       Json::array({{{"id", fmt::format("PLAYBACK_ID_OF_{}", id)}, {"policy", "public"}}})}};
  return answer({{"data", stream}}, {key, passphrase});
}

Answer mux_answer(const net::HttpRequest& request, std::string_view path) {
  const bool reads = request.method == "GET";
  if (const auto words = words_after(path, "/video/v1/live-streams")) {
    if (reads && words->empty()) return answer({{"data", Json::array()}});
    if (words->empty()) return std::nullopt;
    const bool switches =
        words->size() == 2 &&
        (words->back() == "enable" || words->back() == "disable" || words->back() == "complete");
    const bool captions = words->size() == 2 && words->back().ends_with("-subtitles");
    if ((reads && words->size() == 1) || captions) return mux_live_stream(words->front());
    if (switches) return answer({{"data", Json::object()}});
  }
  if (const auto words = words_after(path, "/system/v1/webhooks"); words && reads) {
    return words->empty() ? answer({{"data", Json::array()}}) : std::nullopt;
  }
  if (request.method == "DELETE") return answer(nullptr, {}, 204);
  return std::nullopt;
}

Answer cloudflare_answer(const net::HttpRequest& request, const std::vector<std::string>& words) {
  const auto result = [](Json json) {
    return answer({{"success", true}, {"result", std::move(json)}});
  };
  const bool reads = request.method == "GET";
  if (request.method == "DELETE") return result(nullptr);
  if (words.size() == 1 && words[0] == "webhook" && reads) return result(Json::object());
  if (words.empty() || words[0] != "live_inputs") return std::nullopt;
  if (words.size() == 1 && reads) return result(Json::array());
  if (words.size() == 1) return result({{"uid", "UID_OF_THE_NEW_INPUT"}});
  if (words.size() == 2 && reads) return result({{"uid", words[1]}});
  if (words.size() == 3 && words[2] == "outputs" && reads) return result(Json::array());
  return std::nullopt;
}

Answer livekit_answer(const net::HttpRequest& request, std::string_view call) {
  const auto body = parse_json(request.body, "the request");
  const auto text_of = [&](const char* name) {
    if (!body.ok() || !body.value().is_object()) return std::string();
    const auto found = body.value().find(name);
    return found != body.value().end() && found->is_string() ? found->get<std::string>()
                                                             : std::string();
  };
  const auto either = [&](const char* camel, const char* snake) {
    auto text = text_of(camel);
    return text.empty() ? text_of(snake) : text;
  };
  if (call == "Egress/ListEgress") {
    const std::string room = either("roomName", "room_name");
    return answer({{"items",
                    {{{"egress_id", room.empty() ? "EGRESS_ID" : "EGRESS_ID_IN_" + room},
                      {"room_name", room},
                      {"status", "EGRESS_ACTIVE"}}}}});
  }
  if (call == "Egress/StopEgress") {
    return answer({{"egress_id", either("egressId", "egress_id")}, {"status", "EGRESS_COMPLETE"}});
  }
  if (call == "Ingress/ListIngress") return answer({{"items", Json::array()}});
  if (call == "RoomService/GetParticipant") {
    const std::string identity = text_of("identity");
    Json tracks = Json::array();
    for (const char* source : {"CAMERA", "MICROPHONE", "SCREEN_SHARE", "SCREEN_SHARE_AUDIO"}) {
      tracks.push_back({{"sid", fmt::format("{}_TRACK_SID_OF_{}", source, identity)},
                        {"type", std::string_view(source).find("AUDIO") != std::string_view::npos ||
                                         std::string_view(source) == "MICROPHONE"
                                     ? "AUDIO"
                                     : "VIDEO"},
                        {"source", source}});
    }
    return answer({{"sid", "SID_OF_" + identity},
                   {"identity", identity},
                   {"state", "ACTIVE"},
                   {"tracks", std::move(tracks)}});
  }
  if (call == "RoomService/MutePublishedTrack") {
    return answer({{"track", {{"sid", either("trackSid", "track_sid")}}}});
  }
  if (call == "RoomService/DeleteRoom" || call == "RoomService/RemoveParticipant" ||
      call == "RoomService/UpdateSubscriptions") {
    return answer(Json::object());
  }
  return std::nullopt;
}

}  // namespace

std::optional<PlaceholderAnswer> placeholder_answer(const net::HttpRequest& request) {
  const auto url = net::Url::parse(request.url);
  if (!url) return std::nullopt;
  const std::string& path = url.value().path;
  constexpr std::string_view kTwirp = "/twirp/livekit.";
  if (const auto at = path.find(kTwirp); at != std::string::npos) {
    return livekit_answer(request, std::string_view(path).substr(at + kTwirp.size()));
  }
  if (const auto stream = words_after(path, "/stream/");
      stream && path.find("/accounts/") != std::string::npos) {
    return cloudflare_answer(request, *stream);
  }
  if (path.find("/video/v1/") != std::string::npos ||
      path.find("/system/v1/") != std::string::npos) {
    return mux_answer(request, path);
  }
  return std::nullopt;
}

}  // namespace ts::cli
