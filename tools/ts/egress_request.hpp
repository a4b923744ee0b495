// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "egress_targets.hpp"

#include "common/context.hpp"
#include "core/result.hpp"
#include "livekit/egress_client.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ts::cli {

/// What `ts egress start` was told.
struct EgressStartOptions {
  std::string room{};
  std::string layout{};
  std::string template_url{};
  std::string web{};
  bool await_start_signal = false;
  std::string participant{};
  bool screen_share = false;
  std::string video_track{};
  std::string audio_track{};
  std::string track{};
  std::string websocket_url_file{};
  bool audio_only = false;
  bool video_only = false;

  TargetOptions targets{};
  std::string file{};
  std::string hls{};
  std::string image{};
  std::string image_interval = "10s";

  std::string preset{};
  std::string ladder{};
  std::optional<std::uint32_t> width{};
  std::optional<std::uint32_t> height{};
  std::optional<std::uint32_t> fps{};
  std::optional<std::uint32_t> depth{};
  std::optional<std::uint32_t> audio_frequency{};
  std::string video_bitrate{};
  std::string audio_bitrate{};
  std::string key_frame_interval{};
  std::string video_codec{};
  std::string audio_codec{};

  std::string webhook{};
  std::string webhook_key{};
  std::string request{};
  std::string kind{};

  std::string wait{};
  std::string timeout = "60s";
  std::string ref{};
};

using EgressRequest =
    std::variant<livekit::RoomCompositeEgressRequest, livekit::WebEgressRequest,
                 livekit::ParticipantEgressRequest, livekit::TrackCompositeEgressRequest,
                 livekit::TrackEgressRequest, livekit::StartEgressRequest>;

/// The request that the flags, laid over --request, describe, and the labels of its streams.
struct PlannedEgress {
  EgressRequest request{};
  std::vector<Target> targets{};
};
/// @return kUsage for flags that do not belong together; nothing is sent except to look up keys.
Result<PlannedEgress> plan_egress(Context& context, const EgressStartOptions& options);

/// The request without secrets, as JSON text: for --ref's fingerprint.
std::string redacted_text(const EgressRequest& request);

/// Registers for scrubbing what a message's redacted form does not show.
void scrub_difference(const Json& full, const Json& redacted, Log& log);

/// "2500k", "4.5M" as kbit/s. @return kUsage for a bare number.
Result<std::uint32_t> parse_kilobits(std::string_view text);

}  // namespace ts::cli
