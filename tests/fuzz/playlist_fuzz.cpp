// SPDX-License-Identifier: Apache-2.0
// HLS playlists as a stranger's server sends them: bounded, one of the two kinds, numbers finite;
// and references resolve to http(s) or not at all.
#include "fuzz/fuzz.hpp"

#include "playback/playlist.hpp"

#include <cmath>

namespace {

using ts::fuzz::require;

void resolve(const std::string& uri) {
  const auto url = ts::playback::resolve_url("https://viewer.example/a/b/index.m3u8?x=1", uri);
  if (url.ok()) require(url.value().starts_with("http://") || url.value().starts_with("https://"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ts::fuzz::as_text(data, size);
  resolve(std::string(text));
  const auto playlist = ts::playback::parse_playlist(text);
  if (!playlist.ok()) {
    require(playlist.error().kind == ts::ErrorKind::kRemote);
    return 0;
  }
  require(playlist.value().master.has_value() != playlist.value().media.has_value());
  if (const auto& media = playlist.value().media) {
    require(media->segments.size() <= 20'000);
    require(std::isfinite(media->duration_s()) && media->duration_s() >= 0);
    static_cast<void>(media->live_edge());
    for (const auto& segment : media->segments) {
      require(!segment.uri.empty());
      require(std::isfinite(segment.duration_s) && segment.duration_s >= 0);
      resolve(segment.uri);
    }
  }
  if (const auto& master = playlist.value().master) {
    for (const auto& variant : master->variants) resolve(variant.uri);
  }
  return 0;
}
