// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "mux/types.hpp"

#include <string_view>

namespace ts::mux {

/// Mux's answers. Unknown members are ignored; times are seconds as decimal strings, numbers or
/// ISO 8601. @return kRemote naming the path of a member of the wrong type.
Result<LiveStream> read_live_stream(const Json& json, std::string_view path = "$");
Result<Asset> read_asset(const Json& json, std::string_view path = "$");
Result<PlaybackId> read_playback_id(const Json& json, std::string_view path = "$");
Result<SimulcastTarget> read_simulcast_target(const Json& json, std::string_view path = "$");
Result<StaticRendition> read_static_rendition(const Json& json, std::string_view path = "$");
Result<WebhookEndpoint> read_webhook_endpoint(const Json& json, std::string_view path = "$");

/// Request bodies that people write (`--request @F.json`): Mux's own spelling, unknown members
/// refused with the nearest name, deprecated spellings (playback_policy, reduced_latency,
/// low_latency) understood. @return kUsage naming the path.
Result<NewLiveStream> read_new_live_stream(const Json& json);
Result<LiveStreamUpdate> read_live_stream_update(const Json& json);
Result<NewSimulcastTarget> read_new_simulcast_target(const Json& json);

/// Request bodies for the wire. They hold stream keys of simulcast targets: never log them.
Json to_body(const NewLiveStream& wish);
Json to_body(const LiveStreamUpdate& update);
Json to_body(const NewSimulcastTarget& target);
Json to_body(const std::vector<EmbeddedSubtitle>& subtitles);
Json to_body(const std::vector<GeneratedSubtitle>& subtitles);
Json to_body(const std::vector<NewStaticRendition>& renditions);

/// What `ts` shows: snake_case, RFC 3339 times, durations with their unit, no secret.
Json describe(const LiveStream& live_stream);
Json describe(const Asset& asset);
Json describe(const PlaybackId& playback_id);
Json describe(const SimulcastTarget& target);
Json describe(const StaticRendition& rendition);

}  // namespace ts::mux
