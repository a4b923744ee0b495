// SPDX-License-Identifier: Apache-2.0
// The decoding viewer's reader of HLS playlists: bounded durations, and what it writes it reads
// back the same.
#include "fuzz/fuzz.hpp"

#include "media/hls_playlist.hpp"

#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ts::fuzz::require;
  const auto text = ts::fuzz::as_text(data, size);
  const auto parsed = ts::media::parse_hls(text);
  if (!parsed.ok()) {
    require(parsed.error().kind == ts::ErrorKind::kMedia);
    return 0;
  }
  const auto* media = std::get_if<ts::media::HlsMediaPlaylist>(&parsed.value());
  if (media == nullptr) return 0;
  for (const auto& segment : media->segments) {
    require(!segment.uri.empty() && segment.duration.count() >= 0);
    static_cast<void>(ts::media::resolve_uri("https://viewer.example/a/b.m3u8?x", segment.uri));
  }
  const auto again = ts::media::parse_hls(render_hls(*media));
  require(again.ok());
  const auto* copy = std::get_if<ts::media::HlsMediaPlaylist>(&again.value());
  require(copy != nullptr && copy->segments.size() == media->segments.size());
  require(copy->total_duration() == media->total_duration());
  return 0;
}
