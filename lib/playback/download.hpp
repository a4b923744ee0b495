// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "net/http.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string_view>

namespace ts::playback {

struct DownloadOptions {
  std::uint64_t chunk_bytes = std::uint64_t{8} << 20U;
  int retries = 3;  ///< Of each chunk.
  std::chrono::milliseconds chunk_timeout{120'000};
};

/// Fetches a file of any size in ranges, so that memory stays small and a lost connection costs one
/// chunk. Written beside `path` (FILE.part, one download's at a time) and renamed when whole; an
/// existing file is replaced. A device or a pipe is written into as the chunks come.
///
/// @param on_progress  called with bytes done and total (0: unknown); may be null.
/// @return the size. kRemote when the file changes while it is fetched or ends early, and (code
///         "bad_answer") when what comes is empty, a web page or JSON; kConflict when another
///         download writes the same file; kConfig when the disk refuses.
Result<std::uint64_t> download(net::HttpTransport& transport, Clock& clock, std::string_view url,
                               const std::filesystem::path& path,
                               const std::function<void(std::uint64_t, std::uint64_t)>& on_progress,
                               std::stop_token stop = {}, DownloadOptions options = {});

}  // namespace ts::playback
