// SPDX-License-Identifier: Apache-2.0
#include "live/viewer_watch.hpp"

#include "playback/check.hpp"
#include "playback/playlist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ts::live {
namespace {

constexpr milliseconds kRequestTimeout{4'000};

/// The media playlist a player would follow: the master's first variant, or the address itself.
Result<playback::MediaPlaylist> media_playlist(net::HttpTransport& transport,
                                               const std::string& url,
                                               const std::stop_token& stop) {
  TS_TRY(const auto first, playback::fetch(transport, url, kRequestTimeout, stop));
  TS_TRY(auto playlist, playback::parse_playlist(first.body));
  if (playlist.media) return std::move(*playlist.media);
  if (playlist.master->variants.empty()) {
    return Error{.kind = ErrorKind::kRemote, .message = "the master playlist has no variant"};
  }
  TS_TRY(const auto address, playback::resolve_url(url, playlist.master->variants.front().uri));
  TS_TRY(const auto second, playback::fetch(transport, address, kRequestTimeout, stop));
  TS_TRY(auto media, playback::parse_playlist(second.body));
  if (media.media) return std::move(*media.media);
  return Error{.kind = ErrorKind::kRemote, .message = "a variant is a master playlist itself"};
}

milliseconds since(SteadyTime then, SteadyTime now) {
  return std::chrono::duration_cast<milliseconds>(now - then);
}

}  // namespace

ViewerWatch::ViewerWatch(net::HttpTransport& transport, const Clock& clock,
                         std::string playback_url)
    : transport_(transport),
      clock_(clock),
      url_(std::move(playback_url)),
      advanced_(clock.steady_now()) {}

void ViewerWatch::look(std::stop_token stop) {
  const auto playlist = media_playlist(transport_, url_, stop);
  if (stop.stop_requested()) return;
  const std::lock_guard lock(mutex_);
  if (!playlist.ok()) {
    reason_ = playlist.error().message;
    return;
  }
  reason_.clear();
  const auto& media = playlist.value();
  patience_ = std::max<milliseconds>(
      kPatience, milliseconds(static_cast<std::int64_t>(media.target_duration_s * 3000)));
  const auto newest = media.media_sequence + static_cast<std::int64_t>(media.segments.size());
  if (newest == newest_) return;
  newest_ = newest;
  const auto now = clock_.steady_now();
  if (stalled_since_) stall_ = since(*stalled_since_, now);
  stalled_since_.reset();
  advanced_ = now;
}

std::optional<ViewerWatch::Change> ViewerWatch::change() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  if (!stalled_since_ && since(advanced_, now) > patience_) stalled_since_ = advanced_;
  if (stalled_since_ && !told_) {
    told_ = true;
    return Change{.stalled = true,
                  .text = fmt::format("the viewers' playlist has stood still for {} s{}",
                                      since(*stalled_since_, now).count() / 1000,
                                      reason_.empty() ? std::string() : " (" + reason_ + ")")};
  }
  if (!stalled_since_ && told_) {
    told_ = false;
    return Change{
        .stalled = false,
        .text = fmt::format("the viewers' playlist goes on after {} s", stall_.count() / 1000)};
  }
  return std::nullopt;
}

}  // namespace ts::live
