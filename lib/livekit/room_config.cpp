// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "livekit/access_token_internal.hpp"
#include "livekit/wire.hpp"

#include <fmt/format.h>

namespace ts::livekit {
namespace {

bool has_upload_secret(const Json& json) {
  if (json.is_array()) {
    for (const auto& item : json) {
      if (has_upload_secret(item)) return true;
    }
    return false;
  }
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items()) {
    const bool secret =
        name == "secret" || name == "credentials" || name == "accountKey" || name == "sessionToken";
    if (secret && value.is_string() && !value.get_ref<const std::string&>().empty()) return true;
    if (has_upload_secret(value)) return true;
  }
  return false;
}

Result<Json> normalized_egress(const JsonReader& in, UnknownFields unknown) {
  auto egress =
      from_json<RoomEgress>(in.json(), unknown, ErrorKind::kUsage).with_context("in " + in.path());
  if (!egress.ok()) return std::move(egress).error();
  // The server takes what another minter has given away.
  if (unknown == UnknownFields::kIgnore) return to_json(egress.value(), WireStyle::kFull);
  // Whoever holds the token can read it: a stream key or a storage secret in it is given away.
  const auto leak = [](std::string_view what) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("roomConfig.egress carries {}, readable by everyone who "
                                        "holds the token",
                                        what),
                 .hint = "create the room with the API, or start the egress with ts egress start"};
  };
  if (egress.value().room && !egress.value().room->outputs.stream_outputs.empty()) {
    return leak("stream outputs");
  }
  Json json = to_json(egress.value(), WireStyle::kFull);
  if (has_upload_secret(json)) return leak("a storage secret");
  return json;
}

Result<std::int64_t> unsigned_32(const JsonReader& in, std::string_view name,
                                 std::string_view snake) {
  TS_TRY(const auto member, in.find_any({name, snake}));
  if (!member) return std::int64_t{0};
  TS_TRY(const auto value, member->as_int());
  if (value < 0 || value > 0xFFFFFFFFLL) return member->error("expected 0 to 4294967295");
  return value;
}

Result<Json> string_map(const std::optional<JsonReader>& in) {
  Json json = Json::object();
  if (!in) return json;
  TS_TRY(const auto members, in->members());
  for (const auto& [name, value] : members) {
    TS_TRY(auto text, value.as_string());
    json[name] = std::move(text);
  }
  return json;
}

Result<Json> normalized_agent(const JsonReader& in, UnknownFields unknown) {
  if (!in.is_object()) return in.expected("an object");
  if (unknown == UnknownFields::kRefuse) {
    TS_CHECK(in.only({"agentName", "agent_name", "metadata", "restartPolicy", "restart_policy",
                      "deployment", "attributes"}));
  }
  Json json = Json::object();
  TS_TRY(const auto name, in.find_any({"agentName", "agent_name"}));
  json["agentName"] = "";
  if (name) {
    TS_TRY(json["agentName"], name->as_string());
  }
  TS_TRY(json["metadata"], in.string_or("metadata"));
  TS_TRY(const auto policy, in.find_any({"restartPolicy", "restart_policy"}));
  json["restartPolicy"] = "JRP_ON_FAILURE";
  if (policy) {
    if (policy->json() == 1 || policy->json() == "JRP_NEVER") {
      json["restartPolicy"] = "JRP_NEVER";
    } else if (unknown == UnknownFields::kIgnore) {
      // One of a later version, by name or by number.
      if (!policy->is_string()) {
        TS_TRY([[maybe_unused]] const auto number, policy->as_int());
      }
    } else if (policy->json() != 0 && policy->json() != "JRP_ON_FAILURE") {
      return policy->error("expected JRP_ON_FAILURE or JRP_NEVER");
    }
  }
  TS_TRY(json["deployment"], in.string_or("deployment"));
  TS_TRY(const auto attributes, in.find("attributes"));
  TS_TRY(json["attributes"], string_map(attributes));
  return json;
}

}  // namespace

Result<Json> normalized_room_config(const Json& config, UnknownFields unknown) {
  const JsonReader in(config, ErrorKind::kUsage, "$.roomConfig");
  if (!in.is_object()) return in.expected("an object");
  if (unknown == UnknownFields::kRefuse) {
    TS_CHECK(
        in.only({"name", "emptyTimeout", "empty_timeout", "departureTimeout", "departure_timeout",
                 "maxParticipants", "max_participants", "egress", "minPlayoutDelay",
                 "min_playout_delay", "maxPlayoutDelay", "max_playout_delay", "syncStreams",
                 "sync_streams", "agents", "metadata", "tags"}));
  }
  Json json = Json::object();
  TS_TRY(json["name"], in.string_or("name"));
  TS_TRY(json["emptyTimeout"], unsigned_32(in, "emptyTimeout", "empty_timeout"));
  TS_TRY(json["departureTimeout"], unsigned_32(in, "departureTimeout", "departure_timeout"));
  TS_TRY(json["maxParticipants"], unsigned_32(in, "maxParticipants", "max_participants"));
  TS_TRY(const auto egress, in.find("egress"));
  if (egress) {
    TS_TRY(json["egress"], normalized_egress(*egress, unknown));
  }
  TS_TRY(json["minPlayoutDelay"], unsigned_32(in, "minPlayoutDelay", "min_playout_delay"));
  TS_TRY(json["maxPlayoutDelay"], unsigned_32(in, "maxPlayoutDelay", "max_playout_delay"));
  TS_TRY(const auto sync, in.find_any({"syncStreams", "sync_streams"}));
  json["syncStreams"] = false;
  if (sync) {
    TS_TRY(json["syncStreams"], sync->as_bool());
  }
  json["agents"] = Json::array();
  TS_TRY(const auto agents, in.find("agents"));
  if (agents) {
    TS_TRY(const auto items, agents->items());
    for (const auto& item : items) {
      TS_TRY(auto agent, normalized_agent(item, unknown));
      json["agents"].push_back(std::move(agent));
    }
  }
  TS_TRY(json["metadata"], in.string_or("metadata"));
  TS_TRY(const auto tags, in.find("tags"));
  TS_TRY(json["tags"], string_map(tags));
  return json;
}

}  // namespace ts::livekit
