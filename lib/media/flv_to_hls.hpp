// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/hls_writer.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace ts::media {

/// What has been taken in, at any moment.
struct IngestTotals {
  std::uint64_t bytes = 0;
  std::uint64_t video_packets = 0;
  std::uint64_t audio_packets = 0;
  std::uint64_t segments = 0;  ///< Written by this run.
  microseconds recorded{};     ///< The whole recording, earlier runs included.
  bool truncated = false;      ///< The stream ended inside a tag: the publisher died.
};

struct IngestEvents {
  /// Media begins, or the tracks change.
  std::function<void(const Tracks&)> on_tracks;
  std::function<void(const HlsWritten&)> on_segment;
};

/// Records one publish: reads FLV from `input` until its end or until `stop`, and writes HLS.
/// Either way the last segment is closed and the playlists are left open for the next publish of
/// the same session; `HlsWriter::complete` ends them.
///
/// @param input  A pipe or socket, borrowed. Read at the pace it comes.
/// @return kMedia when the stream cannot be used (also when it ends without any media) or the disk
///         refuses; what was recorded up to then stays usable.
Result<IngestTotals> flv_to_hls(int input, HlsOptions options, const Clock& clock,
                                const IngestEvents& events, std::stop_token stop);

}  // namespace ts::media
