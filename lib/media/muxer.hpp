// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "media/av_handles.hpp"
#include "media/encoder.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/interrupt.hpp"

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::media {

/// Where a muxer writes. The address is a secret as a whole: an RTMP path is a stream key.
struct MuxTarget {
  enum class Kind : std::uint8_t { kFile, kHls, kRtmp, kSrt };
  Kind kind = Kind::kFile;
  std::string name{};  ///< For messages.
  std::string path{};  ///< File, or folder of the HLS output.
  Secret url{};        ///< RTMP and SRT only.
  std::string ca_file{};
  milliseconds segment{2000};
  int window = 0;
  bool fmp4 = false;
  milliseconds timeout{10'000};  ///< Of every blocking call on the network.
  /// The encodes it takes, for whoever feeds it; empty: the main one. A muxer itself has one.
  std::vector<std::string> renditions{};
  /// HLS: times are the program's own instead of counted from the first packet, so that several
  /// renditions agree.
  bool program_time = false;
  /// HLS: a playlist that was broken off a few minutes ago is gone on with, so that a program that
  /// is started again keeps its viewers and what they have seen.
  bool resume = false;

  [[nodiscard]] MuxTarget clone() const;
  /// Over a network: worth trying again for ever.
  [[nodiscard]] bool remote() const noexcept { return kind == Kind::kRtmp || kind == Kind::kSrt; }
};

/// One opened output. finish() writes the end; the destructor only lets go.
class Muxer {
 public:
  /// Opens the target and writes the header. Blocks; `stop` and the timeout end it.
  /// @return kMedia; retryable when it is worth trying again. The address never appears in it.
  static Result<std::unique_ptr<Muxer>> open(const MuxTarget& target, const StreamFormat& video,
                                             const std::optional<StreamFormat>& audio,
                                             std::stop_token stop);
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;
  ~Muxer();

  /// Packets must come in order of dts over both streams. `offset` is taken from their times.
  Status write(const EncodedPacket& packet, std::int64_t offset_us);
  Status finish();
  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }

 private:
  Muxer(const MuxTarget& target, std::stop_token stop);
  Status start(const StreamFormat& video, const std::optional<StreamFormat>& audio);
  Error failure(int code, const char* doing, const FfmpegErrors& said) const;
  static int open_io(AVFormatContext* context, AVIOContext** io, const char* url, int flags,
                     AVDictionary** options);
  static int close_io(AVFormatContext* context, AVIOContext* io);

  MuxTarget target_;
  Interrupt interrupt_;
  AVFormatContext* format_ = nullptr;
  AVRational video_base_{1, 1000};
  AVRational audio_base_{1, 1000};
  bool header_written_ = false;
  bool finished_ = false;
  std::int64_t bytes_ = 0;
  std::int64_t flushed_us_ = 0;  ///< Time of the packet before which a file was written out last.
  int file_error_ = 0;           ///< Of a file the HLS muxer wrote; it tells nobody.
  std::map<AVIOContext*, std::string> open_files_{};  ///< Paths of what the HLS muxer writes.
};

}  // namespace ts::media
