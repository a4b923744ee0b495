// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "rtmp/flv.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::rtmp {

/// Names one publish from its acceptance to its end; never used twice by one server.
using SessionId = std::uint64_t;

enum class EndReason : std::uint8_t {
  kUnpublished,    ///< The publisher said so (FCUnpublish, deleteStream, closeStream).
  kDisconnected,   ///< The connection ended without a word.
  kIdle,           ///< No media for the idle timeout.
  kKicked,         ///< `RtmpServer::kick`.
  kProtocolError,  ///< The publisher broke the protocol or a limit.
  kServerStopped,
};
std::string_view to_string(EndReason reason) noexcept;

/// Receives one publish. Made by the PublishHandler, owned by the server, called on the server's
/// event loop only: no call may block; hand over to a TagRing or a queue of your own.
class MediaSink {
 public:
  MediaSink() = default;
  MediaSink(const MediaSink&) = delete;
  MediaSink& operator=(const MediaSink&) = delete;
  virtual ~MediaSink() = default;

  virtual void on_tag(const TagView& tag) = 0;
  /// Exactly once, the last call; the sink is destroyed afterwards.
  /// @param detail  One clause for logs; may be empty; never the key.
  virtual void on_end(EndReason reason, std::string_view detail) noexcept = 0;
};

/// A publisher that asks to be let in.
struct PublishRequest {
  SessionId session = 0;
  std::string app{};   ///< "live" of rtmp://host/live/KEY; may hold slashes.
  Secret key{};        ///< Last path element, without its query.
  Secret query{};      ///< What followed '?', in the key or else in the app; may be empty.
  std::string peer{};  ///< Address of the publisher, "127.0.0.1".
  std::uint16_t peer_port = 0;
  bool tls = false;
  std::string encoder{};  ///< The flashVer it names, shortened; for logs.
};

/// Decides who may publish. Called on the server's event loop only; no call may block. Outlives
/// the server.
class PublishHandler {
 public:
  PublishHandler() = default;
  PublishHandler(const PublishHandler&) = delete;
  PublishHandler& operator=(const PublishHandler&) = delete;
  virtual ~PublishHandler() = default;

  /// @return the sink, or the refusal: kConflict becomes NetStream.Publish.BadName, every other
  ///         kind NetStream.Publish.Denied; `message` is sent as the description. A pair of app and
  ///         key that is being published already is refused by the server without asking, unless
  ///         that publish has to yield.
  virtual Result<std::unique_ptr<MediaSink>> accept(PublishRequest request) = 0;

  /// A TCP connection came or went, whether it publishes or not; for event records.
  virtual void on_connect(std::string_view peer, std::uint16_t peer_port) {
    static_cast<void>(peer);
    static_cast<void>(peer_port);
  }
  virtual void on_disconnect(std::string_view peer, std::uint16_t peer_port) {
    static_cast<void>(peer);
    static_cast<void>(peer_port);
  }
};

/// RTMPS listener. PEM files: the chain (leaf first) and its private key.
struct RtmpsOptions {
  std::uint16_t port = 0;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

struct RtmpOptions {
  std::string address = "127.0.0.1";       ///< A literal IPv4 or IPv6 address.
  std::optional<std::uint16_t> port = 0;   ///< Plain RTMP; 0: the kernel chooses; nullopt: none.
  std::optional<RtmpsOptions> rtmps{};     ///< RTMPS beside it.
  milliseconds handshake_timeout{10'000};  ///< From TCP accept to an accepted publish.
  milliseconds idle_timeout{15'000};       ///< Without media; zero: never.
  /// A publish that was silent for this long yields to another one of its app and key: a camera
  /// that changed networks, whose first connection nobody has closed yet.
  milliseconds yields_after{1000};
  std::size_t max_connections = 256;                      ///< One more is closed at once.
  std::size_t max_message_bytes = std::size_t{8} << 20U;  ///< One message (a key frame).
  std::size_t max_chunk_streams = 32;                     ///< Per connection.
  Log* log = nullptr;                                     ///< Outlives the server.
};

/// One publish as it stands.
struct PublisherInfo {
  SessionId session = 0;
  std::string app{};
  std::string key{};  ///< Redacted: "{abc...xyz}".
  std::string peer{};
  std::uint16_t peer_port = 0;
  bool tls = false;
  std::string encoder{};
  WallTime since{};
  WallTime last_media{};
  std::uint64_t bytes = 0;  ///< Received on the connection, handshake included.
  std::uint64_t audio_tags = 0;
  std::uint64_t video_tags = 0;
  std::uint64_t key_frames = 0;
  std::int64_t last_timestamp_ms = 0;
};

/// Figures since the start.
struct RtmpStats {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  ///< Over the limit.
  std::uint64_t publishes_accepted = 0;
  std::uint64_t publishes_refused = 0;
  std::uint64_t protocol_errors = 0;
};

/// The publish side of an RTMP(S) server: many publishers, one event loop. Thread-safe.
class RtmpServer {
 public:
  /// Binds, listens and serves.
  ///
  /// @return kConflict when a port is in use, kConfig when the address is not one of this machine,
  ///         when binding is not permitted, or when the TLS files do not fit.
  static Result<std::unique_ptr<RtmpServer>> start(RtmpOptions options, PublishHandler& handler);

  RtmpServer(const RtmpServer&) = delete;
  RtmpServer& operator=(const RtmpServer&) = delete;
  /// Stops.
  ~RtmpServer();

  /// The plain port; 0 when there is none.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// The RTMPS port; 0 when there is none.
  [[nodiscard]] std::uint16_t rtmps_port() const noexcept;
  [[nodiscard]] std::vector<PublisherInfo> publishers() const;
  [[nodiscard]] RtmpStats stats() const;

  /// Tells the publisher (NetStream.Publish.Rejected with `description`) and closes. The sink's
  /// `on_end` has not yet been called when this returns. May be called by a sink or the handler.
  /// @return false when no such session is publishing.
  bool kick(SessionId session, std::string description);

  /// Ends every publish (kServerStopped), closes, joins; under 500 ms. No callback comes after it.
  /// Must not be called by a callback.
  void stop();

 private:
  struct Impl;
  explicit RtmpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::rtmp
