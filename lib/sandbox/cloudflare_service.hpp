// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "sandbox/effects.hpp"
#include "sandbox/mux_service.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ts::sandbox {

/// Live inputs, outputs, recordings and the webhook of one Cloudflare Stream account: a state
/// machine without I/O. Not thread-safe.
class CloudflareService {
 public:
  struct Options {
    std::string account_id{};
    Secret webhook_secret{};  ///< What the webhook subscription answers and events are signed with.
    RandomText random{};
    /// Makes an RSA key: base64 of the PEM of its private half. Unset: there are no signing keys.
    std::function<Result<std::string>()> make_signing_key{};
  };
  CloudflareService(Options options, const Clock& clock);
  CloudflareService(const CloudflareService&) = delete;
  CloudflareService& operator=(const CloudflareService&) = delete;
  ~CloudflareService();

  /// Where inputs are fed ("rtmp://127.0.0.1:1935/cloudflare/") and what is played back
  /// ("http://127.0.0.1:8080/customer-sandbox"): known once the listeners are there.
  void set_addresses(std::string rtmp_url, std::string customer_url);

  struct Call {
    std::string_view method{};
    std::string_view path{};   ///< After "/client/v4": "/accounts/ID/stream/live_inputs".
    std::string_view query{};  ///< Still encoded.
    std::string_view body{};
    std::string_view idempotency_key{};
  };
  /// One API call, already authenticated.
  Reply call(const Call& call);

  /// An encoder comes with this key. @return kAuth for an unknown key or a disabled input,
  /// kConflict when it is connected already.
  Status publish_begins(std::string_view stream_key, PublishId publish);
  /// Its first media has arrived.
  void publish_described(PublishId publish, const StreamInfo& info);
  /// @param error  empty when it left in order.
  void publish_ended(PublishId publish, std::string_view error);

  void recording_progress(std::string_view video, std::size_t segments, milliseconds duration);
  /// @param error  empty when the recording is whole.
  void recording_completed(std::string_view video, milliseconds duration, std::string_view error);

  void relay_connected(RelayId relay);
  void relay_ended(RelayId relay, std::string_view error);

  /// What a viewer gets for the id of an input (what is live now, or shortly was) or of a video.
  [[nodiscard]] Playback find_playback(std::string_view uid) const;
  /// The private key (base64 of PEM) behind a signing key id, to check playback tokens with.
  [[nodiscard]] std::optional<std::string> signing_key(std::string_view id) const;
  /// The answer of /{uid}/lifecycle: {isInput, videoUID, live}; null for an unknown id.
  [[nodiscard]] Json lifecycle(std::string_view uid) const;

  void tick();
  [[nodiscard]] Effects take_effects();
  /// Live inputs and videos with their states; never a key.
  [[nodiscard]] Json describe() const;
  void reset();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// An error answer in Cloudflare's envelope.
Reply cloudflare_error(int status, int code, std::string_view message);

}  // namespace ts::sandbox
