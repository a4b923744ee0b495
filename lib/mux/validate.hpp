// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "mux/types.hpp"

namespace ts::mux {

/// What Mux would refuse, said before anything is sent. @return kUsage naming the field.
Status validate(const NewLiveStream& wish);
Status validate(const LiveStreamUpdate& update);
Status validate(const NewSimulcastTarget& target);
Status validate(const std::vector<EmbeddedSubtitle>& subtitles);
Status validate(const std::vector<GeneratedSubtitle>& subtitles);
Status validate(const std::vector<NewStaticRendition>& renditions);
/// At most 255 characters. @param what  the field's name for the message.
Status validate_passthrough(std::string_view text, std::string_view what = "passthrough");

/// "standard", "reduced" or "low". @return kUsage with the nearest name.
Result<LatencyMode> parse_latency(std::string_view text);
/// "public", "signed" or "drm". @return kUsage with the nearest name.
Result<PlaybackPolicy> parse_policy(std::string_view text);

/// Whether a live stream can be waited for in that state. @return kUsage with the nearest name.
Status check_state(std::string_view state);

/// Where a simulcast target pushes: a full URL, or "twitch", "youtube", "facebook" for the
/// platform's own RTMPS address.
Result<std::string> simulcast_url(std::string_view url_or_platform);

}  // namespace ts::mux
