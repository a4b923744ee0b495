// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "httpd/message.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ts::sandbox {

/// Checks the signed tokens of Mux's playback, images and statistics. Thread-safe.
class PlaybackTokens {
 public:
  struct Hooks {
    /// Private key (base64 of PEM) of a signing key id.
    std::function<std::optional<std::string>(std::string_view key_id)> signing_key{};
    /// A playback restriction by its id; null when there is none.
    std::function<Json(std::string_view id)> restriction{};
  };
  PlaybackTokens(Hooks hooks, const Clock& clock);

  /// The claims of a token that is signed by one of the keys and has not expired.
  /// @return kAuth naming what is wrong.
  [[nodiscard]] Result<Json> read(std::string_view token) const;
  /// The same, for one audience and subject, with the claim playback_restriction_id obeyed: what
  /// the request says of its referrer and its program has to be allowed.
  [[nodiscard]] Result<Json> open(std::string_view token, std::string_view audience,
                                  std::string_view subject, const httpd::Request& request) const;

 private:
  [[nodiscard]] Status obey(std::string_view restriction, const httpd::Request& request) const;

  Hooks hooks_;
  const Clock& clock_;
};

}  // namespace ts::sandbox
