// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

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

/// Remembers the last error FFmpeg reported on this thread while it lives: its return codes alone
/// ("input/output error") rarely say why. Needs a FfmpegLog alive. Scopes may nest.
class FfmpegLastError {
 public:
  FfmpegLastError();
  FfmpegLastError(const FfmpegLastError&) = delete;
  FfmpegLastError& operator=(const FfmpegLastError&) = delete;
  ~FfmpegLastError();

  /// Without URL paths and without the "[rtmp @ 0x…]" in front; empty when there was none.
  [[nodiscard]] std::string text() const;
  /// For the log callback.
  void note(std::string line) { line_ = std::move(line); }

 private:
  std::string line_;
  FfmpegLastError* outer_;
};

/// `text` with everything after the host of each URL, and credentials before it, replaced by "…".
std::string without_url_paths(std::string_view text);

}  // namespace ts::media
