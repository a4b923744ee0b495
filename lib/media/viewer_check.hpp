// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/hls_viewer.hpp"
#include "media/picture_watch.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace ts::media {

struct ViewerCheckOptions {
  HlsSourceOptions source{};
  microseconds length{10'000'000};  ///< How much to watch.
  milliseconds patience{30'000};    ///< Beyond `length`, for fetching and waiting.
  milliseconds max_av_offset{100};  ///< Between sound and picture, at start and end.
};

/// What a viewer got, and what is wrong with it.
struct ViewerReport {
  HlsSourceStats source{};
  ViewerStats viewer{};
  PictureWatch pictures{};
  SoundWatch sound{};
  std::optional<double> av_start_ms{};  ///< Picture minus sound; positive: the picture is later.
  std::optional<double> av_end_ms{};
  std::vector<std::string> problems{};  ///< Each one fails the check.
  std::vector<std::string> warnings{};
};

/// Watches an HLS stream for a while. @return an Error only when not even the playlist can be read;
/// everything found later is a problem in the report.
Result<ViewerReport> check_viewer(const std::string& url, const ViewerCheckOptions& options,
                                  Clock& clock, const std::stop_token& stop);

}  // namespace ts::media
