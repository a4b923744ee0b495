// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "sandbox/effects.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ts::sandbox {

/// What a verified token permits; absent claims are false or empty.
struct RoomGrants {
  bool room_create = false;
  bool room_list = false;
  bool room_record = false;
  bool room_admin = false;
  bool ingress_admin = false;
  std::string room{};
  std::string destination_room{};
};

/// Rooms, ingress and egress as LiveKit's server and its workers keep them: a state machine without
/// I/O. The media behind it is what RTMP publishers bring; see `what_can_be_made`. Not thread-safe.
class LiveKitService {
 public:
  struct Options {
    std::string rtmp_url{};  ///< Of ingress answers, without the key: "rtmp://127.0.0.1:1935/live".
    std::string composite_url{};  ///< Where composites are published to, without the key.
    std::string mux_url{};  ///< Where mux:// and *.live.mux.com lead: "rtmp://127.0.0.1:1935/app".
    std::string files{};    ///< Folder below which egress files appear; for answers.
    RandomText random{};
  };
  LiveKitService(Options options, const Clock& clock);
  LiveKitService(const LiveKitService&) = delete;
  LiveKitService& operator=(const LiveKitService&) = delete;
  ~LiveKitService();

  /// One Twirp call, already authenticated.
  ///
  /// @param service  "RoomService", "Egress" or "Ingress".
  /// @param grants   nullopt: no token came with the request.
  Reply call(std::string_view service, std::string_view method, std::string_view body,
             const std::optional<RoomGrants>& grants);

  /// Somebody publishes with this key. @return kAuth when no ingress answers to it or it is
  /// disabled, kConflict when it is being published already.
  Status publish_begins(std::string_view stream_key, PublishId publish);
  /// What the publisher sends is known (or more of it): its participant joins, tracks appear.
  void publish_described(PublishId publish, const StreamInfo& info);
  /// The publisher has gone. @param error  empty when it ended in order.
  void publish_ended(PublishId publish, std::string_view error);

  /// The far end took the stream.
  void relay_connected(RelayId relay);
  /// What a relay that writes segments or stills has written by now.
  void relay_wrote(RelayId relay, RelayLeft left);
  /// The relay is over. @param error  empty after RelayStop or the end of the source.
  /// @param left  of a relay that wrote files.
  void relay_ended(RelayId relay, std::string_view error, RelayLeft left = {});

  /// The same for what a composite publishes. @return kAuth when no egress waits for it.
  Status composite_begins(std::string_view key, PublishId publish);
  /// A composite is over. @param error  empty after CompositeStop. @param crashed  it did not end
  /// by itself.
  void composite_over(RelayId composite, std::string_view error, bool crashed);

  /// Deadlines and timeouts; call it often (every 100 ms).
  void tick();
  /// What happened since the last call, in order.
  [[nodiscard]] Effects take_effects();
  /// Rooms, ingress and egress with their states; never a key.
  [[nodiscard]] Json describe() const;
  /// Forgets everything; publishers are kicked, relays stopped.
  void reset();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// A Twirp error answer. @param meta  a JSON object, or empty.
Reply twirp_error(std::string_view code, std::string_view message, std::string_view meta = {});

}  // namespace ts::sandbox
