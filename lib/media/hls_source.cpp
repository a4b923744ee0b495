// SPDX-License-Identifier: Apache-2.0
#include "media/hls_source.hpp"

#include "media/hls_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace ts::media {
namespace {

constexpr milliseconds kShortestPoll{200};
constexpr milliseconds kLeastPatience{10'000};

milliseconds in_ms(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

/// The playlist in a folder; the path itself when it is none.
std::string playlist_path(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (path.find("://") != std::string::npos || !fs::is_directory(path, ignored)) return path;
  for (const char* name : {kHlsRecordingName, kHlsLiveName}) {
    if (const auto file = fs::path(path) / name; fs::exists(file, ignored)) return file.string();
  }
  return (fs::path(path) / "index.m3u8").string();
}

}  // namespace

Result<HlsSource> HlsSource::open(std::string url, HlsSourceOptions options, Clock& clock,
                                  std::stop_token stop) {
  if (!options.fetch.policy && url.find("://") != std::string::npos) {
    options.fetch.policy = AddressPolicy::for_url(url);
  }
  HlsSource source(playlist_path(url), std::move(options), clock, std::move(stop));
  TS_CHECK(source.join());
  return source;
}

Status HlsSource::join() {
  TS_TRY(const auto text, fetch(url_, options_.fetch, stop_));
  TS_TRY(auto parsed, parse_hls(text));
  if (const auto* master = std::get_if<HlsMasterPlaylist>(&parsed)) {
    const auto best = std::max_element(
        master->variants.begin(), master->variants.end(),
        [](const HlsVariant& a, const HlsVariant& b) { return a.bandwidth < b.bandwidth; });
    stats_.variant = fmt::format("{}x{}, {} bit/s", best->width, best->height, best->bandwidth);
    url_ = resolve_uri(url_, best->uri);
  }
  TS_TRY(const auto playlist, load());
  if (playlist.encrypted) {
    return Error{.kind = ErrorKind::kMedia, .message = "the playlist is encrypted"};
  }
  advanced_at_ = clock_->steady_now();
  stats_.live = !playlist.ended;
  stats_.joined_duration = playlist.total_duration();
  const auto count = playlist.segments.size();
  const bool whole = playlist.ended || options_.from_start;
  next_sequence_ = playlist.media_sequence + (whole ? 0 : count - std::min(count, options_.behind));
  take_new(playlist);
  return ok_status();
}

Result<HlsMediaPlaylist> HlsSource::load() {
  TS_TRY(const auto text, fetch(url_, options_.fetch, stop_));
  TS_TRY(auto parsed, parse_hls(text));
  reloaded_at_ = clock_->steady_now();
  if (auto* media = std::get_if<HlsMediaPlaylist>(&parsed)) return std::move(*media);
  return Error{.kind = ErrorKind::kMedia, .message = "the variant is no media playlist"};
}

void HlsSource::take_new(const HlsMediaPlaylist& playlist) {
  stats_.ended = playlist.ended;
  stats_.target_duration = playlist.target_duration;
  bool after_loss = false;
  if (playlist.media_sequence > *next_sequence_) {
    stats_.lost_segments += playlist.media_sequence - *next_sequence_;
    next_sequence_ = playlist.media_sequence;
    after_loss = true;
  }
  for (std::size_t i = 0; i < playlist.segments.size(); ++i) {
    const auto sequence = playlist.media_sequence + i;
    if (sequence < *next_sequence_) continue;
    pending_.push_back({.segment = playlist.segments[i],
                        .sequence = sequence,
                        .after_loss = std::exchange(after_loss, false)});
    next_sequence_ = sequence + 1;
  }
  if (playlist.segments.empty()) return;
  const auto& newest = playlist.segments.back();
  if (newest.program_date_time && !playlist.ended) {
    const auto end = *newest.program_date_time + std::chrono::round<milliseconds>(newest.duration);
    stats_.edge_age = clock_->now() - end;
  }
}

Status HlsSource::reload() {
  TS_TRY(const auto playlist, load());
  ++stats_.reloads;
  const auto before = *next_sequence_;
  take_new(playlist);
  if (*next_sequence_ == before) return ok_status();
  ++stats_.advances;
  stats_.longest_wait = std::max(stats_.longest_wait, in_ms(reloaded_at_ - advanced_at_));
  advanced_at_ = reloaded_at_;
  return ok_status();
}

Status HlsSource::wait_for_more(SteadyTime deadline) {
  const auto target = std::chrono::duration_cast<milliseconds>(stats_.target_duration);
  const auto patience = std::max(kLeastPatience, 3 * target);
  while (pending_.empty() && !stats_.ended) {
    const auto now = clock_->steady_now();
    if (now >= deadline) return ok_status();
    if (now - advanced_at_ > patience) {
      return Error{.kind = ErrorKind::kCheckFailed,
                   .message = fmt::format("the playlist has not advanced for {} s",
                                          in_ms(now - advanced_at_).count() / 1000),
                   .hint = "look whether the publisher still sends"};
    }
    const auto next_poll = reloaded_at_ + std::max(kShortestPoll, target / 4);
    if (!clock_->wait_until(std::min(next_poll, deadline), stop_)) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "stopped"};
    }
    if (clock_->steady_now() >= next_poll) TS_CHECK(reload());
  }
  return ok_status();
}

Result<std::optional<FetchedSegment>> HlsSource::next(SteadyTime deadline) {
  if (stop_.stop_requested()) return Error{.kind = ErrorKind::kInterrupted, .message = "stopped"};
  if (pending_.empty()) TS_CHECK(wait_for_more(deadline));
  if (pending_.empty()) return std::optional<FetchedSegment>{};
  TS_TRY(auto segment, fetch_front());
  return std::optional(std::move(segment));
}

Result<FetchedSegment> HlsSource::fetch_front() {
  const auto pending = std::move(pending_.front());
  pending_.pop_front();
  const auto& info = pending.segment;
  const auto began = clock_->steady_now();
  FetchedSegment out{.info = info, .sequence = pending.sequence, .position = position_};
  out.new_run = stats_.segments == 0 || info.discontinuity || pending.after_loss;
  if (out.new_run && !info.map_uri.empty()) {
    TS_TRY(out.bytes, fetch(resolve_uri(url_, info.map_uri), options_.fetch, stop_));
  }
  TS_TRY(const auto media, fetch(resolve_uri(url_, info.uri), options_.fetch, stop_));
  out.bytes += media;
  out.fetched_at = clock_->steady_now();
  out.fetched_wall = clock_->now();
  if (stats_.segments == 0 && stats_.live && info.program_date_time) {
    stats_.join_latency = out.fetched_wall - *info.program_date_time;
  }
  if (info.discontinuity && stats_.segments > 0) ++stats_.discontinuities;
  ++stats_.segments;
  stats_.bytes += media.size();
  stats_.slowest_fetch = std::max(stats_.slowest_fetch, in_ms(out.fetched_at - began));
  position_ += info.duration;
  return out;
}

}  // namespace ts::media
