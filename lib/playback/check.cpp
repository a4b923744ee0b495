// SPDX-License-Identifier: Apache-2.0
#include "playback/check.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ts::playback {
namespace {

constexpr std::size_t kLargestSegment = std::size_t{64} << 20U;
constexpr int kMostRedirects = 5;
constexpr std::size_t kMostFindings = 100;

std::string shown(std::string_view url) {
  auto parsed = net::Url::parse(url);
  return parsed ? parsed.value().redacted() : std::string("(unreadable address)");
}

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(to - from).count();
}

/// MPEG-TS, fragmented MP4, raw AAC or WebVTT by their first bytes; false for an HTML page.
bool looks_like_media(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (bytes.front() == '\x47' || bytes.starts_with("ID3") || bytes.starts_with("WEBVTT")) {
    return true;
  }
  if (bytes.size() >= 2 && bytes[0] == '\xFF' &&
      (static_cast<unsigned char>(bytes[1]) & 0xF0U) == 0xF0U) {
    return true;
  }
  if (bytes.size() < 8) return false;
  const std::string_view box = bytes.substr(4, 4);
  return box == "ftyp" || box == "styp" || box == "moof" || box == "moov" || box == "sidx" ||
         box == "prft" || box == "emsg";
}

/// One media playlist that is followed.
struct Followed {
  VariantReport report{};
  MediaPlaylist playlist{};
  SteadyTime last_news{};
  std::string map_fetched{};
  bool seen = false;
};

class Checker {
 public:
  Checker(net::HttpTransport& transport, Clock& clock, const CheckOptions& options,
          std::stop_token stop)
      : transport_(transport), clock_(clock), options_(options), stop_(std::move(stop)) {}

  Result<Report> run(std::string_view url, const std::function<void(const Report&)>& on_progress) {
    report_.url = std::string(url);
    begun_ = clock_.steady_now();
    TS_TRY(const auto playlist, first_playlist());
    TS_CHECK(choose(playlist));
    for (Followed& one : followed_) {
      TS_CHECK(poll(one));
      TS_CHECK(sample(one));
    }
    watch_begun_ = clock_.steady_now();
    if (on_progress) on_progress(snapshot());
    while (live() && clock_.steady_now() - watch_begun_ < options_.watch) {
      const auto left = std::chrono::duration_cast<milliseconds>(watch_begun_ + options_.watch -
                                                                 clock_.steady_now());
      if (!clock_.wait_for(std::max(milliseconds{1}, std::min(pause(), left)), stop_)) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "watching was interrupted"};
      }
      for (Followed& one : followed_) TS_CHECK(poll(one));
      if (on_progress) on_progress(snapshot());
    }
    judge();
    return snapshot();
  }

 private:
  void find(bool failure, std::string_view code, std::string message) {
    if (report_.findings.size() >= kMostFindings) return;
    report_.findings.push_back(
        {.failure = failure, .code = std::string(code), .message = std::move(message)});
  }

  /// The first answer, waiting for a stream that is not active yet.
  Result<Playlist> first_playlist() {
    const SteadyTime deadline = clock_.steady_now() + options_.wait_for_start;
    while (true) {
      auto answer = fetch(transport_, report_.url, options_.request_timeout, stop_);
      if (answer.ok()) {
        auto playlist = parse_playlist(answer.value().body);
        if (!playlist) return std::move(playlist).error().with_context(shown(report_.url));
        return playlist;
      }
      Error error = std::move(answer).error();
      const bool may_come = error.kind == ErrorKind::kPending ||
                            error.kind == ErrorKind::kNotFound || error.retryable;
      constexpr milliseconds kPause{1000};
      if (!may_come || clock_.steady_now() + kPause > deadline) return error;
      if (!clock_.wait_for(kPause, stop_)) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "waiting was interrupted"};
      }
    }
  }

  Status choose(const Playlist& playlist) {
    if (playlist.media) {
      followed_.push_back({.report = {.url = report_.url}});
      return ok_status();
    }
    const MasterPlaylist& master = *playlist.master;
    std::vector<const Variant*> variants;
    for (const Variant& variant : master.variants) variants.push_back(&variant);
    std::stable_sort(variants.begin(), variants.end(), [](const Variant* a, const Variant* b) {
      return a->bandwidth > b->bandwidth;
    });
    if (!options_.every_variant) variants.resize(1);
    for (const Variant* variant : variants) {
      TS_TRY(auto url, resolve_url(report_.url, variant->uri));
      followed_.push_back({.report = {.url = std::move(url),
                                      .bandwidth = variant->bandwidth,
                                      .width = variant->width,
                                      .height = variant->height,
                                      .frame_rate = variant->frame_rate,
                                      .codecs = variant->codecs}});
    }
    // Sound in a playlist of its own is part of what the viewer gets.
    const std::string group = variants.front()->audio_group;
    for (const Rendition& rendition : master.renditions) {
      if (group.empty() || rendition.group_id != group || rendition.type != "AUDIO" ||
          rendition.uri.empty()) {
        continue;
      }
      TS_TRY(auto url, resolve_url(report_.url, rendition.uri));
      followed_.push_back({.report = {.url = std::move(url), .kind = "audio"}});
      break;
    }
    return ok_status();
  }

  Status poll(Followed& one) {
    auto answer = fetch(transport_, one.report.url, options_.request_timeout, stop_);
    if (!answer) {
      Error error = std::move(answer).error();
      if (!one.seen || error.kind == ErrorKind::kInterrupted) return error;
      find(true, "playlist_failed",
           fmt::format("a playlist could not be read again: {}", error.message));
      return ok_status();
    }
    auto parsed = parse_playlist(answer.value().body);
    if (!parsed) {
      if (!one.seen) return std::move(parsed).error().with_context(shown(one.report.url));
      find(true, "playlist_failed", parsed.error().message);
      return ok_status();
    }
    if (!parsed.value().media) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = fmt::format("{} is a list of variants where segments are due",
                                          shown(one.report.url)),
                   .code = "bad_playlist"};
    }
    return take(one, std::move(*std::move(parsed).value().media));
  }

  Status take(Followed& one, MediaPlaylist playlist) {
    VariantReport& report = one.report;
    const SteadyTime now = clock_.steady_now();
    const std::int64_t last =
        playlist.media_sequence + static_cast<std::int64_t>(playlist.segments.size()) - 1;
    if (one.seen && playlist.media_sequence < one.playlist.media_sequence) {
      find(true, "went_back",
           fmt::format("the media sequence went back from {} to {}", one.playlist.media_sequence,
                       playlist.media_sequence));
    }
    std::vector<const Segment*> fresh;
    for (const Segment& segment : playlist.segments) {
      if (one.seen && segment.sequence <= report.last_sequence) continue;
      fresh.push_back(&segment);
      // RFC 8216: a duration rounded to whole seconds is at most the target.
      if (std::round(segment.duration_s) > playlist.target_duration_s) {
        find(false, "target_duration",
             fmt::format("segment {} lasts {:.3f} s, above the target duration of {:.0f} s",
                         segment.sequence, segment.duration_s, playlist.target_duration_s));
      }
      if (segment.discontinuity) ++report.discontinuities;
    }
    if (!one.seen) {
      report.first_sequence = playlist.media_sequence;
      one.last_news = now;
    } else if (!fresh.empty()) {
      for (const Segment* segment : fresh) report.advanced_s += segment->duration_s;
      if (fresh.front()->sequence > report.last_sequence + 1) {
        find(false, "skipped",
             fmt::format("segments {} to {} left the playlist between two reads",
                         report.last_sequence + 1, fresh.front()->sequence - 1));
      }
    }
    if (!fresh.empty() && one.seen) {
      report.longest_stall_s =
          std::max(report.longest_stall_s, seconds_between(one.last_news, now));
      one.last_news = now;
    }
    report.segments_listed += static_cast<std::int64_t>(fresh.size());
    if (!playlist.segments.empty()) report.last_sequence = last;
    report.target_duration_s = playlist.target_duration_s;
    report.part_target_s = playlist.part_target_s;
    report.listed_duration_s = playlist.duration_s();
    report.ended = playlist.ended;
    report.latency_s.reset();
    if (const auto edge = playlist.live_edge(); edge && !playlist.ended) {
      report.latency_s = std::chrono::duration<double>(clock_.now() - *edge).count();
    }
    const bool fetch_fresh = one.seen && options_.every_segment;
    std::vector<Segment> wanted;
    if (fetch_fresh) {
      for (const Segment* segment : fresh) wanted.push_back(*segment);
    }
    one.playlist = std::move(playlist);
    one.seen = true;
    for (const Segment& segment : wanted) TS_CHECK(download(one, segment));
    return ok_status();
  }

  /// The segments a player would begin with: the newest of a live stream, first and last of a
  /// recording.
  Status sample(Followed& one) {
    const auto& segments = one.playlist.segments;
    if (segments.empty()) {
      find(true, "no_segments", "the playlist lists no segment");
      return ok_status();
    }
    const std::size_t count =
        std::min(segments.size(), static_cast<std::size_t>(std::max(0, options_.max_segments)));
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t index = segments.size() - count + i;
      if (one.playlist.ended && count > 1) index = i * (segments.size() - 1) / (count - 1);
      TS_CHECK(download(one, segments[index]));
    }
    return ok_status();
  }

  Status download(Followed& one, const Segment& segment) {
    if (segment.gap) {
      find(false, "gap", fmt::format("segment {} is marked as missing", segment.sequence));
      return ok_status();
    }
    if (!segment.map_uri.empty() && one.map_fetched != segment.map_uri) {
      TS_TRY(const auto url, resolve_url(one.report.url, segment.map_uri));
      const auto map = fetch(transport_, url, options_.request_timeout, stop_);
      if (!map) {
        if (map.error().kind == ErrorKind::kInterrupted) return map.error();
        find(true, "init_missing",
             fmt::format("the initialization section cannot be had: {}", map.error().message));
      }
      one.map_fetched = segment.map_uri;
    }
    TS_TRY(const auto url, resolve_url(one.report.url, segment.uri));
    std::string range;
    if (segment.byte_range) {
      range = fmt::format("bytes={}-{}", segment.byte_range->first,
                          segment.byte_range->first + segment.byte_range->second - 1);
    }
    auto answer = fetch(transport_, url, options_.request_timeout, stop_, range);
    if (!answer) {
      if (answer.error().kind == ErrorKind::kInterrupted) return answer.error();
      find(true, "segment_missing",
           fmt::format("segment {} cannot be had: {}", segment.sequence, answer.error().message));
      return ok_status();
    }
    const std::string& body = answer.value().body;
    if (!looks_like_media(body)) {
      find(true, "segment_not_media",
           body.empty() ? fmt::format("segment {} is empty", segment.sequence)
                        : fmt::format("segment {} is no media: it begins with '{}'",
                                      segment.sequence, shorten(body, 24)));
      return ok_status();
    }
    ++one.report.segments_fetched;
    one.report.bytes_fetched += static_cast<std::int64_t>(body.size());
    if (!report_.playable) {
      report_.playable = true;
      report_.time_to_first_segment =
          std::chrono::duration_cast<milliseconds>(clock_.steady_now() - begun_);
    }
    return ok_status();
  }

  [[nodiscard]] bool live() const {
    return std::any_of(followed_.begin(), followed_.end(),
                       [](const Followed& one) { return !one.report.ended; });
  }

  /// Half a target duration, as RFC 8216 has clients ask again after no change.
  [[nodiscard]] milliseconds pause() const {
    double target = 2;
    for (const Followed& one : followed_) {
      if (one.report.target_duration_s > 0) target = std::min(target, one.report.target_duration_s);
    }
    return std::clamp(milliseconds(std::llround(target * 500)), milliseconds{250},
                      milliseconds{3000});
  }

  void judge() {
    const double watched = seconds_between(watch_begun_, clock_.steady_now());
    for (Followed& one : followed_) {
      VariantReport& report = one.report;
      if (report.ended) continue;
      report.longest_stall_s =
          std::max(report.longest_stall_s, seconds_between(one.last_news, clock_.steady_now()));
      const double patience = std::max(3 * report.target_duration_s, 3.0);
      if (report.longest_stall_s > patience) {
        find(true, "stalled",
             fmt::format("no new segment for {:.1f} s (target duration {:.0f} s)",
                         report.longest_stall_s, report.target_duration_s));
      } else if (watched > patience && report.advanced_s < watched / 2) {
        find(false, "slow",
             fmt::format("{:.1f} s of media came in {:.1f} s", report.advanced_s, watched));
      }
    }
    if (!report_.playable && report_.findings.empty()) {
      find(true, "no_segments", "no segment could be fetched");
    }
  }

  Report snapshot() {
    report_.live = live();
    report_.variants.clear();
    report_.advancing = false;
    for (const Followed& one : followed_) {
      report_.variants.push_back(one.report);
      report_.advancing = report_.advancing || one.report.advanced_s > 0;
    }
    report_.watched = std::chrono::duration_cast<milliseconds>(clock_.steady_now() - watch_begun_);
    return report_;
  }

  net::HttpTransport& transport_;
  Clock& clock_;
  const CheckOptions& options_;
  std::stop_token stop_;
  Report report_;
  std::vector<Followed> followed_;
  SteadyTime begun_{};
  SteadyTime watch_begun_{};
};

}  // namespace

bool Report::ok() const noexcept {
  return playable && std::none_of(findings.begin(), findings.end(),
                                  [](const Finding& finding) { return finding.failure; });
}

Result<net::HttpResponse> fetch(net::HttpTransport& transport, std::string_view url,
                                std::chrono::milliseconds timeout, std::stop_token stop,
                                std::string_view range) {
  std::string target(url);
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    net::HttpRequest request;
    request.url = target;
    request.timeout = timeout;
    request.max_response_bytes = kLargestSegment;
    if (!range.empty()) request.headers.emplace_back("range", std::string(range));
    auto sent = transport.send(request, stop);
    if (!sent) return std::move(sent).error();
    net::HttpResponse response = std::move(sent).value();
    if (response.ok()) return response;
    const int status = response.status;
    const std::string_view location = response.header("location");
    if (status >= 300 && status < 400 && !location.empty()) {
      TS_TRY(target, resolve_url(target, location));
      continue;
    }
    Error error{.kind = ErrorKind::kRemote,
                .message = fmt::format("{} answered {}", shown(target), status),
                .hint = "try again",
                .retryable = status == 408 || status == 429 || status >= 500,
                .code = fmt::format("http_{}", status),
                .http_status = status};
    if (status == 412) {
      error.kind = ErrorKind::kPending;
      error.code = "not_live_yet";
      error.message = fmt::format("{} is not live yet (412)", shown(target));
      error.hint = "wait for it: ts mux wait LIVE_ID --for active, or --wait 60s";
      error.retryable = true;
    } else if (status == 404 || status == 410) {
      error.kind = ErrorKind::kNotFound;
      error.hint = "check the playback id, and that the stream has been active";
    } else if (status == 401 || status == 403) {
      error.kind = ErrorKind::kAuth;
      error.hint = "a signed playback id needs a token: ts mux sign PLAYBACK_ID";
    }
    return error;
  }
  return Error{
      .kind = ErrorKind::kRemote,
      .message = fmt::format("{} redirects more than {} times", shown(url), kMostRedirects),
      .code = "redirects"};
}

Result<Report> check(net::HttpTransport& transport, Clock& clock, std::string_view url,
                     const CheckOptions& options,
                     const std::function<void(const Report&)>& on_progress, std::stop_token stop) {
  return Checker(transport, clock, options, std::move(stop)).run(url, on_progress);
}

Json describe(const Report& report) {
  Json out{{"schema", "ts.playback/1"},
           {"url", shown(report.url)},
           {"ok", report.ok()},
           {"playable", report.playable},
           {"live", report.live},
           {"advancing", report.advancing},
           {"time_to_first_segment_ms", report.time_to_first_segment.count()},
           {"watched_ms", report.watched.count()}};
  out["variants"] = Json::array();
  for (const VariantReport& variant : report.variants) {
    Json entry{{"kind", variant.kind}, {"url", shown(variant.url)}};
    if (variant.bandwidth > 0) entry["bandwidth"] = variant.bandwidth;
    if (variant.width > 0) {
      entry["width"] = variant.width;
      entry["height"] = variant.height;
    }
    if (variant.frame_rate > 0) entry["fps"] = variant.frame_rate;
    if (!variant.codecs.empty()) entry["codecs"] = variant.codecs;
    entry["target_duration_s"] = variant.target_duration_s;
    if (variant.part_target_s > 0) entry["part_target_s"] = variant.part_target_s;
    entry["first_sequence"] = variant.first_sequence;
    entry["last_sequence"] = variant.last_sequence;
    entry["segments_listed"] = variant.segments_listed;
    entry["segments_fetched"] = variant.segments_fetched;
    entry["bytes_fetched"] = variant.bytes_fetched;
    entry["listed_duration_s"] = variant.listed_duration_s;
    entry["advanced_s"] = variant.advanced_s;
    entry["longest_stall_s"] = variant.longest_stall_s;
    entry["discontinuities"] = variant.discontinuities;
    entry["ended"] = variant.ended;
    if (variant.latency_s) entry["latency_s"] = *variant.latency_s;
    out["variants"].push_back(std::move(entry));
  }
  out["findings"] = Json::array();
  for (const Finding& finding : report.findings) {
    out["findings"].push_back(Json{{"level", finding.failure ? "failure" : "warning"},
                                   {"code", finding.code},
                                   {"message", finding.message}});
  }
  return out;
}

}  // namespace ts::playback
