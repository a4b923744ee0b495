// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "httpd/message.hpp"
#include "sandbox/effects.hpp"
#include "sandbox/mux_service.hpp"

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
    std::function<Stream(const std::string& asset)> stream{};
    /// Private key (base64 of PEM) of a signing key id.
    std::function<std::optional<std::string>(std::string_view key_id)> signing_key{};
  };
  /// @param web_root  folder with hls.min.js; the watch page is off when it is not there.
  PlaybackSite(Hooks hooks, const Clock& clock, std::filesystem::path web_root);

  /// GET /{id}.m3u8: the master playlist.
  httpd::Response master(const httpd::Request& request) const;
  /// GET /{id}/{path}: media playlists and segments.
  httpd::Response media(const httpd::Request& request) const;
  /// GET /watch/{id}: the page, and /watch/hls.min.js for it.
  httpd::Response watch(const httpd::Request& request) const;
  [[nodiscard]] bool has_watch_page() const;

 private:
  [[nodiscard]] std::optional<httpd::Response> refuse(const Playback& playback) const;
  [[nodiscard]] bool token_opens(std::string_view token, std::string_view playback_id) const;
  [[nodiscard]] std::string pass_of(std::string_view playback_id) const;

  Hooks hooks_;
  const Clock& clock_;
  std::filesystem::path web_root_;
  Secret pass_key_;
};

}  // namespace ts::sandbox
