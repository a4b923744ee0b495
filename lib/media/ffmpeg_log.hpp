// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"

#include <memory>

namespace ts::media {

/// While it lives, FFmpeg's own messages go to `log` as component "ffmpeg", with URLs cut to
/// scheme and host (a path may be a stream key). Without one alive FFmpeg is silent or prints by
/// itself, so every program of ours makes one first. One at a time.
class FfmpegLog {
 public:
  explicit FfmpegLog(Log& log);
  FfmpegLog(const FfmpegLog&) = delete;
  FfmpegLog& operator=(const FfmpegLog&) = delete;
  ~FfmpegLog();
};

/// `text` with everything after the host of each URL, and credentials before it, replaced by "…".
std::string without_url_paths(std::string_view text);

}  // namespace ts::media
