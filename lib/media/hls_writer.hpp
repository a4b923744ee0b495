// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/flv_demuxer.hpp"
#include "media/hls_playlist.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace ts::media {

/// The playlist a player joins: the newest segments only.
inline constexpr const char* kHlsLiveName = "live.m3u8";
/// The playlist of the whole recording: EVENT while it grows, VOD once completed.
inline constexpr const char* kHlsRecordingName = "recording.m3u8";

struct HlsOptions {
  std::filesystem::path directory;
  milliseconds segment{2000};   ///< A segment ends at the first key frame after this long.
  std::size_t live_window = 6;  ///< Segments in the live playlist.
  bool append = false;          ///< Go on with what is in the directory, after a discontinuity.
};

/// A segment that has just become visible to players.
struct HlsWritten {
  std::uint64_t number = 0;
  std::string file;
  microseconds duration{};
  bool discontinuity = false;
  std::uint64_t bytes = 0;
};

/// Writes coded packets (H.264, AAC; copied) as MPEG-TS segments with two playlists. Segments and
/// playlists appear by rename, so a reader never sees half of one, and the state is the directory
/// itself: a new writer (even after a crash) appends to what is there. Timestamps go on across
/// discontinuities. Owned and called by one thread.
class HlsWriter {
 public:
  using OnSegment = std::function<void(const HlsWritten&)>;

  /// @param clock  dates the segments (PROGRAM-DATE-TIME); must outlive the writer.
  /// @return kMedia when the directory cannot be used; kConflict when `append` meets a completed
  ///         recording.
  static Result<std::unique_ptr<HlsWriter>> open(HlsOptions options, const Clock& clock,
                                                 OnSegment on_segment);
  /// Ends both playlists for good (ENDLIST, VOD). Nothing happens when there is no recording or
  /// it is complete already.
  static Status complete(const std::filesystem::path& directory);

  HlsWriter(const HlsWriter&) = delete;
  HlsWriter& operator=(const HlsWriter&) = delete;
  /// Leaves a begun segment out; call `finish` to keep it.
  ~HlsWriter();

  /// The packets that follow look like this. Needed before the first one; a second call makes a
  /// discontinuity.
  Status begin(Tracks tracks);
  /// @param coded  in decode order per track. A jump of more than ten seconds, or backward, is
  ///               written as a discontinuity without the jump.
  Status write(const CodedPacket& coded);
  /// Closes the last segment. The playlists stay open for another writer.
  Status finish();

  /// Everything in the recording, earlier writers included.
  [[nodiscard]] microseconds recorded() const noexcept;
  /// Packets written by this writer.
  [[nodiscard]] std::uint64_t video_packets() const noexcept { return packets_[0]; }
  [[nodiscard]] std::uint64_t audio_packets() const noexcept { return packets_[1]; }

 private:
  struct Muxer;
  /// What one track has written since the last discontinuity, in 90 kHz ticks.
  struct TrackClock {
    std::int64_t last_dts = INT64_MIN;  ///< Kept across discontinuities.
    std::int64_t last_input_dts = INT64_MIN;
    std::int64_t first_dts = 0;
    std::int64_t last_pts = INT64_MIN;
    std::int64_t last_duration = 0;
    std::uint64_t count = 0;

    void note(std::int64_t input_dts, std::int64_t dts, std::int64_t pts, std::int64_t duration);
    [[nodiscard]] std::int64_t end() const;
  };

  HlsWriter(HlsOptions options, const Clock& clock, OnSegment on_segment);
  Status load();
  Status open_muxer();
  Status write_packet(const CodedPacket& coded);
  Status start_run(std::int64_t first_input);
  Status restart();
  Status open_segment(std::int64_t start);
  Status close_segment(std::int64_t end);
  Status publish(HlsSegment segment);
  Status write_live() const;
  Status write_recording() const;

  HlsOptions options_;
  const Clock& clock_;
  OnSegment on_segment_;
  HlsMediaPlaylist recording_;
  Tracks tracks_;
  std::unique_ptr<Muxer> muxer_;
  std::array<TrackClock, 2> clocks_{};
  std::array<std::uint64_t, 2> packets_{};
  std::int64_t offset_ = 0;  ///< Output minus input, in ticks, since the last discontinuity.
  std::int64_t segment_start_ = 0;
  std::int64_t base_ = 0;  ///< Where the present (or next) run of packets begins.
  WallTime run_started_{};
  bool run_open_ = false;       ///< Packets came since the last discontinuity.
  bool discontinuity_ = false;  ///< The next segment follows one.
};

}  // namespace ts::media
