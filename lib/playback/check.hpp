// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "net/http.hpp"
#include "playback/playlist.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::playback {

struct CheckOptions {
  /// How long to watch a live playlist. 0: fetch once. A finished recording is read once anyway.
  std::chrono::milliseconds watch{0};
  /// How long to wait for the first playable answer (412 and 404 before a live stream is active);
  /// 0: not at all.
  std::chrono::milliseconds wait_for_start{0};
  int max_segments = 3;        ///< Newest segments downloaded of each variant at the start.
  bool every_segment = false;  ///< Download each new segment while watching.
  bool every_variant = false;  ///< Else only the one of highest bandwidth.
  std::chrono::milliseconds request_timeout{10'000};
};

/// One thing a viewer would notice.
struct Finding {
  bool failure = false;  ///< False: a warning.
  std::string code{};    ///< Stable: "stalled", "segment_missing", "target_duration" …
  std::string message{};
};

struct VariantReport {
  std::string url{};
  std::string kind = "video";  ///< "video", or "audio" for a separate audio rendition.
  std::int64_t bandwidth = 0;
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  std::string codecs{};
  double target_duration_s = 0;
  double part_target_s = 0;
  std::int64_t first_sequence = 0;  ///< Of the first playlist seen.
  std::int64_t last_sequence = 0;   ///< Of the last segment seen.
  std::int64_t segments_listed = 0;
  std::int64_t segments_fetched = 0;
  std::int64_t bytes_fetched = 0;
  double listed_duration_s = 0;  ///< Of the last playlist.
  double advanced_s = 0;         ///< Media that appeared while watching.
  double longest_stall_s = 0;    ///< Longest time without a new segment.
  std::int64_t discontinuities = 0;
  bool ended = false;
  std::optional<double> latency_s{};  ///< Now minus the live edge, when dated.
};

/// What a viewer of one address gets, without decoding.
struct Report {
  std::string url{};
  bool playable = false;   ///< A playlist with at least one fetched segment.
  bool live = false;       ///< No ENDLIST in the last playlist.
  bool advancing = false;  ///< New segments came while watching.
  std::chrono::milliseconds time_to_first_segment{};
  std::chrono::milliseconds watched{};
  std::vector<VariantReport> variants{};
  std::vector<Finding> findings{};

  [[nodiscard]] bool ok() const noexcept;
};

/// Watches a playback address as a player does.
///
/// @param on_progress  called after each poll; may be null.
/// @return kPending (code "not_live_yet") when it answers 412 as before a stream is active and the
///         wait has run out; kNotFound, kAuth, kRemote when there is no playlist; otherwise a
///         report, whose findings say what is wrong.
Result<Report> check(net::HttpTransport& transport, Clock& clock, std::string_view url,
                     const CheckOptions& options = {},
                     const std::function<void(const Report&)>& on_progress = {},
                     std::stop_token stop = {});

/// The report as `ts playback check --json` shows it (schema ts.playback/1).
Json describe(const Report& report);

/// A GET of a playlist, image or segment: follows up to 5 redirects, as players do.
/// @return kNotFound, kAuth or kRemote for statuses other than 2xx; kPending for 412.
Result<net::HttpResponse> fetch(net::HttpTransport& transport, std::string_view url,
                                std::chrono::milliseconds timeout, std::stop_token stop = {},
                                std::string_view range = {});

}  // namespace ts::playback
