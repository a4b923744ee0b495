// SPDX-License-Identifier: Apache-2.0
#include "rtmp/server.hpp"

#include "tcp/tls_context_internal.hpp"

#include "core/assert.hpp"
#include "core/listen.hpp"
#include "rtmp/connection_internal.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <thread>

namespace ts::rtmp {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr milliseconds kAcceptPause{20};

/// One listening socket and its accept loop.
class Listener {
 public:
  Listener(ServerCore& core, bool tls)
      : core_(core), tls_(tls), acceptor_(core.io), pause_(core.io) {}

  Status listen(std::uint16_t port) {
    TS_TRY(auto listening, listen_tcp(core_.options.address, port));
    port_ = listening.port;
    ErrorCode error;
    acceptor_.assign(listening.ipv6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                     listening.socket.release(), error);
    TS_ASSERT(!error);
    accept();
    return ok_status();
  }
  void close() {
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](const ErrorCode& error, asio::ip::tcp::socket socket) {
      accepted(error, std::move(socket));
    });
  }
  void accepted(const ErrorCode& error, asio::ip::tcp::socket socket) {
    if (!acceptor_.is_open() || error == asio::error::operation_aborted) return;
    if (error) {
      // Out of descriptors, most likely: without a pause this would spin.
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([this](const ErrorCode& cancelled) {
        if (!cancelled) accept();
      });
      return;
    }
    ++core_.accepted;
    if (core_.open < core_.options.max_connections) {
      std::make_shared<Connection>(core_, std::move(socket), tls_)->start();
    } else {
      ++core_.over_limit;
    }
    accept();
  }

  ServerCore& core_;
  bool tls_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::string_view to_string(EndReason reason) noexcept {
  switch (reason) {
    case EndReason::kUnpublished:
      return "unpublished";
    case EndReason::kDisconnected:
      return "disconnected";
    case EndReason::kIdle:
      return "idle";
    case EndReason::kKicked:
      return "kicked";
    case EndReason::kProtocolError:
      return "protocol error";
    case EndReason::kServerStopped:
      return "server stopped";
  }
  return "unknown";
}

struct RtmpServer::Impl {
  Impl(RtmpOptions options, PublishHandler& handler)
      : core(std::move(options), handler), plain(core, false), rtmps(core, true) {}

  ServerCore core;
  Listener plain;
  Listener rtmps;
  std::once_flag stopped;
  std::jthread loop;
};

Result<std::unique_ptr<RtmpServer>> RtmpServer::start(RtmpOptions options,
                                                      PublishHandler& handler) {
  auto impl = std::make_unique<Impl>(std::move(options), handler);
  const auto& chosen = impl->core.options;
  if (chosen.rtmps) {
    TS_TRY(impl->core.tls, tcp::load_server_tls(chosen.rtmps->certificate, chosen.rtmps->key));
    TS_CHECK(impl->rtmps.listen(chosen.rtmps->port));
  }
  if (chosen.port) TS_CHECK(impl->plain.listen(*chosen.port));
  impl->loop = std::jthread([raw = impl.get()] {
    const auto work = asio::make_work_guard(raw->core.io);
    raw->core.io.run();
  });
  return std::unique_ptr<RtmpServer>(new RtmpServer(std::move(impl)));
}

RtmpServer::RtmpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RtmpServer::~RtmpServer() { stop(); }

std::uint16_t RtmpServer::port() const noexcept { return impl_->plain.port(); }

std::uint16_t RtmpServer::rtmps_port() const noexcept { return impl_->rtmps.port(); }

std::vector<PublisherInfo> RtmpServer::publishers() const {
  std::vector<PublisherInfo> out;
  const std::lock_guard lock(impl_->core.live_mutex);
  for (const auto& [session, live] : impl_->core.live) {
    out.push_back({.session = session,
                   .app = live->app,
                   .key = redact_identifier(live->key.reveal()),
                   .peer = live->peer,
                   .peer_port = live->peer_port,
                   .tls = live->tls,
                   .encoder = live->encoder,
                   .since = live->since,
                   .last_media = WallTime{milliseconds{live->last_media_ms}},
                   .bytes = live->bytes,
                   .audio_tags = live->audio_tags,
                   .video_tags = live->video_tags,
                   .key_frames = live->key_frames,
                   .last_timestamp_ms = live->last_timestamp_ms});
  }
  return out;
}

RtmpStats RtmpServer::stats() const {
  const auto& core = impl_->core;
  return {.connections_open = core.open,
          .connections_accepted = core.accepted,
          .connections_refused = core.over_limit,
          .publishes_accepted = core.publishes_accepted,
          .publishes_refused = core.publishes_refused,
          .protocol_errors = core.protocol_errors};
}

bool RtmpServer::kick(SessionId session, std::string description) {
  {
    const std::lock_guard lock(impl_->core.live_mutex);
    if (!impl_->core.live.contains(session)) return false;
  }
  asio::post(impl_->core.io, [core = &impl_->core, session, text = std::move(description)] {
    const auto all = core->connections;  // Kicking may take one out of the set.
    for (const auto& connection : all) connection->kick(session, text);
  });
  return true;
}

void RtmpServer::stop() {
  std::call_once(impl_->stopped, [this] {
    asio::post(impl_->core.io, [raw = impl_.get()] {
      raw->plain.close();
      raw->rtmps.close();
      const auto all = raw->core.connections;
      for (const auto& connection : all) {
        connection->close(EndReason::kServerStopped, "the server stops");
      }
      raw->core.io.stop();
    });
    impl_->loop.join();
  });
}

}  // namespace ts::rtmp
