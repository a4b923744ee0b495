// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "sandbox/effects.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// What a recording consists of by now.
struct RecordingInfo {
  std::size_t segments = 0;
  milliseconds duration{};
  std::int64_t peak_bits_per_s = 0;
};

/// What the jobs of a MediaHost report; called on their own threads.
struct MediaHooks {
  std::function<void(const std::string& asset, const RecordingInfo&)> progress{};
  std::function<void(const std::string& asset, const RecordingInfo&, std::string_view error)>
      completed{};
  /// What an imported asset turned out to be.
  std::function<void(const std::string& asset, const StreamInfo&)> described{};
  /// A file of an asset is there, or is not going to be.
  std::function<void(const FileMake&, std::int64_t bytes, std::string_view error)> file_made{};
  std::function<void(RelayId)> connected{};
  /// What a relay into a folder, or of stills, has written by now; told every second.
  std::function<void(RelayId, RelayLeft)> written{};
  std::function<void(RelayId, std::string_view error, RelayLeft left)> ended{};
};

/// What they work with.
struct MediaOptions {
  std::filesystem::path program{};     ///< ts-media; empty: nothing can be recorded or forwarded.
  std::filesystem::path recordings{};  ///< One folder per asset below it.
  std::filesystem::path files{};       ///< Relays into files and folders write below it.
  std::vector<std::string> environment{};
  bool loopback_only = true;  ///< Relays to other machines fail with a clear reason.
};

}  // namespace ts::sandbox
