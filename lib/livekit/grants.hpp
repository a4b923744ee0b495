// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// A permission whose absence means false. One that was said is written, false included, so that a
/// token says what its maker said, as the vendor's SDKs do; one that was not is left out.
class Flag {
 public:
  constexpr Flag() noexcept = default;
  // Implicit both ways: it is used like the bool it is.
  // NOLINTBEGIN(google-explicit-constructor)
  constexpr Flag(bool value) noexcept : state_(value ? State::kYes : State::kNo) {}
  constexpr operator bool() const noexcept { return state_ == State::kYes; }
  // NOLINTEND(google-explicit-constructor)
  [[nodiscard]] constexpr bool said() const noexcept { return state_ != State::kUnsaid; }

 private:
  enum class State : std::uint8_t { kUnsaid, kNo, kYes };
  State state_ = State::kUnsaid;
};

/// What a token permits in rooms: the claim "video". A tri-state is written whenever it is set, and
/// its absence means something else than false (see each).
struct VideoGrant {
  Flag room_create{};  ///< CreateRoom and DeleteRoom.
  Flag room_list{};
  Flag room_record{};  ///< Every egress call, for any room.
  Flag room_admin{};   ///< Only for `room`.
  Flag room_join{};    ///< Only for `room`.
  Flag ingress_admin{};
  Flag hidden{};
  Flag recorder{};
  Flag agent{};
  std::string room{};                              ///< Exact name, case matters; no wildcards.
  std::optional<bool> can_publish{};               ///< Absent: true.
  std::optional<bool> can_subscribe{};             ///< Absent: true.
  std::optional<bool> can_publish_data{};          ///< Absent: the same as can_publish.
  std::vector<std::string> can_publish_sources{};  ///< camera, microphone, screen_share,
                                                   ///< screen_share_audio. Empty: all.
  bool sources_said = false;  ///< can_publish_sources is written though it is empty.
  std::optional<bool> can_update_own_metadata{};   ///< Absent: false.
  std::optional<bool> can_subscribe_metrics{};     ///< Absent: false.
  std::optional<bool> can_manage_agent_session{};  ///< Absent: false.
  std::string destination_room{};                  ///< For forwarding and moving participants.

  // What the server makes of the tri-states.
  [[nodiscard]] bool may_publish() const noexcept { return can_publish.value_or(true); }
  [[nodiscard]] bool may_subscribe() const noexcept { return can_subscribe.value_or(true); }
  [[nodiscard]] bool may_publish_data() const noexcept {
    return can_publish_data.value_or(may_publish());
  }
  /// Whether a track from `source` ("camera" …) may be published.
  [[nodiscard]] bool may_publish_source(std::string_view source) const noexcept;
};

/// The claim "sip".
struct SipGrant {
  Flag admin{};
  Flag call{};
};
/// The claim "agent".
struct AgentGrant {
  Flag admin{};
  Flag simulation_admin{};
  Flag database_admin{};
};
/// The claim "inference".
struct InferenceGrant {
  Flag perform{};
};
/// The claim "observability".
struct ObservabilityGrant {
  Flag write{};
};

/// The values can_publish_sources may hold.
std::vector<std::string> publish_sources();
/// @return kUsage suggesting the nearest source.
Status check_publish_source(std::string_view source);

/// The grant as its JSON claim: the official names, in the official SDK's order of use.
Json to_json(const VideoGrant& grant);

/// What to do with a grant that LiveKit does not have.
enum class UnknownGrants : std::uint8_t {
  kIgnore,  ///< Tokens of others: a newer server may know more.
  kRefuse,  ///< What people write: an error that suggests the nearest name.
};
/// @return `kind` with the path: wrong types, unknown members (kRefuse), unknown sources (kRefuse).
Result<VideoGrant> video_grant_from_json(const Json& json, UnknownGrants unknown,
                                         ErrorKind kind = ErrorKind::kUsage,
                                         std::string path = "$.video");

/// Who gets a token, as presets of `ts token --role`.
enum class Role : std::uint8_t { kCamera, kSwitcher, kViewer, kOverlay, kAdmin };
std::string_view to_string(Role role) noexcept;
/// @return kUsage suggesting the nearest role.
Result<Role> parse_role(std::string_view text);
/// The grants of a role in `room` (which may be empty for kAdmin).
VideoGrant role_grant(Role role, std::string room);

/// What one call of LiveKit's API needs, as the server checks it. An empty result means allowed;
/// otherwise the missing grant in words: "roomAdmin for room 'main'".
std::string missing_room_create(const VideoGrant& grant);
std::string missing_room_list(const VideoGrant& grant);
std::string missing_room_record(const VideoGrant& grant);
std::string missing_ingress_admin(const VideoGrant& grant);
std::string missing_room_admin(const VideoGrant& grant, std::string_view room);

}  // namespace ts::livekit
