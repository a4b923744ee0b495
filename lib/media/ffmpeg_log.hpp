// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "core/log.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

/// What to do about a picture beyond the readers' limit.
inline constexpr std::string_view kSmallerPicture =
    "scale it: a film to 4096 x 2304, a photo to 50 megapixels at most";

/// Remembers the errors FFmpeg reports on this thread while it lives: its return codes alone
/// ("input/output error") rarely say why. Needs a FfmpegLog alive. Scopes may nest.
class FfmpegErrors {
 public:
  FfmpegErrors();
  FfmpegErrors(const FfmpegErrors&) = delete;
  FfmpegErrors& operator=(const FfmpegErrors&) = delete;
  ~FfmpegErrors();

  /// The first one, which is nearest to the cause; without URL paths and without the
  /// "[rtmp @ 0x…]" in front. Empty when there was none.
  [[nodiscard]] std::string first() const;
  /// What follows `prefix` in the first line that has it; empty when none does.
  [[nodiscard]] std::string after(std::string_view prefix) const;
  /// "16384x16384", when a picture was refused for its size; else empty.
  [[nodiscard]] std::string picture_too_large() const;
  /// `av_error`, with the first noted line instead of the code's text where that says nothing, and
  /// plain words for a certificate that was refused, too many streams and too large a picture.
  [[nodiscard]] Error explain(int code, std::string_view what, ErrorKind kind) const;
  /// Whether any line holds these words.
  [[nodiscard]] bool noted(std::string_view words) const;
  /// For the log callback.
  void note(std::string line);

 private:
  std::vector<std::string> lines_;
  FfmpegErrors* outer_;
};

/// `text` with everything after the host of each URL, and credentials before it, replaced by "…".
std::string without_url_paths(std::string_view text);

}  // namespace ts::media
