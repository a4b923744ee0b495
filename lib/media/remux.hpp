// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stop_token>

namespace ts::media {

struct RemuxMade {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::chrono::microseconds duration{};
};

/// Copies an ended HLS recording (a folder with recording.m3u8) into one MP4 that can be played
/// while it loads; nothing is encoded again. Gaps and jumps between publishes are closed.
/// The file appears whole or not at all.
/// @param audio_only  leave the pictures out.
/// @return kNotFound when there is no recording or no such track, kMedia when it cannot be read or
///         written, kInterrupted.
Result<RemuxMade> remux_recording(const std::filesystem::path& folder,
                                  const std::filesystem::path& out, bool audio_only,
                                  const std::stop_token& stop);

}  // namespace ts::media
