// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/fetch.hpp"
#include "media/hls_playlist.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <stop_token>
#include <string>

namespace ts::media {

struct HlsSourceOptions {
  FetchOptions fetch{};
  std::size_t behind = 3;   ///< A live playlist is joined this many segments before its end.
  bool from_start = false;  ///< A live playlist is read from its first segment.
};

/// One segment as a viewer got it.
struct FetchedSegment {
  HlsSegment info{};
  std::uint64_t sequence = 0;
  microseconds position{};  ///< Where it begins in what has been fetched so far.
  bool new_run = false;     ///< The first one, or after a discontinuity or a loss: decode afresh.
  std::string bytes{};      ///< With the initialization section in front of a new run.
  SteadyTime fetched_at{};
  WallTime fetched_wall{};
};

/// What following the playlist has shown so far.
struct HlsSourceStats {
  std::string variant{};  ///< "1280x720, 2500000 bit/s" when a master playlist was read.
  bool live = false;      ///< The playlist had no end when it was joined.
  bool ended = false;     ///< The playlist has an end now.
  seconds target_duration{};
  microseconds joined_duration{};  ///< What the playlist offered when it was joined.
  std::uint64_t reloads = 0;
  std::uint64_t advances = 0;       ///< Reloads that brought new segments.
  std::uint64_t segments = 0;       ///< Fetched.
  std::uint64_t lost_segments = 0;  ///< Left the playlist before they could be fetched.
  std::uint64_t discontinuities = 0;
  std::uint64_t bytes = 0;
  milliseconds slowest_fetch{};
  milliseconds longest_wait{};                 ///< Between two advances of the live playlist.
  std::optional<milliseconds> join_latency{};  ///< Wall time minus date of the first segment.
  std::optional<milliseconds> edge_age{};      ///< Age of the newest medium when last seen.
};

/// Follows an HLS playlist and fetches its segments, as a player does. For one thread.
class HlsSource {
 public:
  /// @param url  Of a master or media playlist; or a file; or a folder that holds recording.m3u8
  ///             (or else live.m3u8, index.m3u8).
  static Result<HlsSource> open(std::string url, HlsSourceOptions options, Clock& clock,
                                std::stop_token stop);

  /// The next segment; waits for a live playlist to advance.
  /// @return nullopt at the end of the stream or at `deadline`; kCheckFailed when a live playlist
  ///         has not advanced for three segment lengths (10 s at least), or what `fetch` returns.
  Result<std::optional<FetchedSegment>> next(SteadyTime deadline);

  [[nodiscard]] const HlsSourceStats& stats() const noexcept { return stats_; }

 private:
  HlsSource(std::string url, HlsSourceOptions options, Clock& clock, std::stop_token stop)
      : url_(std::move(url)),
        options_(std::move(options)),
        clock_(&clock),
        stop_(std::move(stop)) {}
  Status join();
  Result<HlsMediaPlaylist> load();
  void take_new(const HlsMediaPlaylist& playlist);
  Status reload();
  Status wait_for_more(SteadyTime deadline);
  Result<FetchedSegment> fetch_front();

  struct Pending {
    HlsSegment segment;
    std::uint64_t sequence = 0;
    bool after_loss = false;
  };

  std::string url_;
  HlsSourceOptions options_;
  Clock* clock_;
  std::stop_token stop_;
  HlsSourceStats stats_;
  std::deque<Pending> pending_;
  std::optional<std::uint64_t> next_sequence_;
  microseconds position_{};
  SteadyTime advanced_at_{};
  SteadyTime reloaded_at_{};
};

}  // namespace ts::media
