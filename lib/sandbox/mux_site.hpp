// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/message.hpp"
#include "sandbox/audience.hpp"
#include "sandbox/mux_service.hpp"
#include "sandbox/picture_maker.hpp"
#include "sandbox/playback_token.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// What image.mux.com and stats.mux.com answer. Thread-safe.
class MuxSite {
 public:
  struct Hooks {
    std::function<Playback(std::string_view playback_id)> find{};
    std::function<std::filesystem::path(const std::string& asset)> folder{};
    /// The playback ids that an id leads to, by its token's audience; empty when it is unknown.
    std::function<std::vector<std::string>(std::string_view audience, std::string_view id)>
        playback_ids{};
    /// The drift of what a live stream is sent; nullopt when there is no such stream.
    std::function<std::optional<DriftMeter::Drift>(std::string_view live_stream)> drift{};
  };
  /// @param tokens, audience, pictures  outlive the site.
  MuxSite(Hooks hooks, const PlaybackTokens& tokens, const Audience& audience,
          const PictureMaker& pictures, const Clock& clock);

  /// GET /image/{id}/{file}: thumbnail, animated, storyboard.
  httpd::Response image(const httpd::Request& request) const;
  /// GET /stats/counts?token=: views and viewers.
  httpd::Response counts(const httpd::Request& request) const;
  /// GET /stats/live-stream-health?token=
  httpd::Response health(const httpd::Request& request) const;

 private:
  [[nodiscard]] httpd::Response storyboard(const httpd::Request& request,
                                           const std::filesystem::path& folder,
                                           std::string_view ending) const;

  Hooks hooks_;
  const PlaybackTokens& tokens_;
  const Audience& audience_;
  const PictureMaker& pictures_;
  const Clock& clock_;
};

}  // namespace ts::sandbox
