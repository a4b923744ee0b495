// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/flv_demuxer.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace ts::media {

/// Writes coded packets into one file (.mp4, .mkv, .mov, .ts, .flv by its name), copied. MP4 is
/// written in fragments, so that a crash loses the last one only. Owned and called by one thread.
class PacketFile {
 public:
  /// @return kUsage for an unknown file ending, kMedia when the file cannot be written or the
  /// format
  ///         cannot carry the tracks.
  static Result<std::unique_ptr<PacketFile>> open(const std::filesystem::path& path,
                                                  const Tracks& tracks);
  PacketFile(const PacketFile&) = delete;
  PacketFile& operator=(const PacketFile&) = delete;
  ~PacketFile();

  /// Times begin at the first packet.
  Status write(const CodedPacket& coded);
  Status finish();
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  PacketFile() = default;
  Status add(const AvCodecParameters& parameters, TrackKind kind);
  [[nodiscard]] Error failure(int code) const;

  std::filesystem::path path_;
  AVFormatContext* context_ = nullptr;
  std::array<int, 2> stream_{-1, -1};
  std::array<std::int64_t, 2> last_dts_{INT64_MIN, INT64_MIN};
  std::int64_t origin_us_ = INT64_MIN;
  std::uint64_t bytes_ = 0;
};

}  // namespace ts::media
