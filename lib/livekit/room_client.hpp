// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/rooms.hpp"
#include "livekit/service.hpp"

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// LiveKit's RoomService. Every call refuses empty and over-long names (256 bytes) before sending.
class RoomClient {
 public:
  /// @param service  must outlive the client.
  explicit RoomClient(Service& service) : service_(&service) {}

  /// Makes the room, or returns the existing one with the non-zero fields changed.
  Result<Room> create(const CreateRoomRequest& request, std::stop_token stop = {});
  /// @param names  empty: all.
  Result<std::vector<Room>> list(std::vector<std::string> names = {}, std::stop_token stop = {});
  /// @return kNotFound when there is no such room.
  Result<Room> get(std::string_view room, std::stop_token stop = {});
  /// Ends the room and disconnects everybody.
  Status remove(std::string_view room, std::stop_token stop = {});
  Result<Room> update_metadata(std::string_view room, std::string_view metadata,
                               std::stop_token stop = {});

  Result<std::vector<ParticipantInfo>> participants(std::string_view room,
                                                    std::stop_token stop = {});
  Result<ParticipantInfo> participant(std::string_view room, std::string_view identity,
                                      std::stop_token stop = {});
  /// @param revoke_before  s since 1970; Cloud refuses the participant's older tokens. 0: none.
  Status remove_participant(std::string_view room, std::string_view identity,
                            std::int64_t revoke_before = 0, std::stop_token stop = {});
  Result<TrackInfo> mute(std::string_view room, std::string_view identity,
                         std::string_view track_sid, bool muted, std::stop_token stop = {});
  Result<ParticipantInfo> update_participant(const UpdateParticipantRequest& request,
                                             std::stop_token stop = {});
  Status update_subscriptions(const UpdateSubscriptionsRequest& request, std::stop_token stop = {});
  /// Fills in a random nonce when the request has none.
  Status send_data(SendDataRequest request, std::stop_token stop = {});
  /// Asks a participant's own method and waits for what it answers.
  ///
  /// @param request  `response_timeout_ms` 0: the server's own, 15 s. At most 55 s are waited.
  Result<std::string> perform_rpc(const PerformRpcRequest& request, std::stop_token stop = {});
  /// Shows a participant's tracks in a second room, too. LiveKit Cloud only.
  Status forward_participant(const ParticipantTransfer& transfer, std::stop_token stop = {});
  /// Takes a participant to another room without a new connection. LiveKit Cloud only.
  Status move_participant(const ParticipantTransfer& transfer, std::stop_token stop = {});

 private:
  Status transfer(std::string_view method, const ParticipantTransfer& transfer,
                  std::stop_token stop);

  Service* service_;
};

}  // namespace ts::livekit
