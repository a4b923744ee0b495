// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "livekit/access_token.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::livekit {
namespace {

/// Quoted and short enough for a line.
std::string in_quotes(std::string_view text) { return fmt::format("'{}'", shorten(text, 80)); }

void explain_join(const VideoGrant& video, const Claims& claims, Explanation& out) {
  if (!video.room_join) {
    out.denies.emplace_back("join a room (roomJoin is absent)");
    return;
  }
  out.allows.push_back(
      fmt::format("join {} as {}", video.room.empty() ? "a room" : "room " + in_quotes(video.room),
                  claims.identity.empty() ? "nobody in particular" : in_quotes(claims.identity)));

  const auto say = [&out](bool allowed, std::string text) {
    (allowed ? out.allows : out.denies).push_back(std::move(text));
  };
  const auto why = [](const std::optional<bool>& value, std::string_view name,
                      std::string_view meaning) {
    return value ? std::string() : fmt::format(" ({} is absent, which means {})", name, meaning);
  };
  if (video.may_publish()) {
    const bool all = video.can_publish_sources.empty();
    out.allows.push_back(fmt::format(
        "publish {}{}",
        all ? "every kind of track" : fmt::format("{}", fmt::join(video.can_publish_sources, ", ")),
        why(video.can_publish, "canPublish", "yes")));
    if (!all) {
      out.denies.emplace_back(
          "publish tracks of any other source (a track of unknown source included)");
    }
  } else {
    out.denies.emplace_back("publish tracks (canPublish is false)");
  }
  say(video.may_subscribe(),
      "see and hear others" + (video.may_subscribe()
                                   ? why(video.can_subscribe, "canSubscribe", "yes")
                                   : std::string(" (canSubscribe is false)")));
  say(video.may_publish_data(), "send data messages" + why(video.can_publish_data, "canPublishData",
                                                           "the same as canPublish"));
  say(video.can_update_own_metadata.value_or(false),
      "change its own name, metadata and attributes" +
          why(video.can_update_own_metadata, "canUpdateOwnMetadata", "no"));
  if (video.can_subscribe_metrics.value_or(false)) out.allows.emplace_back("receive metrics");
  if (video.can_manage_agent_session.value_or(false)) {
    out.allows.emplace_back("manage its agent session");
  }
  if (video.hidden)
    out.notes.emplace_back("others in the room do not see this participant (hidden)");
  if (video.recorder) out.notes.emplace_back("the room counts as being recorded while it is there");
}

void explain_admin(const VideoGrant& video, Explanation& out) {
  const auto say = [&out](bool allowed, std::string text, std::string_view grant) {
    if (allowed) {
      out.allows.push_back(std::move(text));
    } else {
      out.denies.push_back(fmt::format("{} ({} is absent)", text, grant));
    }
  };
  say(video.room_create, "create and delete rooms", "roomCreate");
  say(video.room_list, "list rooms", "roomList");
  say(video.room_record, "start, list and stop every egress, of any room", "roomRecord");
  say(video.ingress_admin, "create, list and delete every ingress", "ingressAdmin");
  say(video.room_admin,
      video.room_admin && !video.room.empty()
          ? fmt::format("manage the participants of room {}", in_quotes(video.room))
          : "manage the participants of a room",
      "roomAdmin");
  if (video.agent) out.allows.emplace_back("register as an agent worker");
  if (!video.destination_room.empty()) {
    out.allows.push_back(
        fmt::format("move or forward participants to room {}", in_quotes(video.destination_room)));
  }
}

}  // namespace

Explanation explain(const Claims& claims) {
  Explanation out;
  if (claims.video) {
    explain_join(*claims.video, claims, out);
    explain_admin(*claims.video, out);
  } else {
    out.denies.emplace_back("anything with rooms (there is no video grant)");
  }
  if (claims.sip) {
    if (claims.sip->admin) out.allows.emplace_back("manage SIP trunks and rules");
    if (claims.sip->call) out.allows.emplace_back("place SIP calls");
  }
  if (claims.agent) {
    if (claims.agent->admin) out.allows.emplace_back("manage agents");
    if (claims.agent->simulation_admin) out.allows.emplace_back("manage agent simulations");
    if (claims.agent->database_admin) out.allows.emplace_back("manage agent databases");
  }
  if (claims.inference && claims.inference->perform) {
    out.allows.emplace_back("call the inference service");
  }
  if (claims.observability && claims.observability->write) {
    out.allows.emplace_back("write observability data");
  }
  if (!claims.kind.empty() && claims.kind != "standard") {
    out.notes.push_back(fmt::format("the participant is of kind {}", in_quotes(claims.kind)));
  }
  if (!claims.sha256.empty()) {
    out.notes.emplace_back("it vouches for one webhook body (sha256), not for a participant");
  }
  if (!claims.room_preset.empty()) {
    out.notes.push_back(fmt::format("a room made by this join uses the server's preset {}",
                                    in_quotes(claims.room_preset)));
  }
  if (!claims.room_config.empty()) {
    out.notes.emplace_back("a room made by this join uses the token's roomConfig");
  }
  for (auto& warning : join_warnings(claims)) out.notes.push_back(std::move(warning));
  return out;
}

std::vector<std::string> join_warnings(const Claims& claims) {
  std::vector<std::string> warnings;
  if (!claims.video) return warnings;
  const VideoGrant& video = *claims.video;
  if (video.room_join) {
    if (claims.identity.empty()) {
      warnings.emplace_back("the server will refuse the join: the token has no identity");
    }
    if (video.room.empty()) {
      warnings.emplace_back("the server will refuse the join: the token names no room");
    }
  }
  const auto too_long = [&](std::string_view text, std::string_view what, std::size_t limit) {
    if (text.size() <= limit) return;
    warnings.push_back(fmt::format("the server will refuse the join: the {} has {} bytes, above {}",
                                   what, text.size(), limit));
  };
  too_long(claims.identity, "identity", kMaxIdentityBytes);
  too_long(claims.name, "name", kMaxNameBytes);
  too_long(video.room, "room name", kMaxRoomNameBytes);
  too_long(claims.metadata, "metadata", kMaxMetadataBytes);
  std::size_t attribute_bytes = 0;
  for (const auto& [name, value] : claims.attributes) attribute_bytes += name.size() + value.size();
  if (attribute_bytes > kMaxAttributesBytes) {
    warnings.push_back(
        fmt::format("the server will refuse the join: the attributes have {} bytes, above {}",
                    attribute_bytes, kMaxAttributesBytes));
  }
  if (video.room_admin && video.room.empty()) {
    warnings.emplace_back("roomAdmin without a room manages nothing: the token names no room");
  }
  if (video.can_publish && !*video.can_publish && !video.can_publish_sources.empty()) {
    warnings.emplace_back("canPublishSources has no effect while canPublish is false");
  }
  return warnings;
}

}  // namespace ts::livekit
