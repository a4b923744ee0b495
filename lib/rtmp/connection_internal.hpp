// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tcp/peer_internal.hpp"

#include "rtmp/protocol.hpp"
#include "rtmp/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace ts::rtmp {

class Connection;

/// One publish, as other threads may see it: constant but for the atomics.
struct LivePublish {
  SessionId session = 0;
  std::string app;
  Secret key;
  std::string peer;
  std::uint16_t peer_port = 0;
  bool tls = false;
  std::string encoder;
  WallTime since;
  SteadyTime heard{};  ///< The publish itself, or its last media; for the loop alone.
  std::atomic<std::int64_t> last_media_ms{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> audio_tags{0};
  std::atomic<std::uint64_t> video_tags{0};
  std::atomic<std::uint64_t> key_frames{0};
  std::atomic<std::int64_t> last_timestamp_ms{0};
};

/// What all connections of one server share. Loop thread only, but for what says otherwise.
struct ServerCore {
  ServerCore(RtmpOptions server_options, PublishHandler& publish_handler)
      : options(std::move(server_options)), handler(publish_handler) {}

  [[nodiscard]] Log& log() { return options.log != nullptr ? *options.log : null_log; }
  /// Who publishes this already; null for nobody.
  [[nodiscard]] std::shared_ptr<LivePublish> find_live(std::string_view app,
                                                       const Secret& key) const;
  /// Makes place for another publish of this. False when the one that is there is not silent.
  bool make_place(std::string_view app, const Secret& key);

  RtmpOptions options;
  PublishHandler& handler;
  SystemClock clock;
  Log null_log;
  boost::asio::io_context io{1};
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::set<std::shared_ptr<Connection>> connections;
  SessionId last_session = 0;

  mutable std::mutex live_mutex;  // Guards `live` alone; written by the loop, read by all.
  std::map<SessionId, std::shared_ptr<LivePublish>> live;

  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> over_limit{0};
  std::atomic<std::uint64_t> publishes_accepted{0};
  std::atomic<std::uint64_t> publishes_refused{0};
  std::atomic<std::uint64_t> protocol_errors{0};
};

/// One publisher's connection, from accept to close. Lives on the event loop; owned by the set of
/// connections and by its pending operations.
class Connection final : public ProtocolEvents, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerCore& core, boost::asio::ip::tcp::socket socket, bool tls);

  void start();
  /// Tells the publisher and closes. Nothing happens when it publishes another session by now.
  void kick(SessionId session, const std::string& description);
  /// Ends the publish, if there is one, and closes at once. Idempotent.
  void close(EndReason reason, std::string_view detail);

  Status on_publish(PublishName name, std::string encoder) override;
  void on_tag(const TagView& tag) override;
  void on_unpublish() override;

 private:
  using Socket = boost::asio::ip::tcp::socket;
  enum class Waiting : std::uint8_t { kForPublish, kForMedia, kForClose };

  void arm(Waiting what);
  void wait_for_timer();
  void timed_out();
  void read();
  void received(std::size_t size);
  void flush();
  void finish();
  void drain_input();
  void end_publish(EndReason reason, std::string_view detail);

  template <typename Done>
  void async_read(Done done);
  template <typename Done>
  void async_write(Done done);

  ServerCore& core_;
  Socket socket_;
  std::shared_ptr<boost::asio::ssl::context> tls_context_;  // Before tls_: outlives it.
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_{};
  bool timer_waits_ = false;
  Waiting waiting_ = Waiting::kForPublish;
  ServerProtocol protocol_;
  std::array<std::uint8_t, 16384> input_{};
  std::string output_;   // Not yet given to the socket.
  std::string writing_;  // Being written.
  std::uint64_t bytes_ = 0;
  tcp::Peer peer_;
  std::unique_ptr<MediaSink> sink_;
  std::shared_ptr<LivePublish> live_;  // Shared with ServerCore::live while publishing.
  bool finishing_ = false;
  bool closed_ = false;
};

}  // namespace ts::rtmp
