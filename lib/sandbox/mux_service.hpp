// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "sandbox/effects.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// Where a playback id leads.
struct Playback {
  enum class State : std::uint8_t {
    kUnknown,    ///< 404.
    kNotActive,  ///< 412: the live stream is not playable (yet).
    kPlayable,
  };
  State state = State::kUnknown;
  bool is_signed = false;   ///< Needs a token.
  std::string asset{};      ///< Whose folder holds the playlists.
  bool live = false;        ///< The live window, else the whole recording.
  milliseconds duration{};  ///< Of the recording, where it is not live.
};

/// Live streams and assets as Mux Video keeps them: a state machine without I/O. Not thread-safe.
class MuxService {
 public:
  struct Options {
    RandomText random{};
    /// Makes an RSA key: base64 of the PEM of its private half. Unset: there are no signing keys.
    std::function<Result<std::string>()> make_signing_key{};
  };
  MuxService(Options options, const Clock& clock);
  MuxService(const MuxService&) = delete;
  MuxService& operator=(const MuxService&) = delete;
  ~MuxService();

  /// One API call, already authenticated.
  ///
  /// @param path   begins with "/video/v1/" or "/system/v1/"; no query.
  /// @param query  "page=1&limit=10", still encoded.
  Reply call(std::string_view method, std::string_view path, std::string_view query,
             std::string_view body);

  /// An encoder comes with this key. @return kAuth for an unknown key or a disabled stream,
  /// kConflict when it is connected already.
  Status publish_begins(std::string_view stream_key, PublishId publish);
  /// Its first media has arrived.
  void publish_described(PublishId publish, const StreamInfo& info);
  void publish_ended(PublishId publish);

  /// What an asset's folder holds by now.
  void recording_progress(std::string_view asset, std::size_t segments, milliseconds duration);
  /// Its playlists have been ended. @param error  empty when the recording is whole.
  void recording_completed(std::string_view asset, milliseconds duration, std::string_view error);

  /// What an imported asset turned out to be.
  void asset_described(std::string_view asset, const StreamInfo& info);

  /// A file of an asset is there. @param error  empty when it is.
  void file_made(std::string_view asset, std::string_view name, std::int64_t bytes,
                 std::string_view error);
  /// Where files are fetched ("http://127.0.0.1:8080"), for the addresses of masters.
  void set_address(std::string url);
  /// The asset whose master is at this secret; empty when there is none.
  [[nodiscard]] std::string master_at(std::string_view secret) const;

  void relay_connected(RelayId relay);
  void relay_ended(RelayId relay, std::string_view error);

  [[nodiscard]] Playback find_playback(std::string_view playback_id) const;
  /// The private key (base64 of PEM) behind a signing key id, to check playback tokens with.
  [[nodiscard]] std::optional<std::string> signing_key(std::string_view id) const;
  /// A playback restriction as answered; null when there is none.
  [[nodiscard]] Json restriction(std::string_view id) const;
  /// What statistics are about, by the audience of their token: the playback ids of a
  /// "live_stream_id" or an "asset_id", or the "playback_id" itself (a "video_id", too: players
  /// name none here). Empty: no such.
  [[nodiscard]] std::vector<std::string> playback_ids_of(std::string_view audience,
                                                         std::string_view id) const;
  /// The encoder of a live stream; 0 when none is connected. nullopt: there is no such stream.
  [[nodiscard]] std::optional<PublishId> publisher_of(std::string_view live_stream) const;

  void tick();
  [[nodiscard]] Effects take_effects();
  /// Live streams and assets with their states; never a key.
  [[nodiscard]] Json describe() const;
  void reset();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// An error answer in Mux's envelope.
Reply mux_error(int status, std::string_view type, std::string_view message);

}  // namespace ts::sandbox
