// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/egress.hpp"
#include "livekit/service.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// LiveKit's Egress service. Requests are checked before sending: a source, at least one output,
/// stream URLs of one kind, even sizes.
class EgressClient {
 public:
  /// @param service  must outlive the client.
  explicit EgressClient(Service& service) : service_(&service) {}

  /// Start* may take a minute: the server waits for a worker. Never repeated by itself.
  /// @return kRemote with code "no_response" when no egress worker took the job,
  ///         kNotFound when the room does not exist.
  Result<EgressInfo> start(const RoomCompositeEgressRequest& request, std::stop_token stop = {});
  Result<EgressInfo> start(const WebEgressRequest& request, std::stop_token stop = {});
  Result<EgressInfo> start(const ParticipantEgressRequest& request, std::stop_token stop = {});
  Result<EgressInfo> start(const TrackCompositeEgressRequest& request, std::stop_token stop = {});
  Result<EgressInfo> start(const TrackEgressRequest& request, std::stop_token stop = {});
  /// The newer single call; @return kRemote with code "bad_route" from servers without it.
  Result<EgressInfo> start(const StartEgressRequest& request, std::stop_token stop = {});

  /// @return the egress as it now is, usually ending; kConflict with code "already_ended" when it
  ///         was over before.
  Result<EgressInfo> stop(std::string_view egress_id, std::stop_token stop = {});
  /// All pages.
  Result<std::vector<EgressInfo>> list(const ListEgressRequest& request, std::stop_token stop = {});
  /// @return kNotFound when the service does not know it (ended ones stay for a day).
  Result<EgressInfo> get(std::string_view egress_id, std::stop_token stop = {});
  /// Removing takes the original URL, not the redacted one.
  Result<EgressInfo> update_stream(const UpdateStreamRequest& request, std::stop_token stop = {});
  Result<EgressInfo> update_layout(std::string_view egress_id, std::string_view layout,
                                   std::stop_token stop = {});

  /// Called with each state that differs from the last one seen.
  using Progress = std::function<void(const EgressInfo&)>;

  /// Polls until the egress is `wanted` (kActive: every stream output is connected too; any
  /// terminal state: over), at growing intervals from 250 ms to 2 s.
  ///
  /// @return the last info seen, or
  ///         kDeadline naming the last state and its likely cause,
  ///         kRemote, kConflict or kMedia (see `failure`) when it ended otherwise.
  Result<EgressInfo> wait_for(std::string_view egress_id, EgressStatus wanted,
                              std::chrono::milliseconds timeout, std::stop_token stop,
                              const Progress& progress = {});

 private:
  Service* service_;
};

/// Why an egress that ended badly did, in words, with what to do: no tracks, start signal not
/// received, output refused, capacity, a limit, a dead worker. Empty optional when it did not.
std::optional<Error> failure(const EgressInfo& egress);

/// True when every stream output was accepted by its remote end (status active alone may still be
/// connecting); true without stream outputs.
bool streams_connected(const EgressInfo& egress) noexcept;

/// The outputs that were refused or broke, each in words: "ADDRESS refused the stream: its error".
/// An egress of several goes on with the others.
std::vector<std::string> refused_outputs(const EgressInfo& egress);

/// Checks a request as the server would, before sending. @return kUsage naming the field.
Status check(const RoomCompositeEgressRequest& request);
Status check(const WebEgressRequest& request);
Status check(const ParticipantEgressRequest& request);
Status check(const TrackCompositeEgressRequest& request);
Status check(const TrackEgressRequest& request);
Status check(const StartEgressRequest& request);
/// A stream URL the egress worker understands: rtmp, rtmps, mux, twitch, srt, ws, wss.
/// @return its protocol; kUsage otherwise, without quoting the URL's key.
Result<StreamProtocol> stream_protocol(const Secret& url);

/// A rung of the quality ladder: "high" 1920x1080 4.5 Mbit/s, "medium" 1280x720 2.5 Mbit/s, "low"
/// 854x480 1 Mbit/s, with 192, 128 and 96 kbit/s audio; 30 fps, a key frame every 2 s.
Result<EncodingOptions> ladder(std::string_view rung);
/// A preset by LiveKit's name (H264_1080P_30) or short (1080p30, portrait-720p60).
Result<EncodingPreset> parse_preset(std::string_view text);

}  // namespace ts::livekit
