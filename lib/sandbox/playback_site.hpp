// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "httpd/message.hpp"
#include "sandbox/audience.hpp"
#include "sandbox/mux_service.hpp"
#include "sandbox/playback_token.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ts::sandbox {

/// What viewers fetch: playlists, segments and the watch page. Thread-safe.
class PlaybackSite {
 public:
  struct Stream {
    std::filesystem::path folder{};
    std::string codecs{};
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    double frame_rate = 0;
    std::int64_t peak_bits_per_s = 0;
  };
  struct Hooks {
    std::function<Playback(std::string_view playback_id)> find{};
    /// By the id of a Cloudflare live input or video.
    std::function<Playback(std::string_view uid)> find_cloudflare{};
    std::function<Stream(const std::string& asset)> stream{};
  };
  /// @param tokens, cloudflare_tokens, audience  outlive the site.
  /// @param web_root  folder with hls.min.js; the watch page is off when it is not there.
  PlaybackSite(Hooks hooks, const PlaybackTokens& tokens, const PlaybackTokens& cloudflare_tokens,
               Audience& audience, std::filesystem::path web_root);

  /// GET /{id}.m3u8: the master playlist.
  httpd::Response master(const httpd::Request& request) const;
  /// GET /{id}/{path}: media playlists and segments.
  httpd::Response media(const httpd::Request& request) const;
  /// GET /customer-…/{uid}/manifest/{path}: what Cloudflare plays back.
  httpd::Response cloudflare(const httpd::Request& request) const;
  /// GET /watch/{id}: the page, and /watch/hls.min.js for it.
  httpd::Response watch(const httpd::Request& request) const;
  [[nodiscard]] bool has_watch_page() const;

 private:
  [[nodiscard]] httpd::Response master_of(const Playback& playback, const std::string& media) const;
  [[nodiscard]] httpd::Response file_of(const Playback& playback, std::string_view name) const;
  [[nodiscard]] std::optional<httpd::Response> refuse(const Playback& playback) const;
  [[nodiscard]] std::string pass_of(std::string_view playback_id) const;

  Hooks hooks_;
  const PlaybackTokens& tokens_;
  const PlaybackTokens& cloudflare_tokens_;
  Audience& audience_;
  std::filesystem::path web_root_;
  Secret pass_key_;
};

}  // namespace ts::sandbox
