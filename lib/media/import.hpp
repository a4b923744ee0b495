// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace ts::media {

struct ImportOptions {
  std::string url{};   ///< http:// on this machine: a file, or an HLS playlist with its segments.
  std::string path{};  ///< Or a file; nothing it names beside itself is opened.
  std::uint64_t max_bytes = std::uint64_t{4} << 30U;  ///< Of media.
  milliseconds deadline{600'000};                     ///< For all of it.
};

/// Copies the H.264 and AAC of a file or a playlist as FLV into `out`, as fast as both allow;
/// nothing is encoded again. Playlists that lead to other machines are refused.
///
/// @param out  a pipe or socket, borrowed.
/// @return kRemote when it cannot be fetched, kMedia for what is no H.264 or AAC or is too large,
///         kInterrupted.
Status import_as_flv(const ImportOptions& options, int out, std::stop_token stop);

}  // namespace ts::media
