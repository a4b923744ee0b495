// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/contact_sheet.hpp"
#include "media/hls_viewer.hpp"
#include "media/picture_watch.hpp"
#include "media/scene_timeline.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::media {

struct ViewerSheetOptions {
  HlsSourceOptions source{};
  std::string title = "what viewers got";
  std::optional<microseconds> every{};   ///< Distance of pictures; else about a dozen in all.
  std::optional<microseconds> length{};  ///< A recording: all of it; a live stream: 20 s.
  milliseconds patience{60'000};         ///< Beyond the length.
  std::optional<SceneTimeline> timeline{};
  double max_missing = 0.02;  ///< Part of the frame numbers that may be missing or repeated, beyond
                              ///< those that the compositor says it left out.
};

struct SheetPicture {
  microseconds position{};
  std::optional<std::uint32_t> frame{};
  std::string scene{};
  std::vector<std::string> overlays{};
};

struct ViewerSheet {
  AvFrame sheet;
  HlsSourceStats source{};
  ViewerStats viewer{};
  PictureWatch pictures{};
  std::vector<SheetPicture> shown{};
  std::vector<std::string> scenes_seen{};
  std::vector<std::string> scenes_expected{};
  std::vector<std::string> problems{};
  std::string verdict{};  ///< One sentence.
};

/// Plays a stream, judges its burnt-in frame numbers against the compositor's account, and draws a
/// contact sheet. @return an Error only when nothing could be fetched or drawn; all else is a
/// problem on the sheet.
Result<ViewerSheet> make_viewer_sheet(const std::string& url, ViewerSheetOptions options,
                                      Clock& clock, const std::stop_token& stop);

}  // namespace ts::media
