// SPDX-License-Identifier: Apache-2.0
#include "rtmp/connection_internal.hpp"

#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <vector>

namespace ts::rtmp {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

/// Answers that a publisher may leave unread before it is taken for hostile.
constexpr std::size_t kMaxPendingOutput = std::size_t{256} << 10U;
/// How long a refused publisher may take to read why.
constexpr milliseconds kCloseTime{1'000};

std::string random_nonce() {
  std::string out(64, '\0');
  // Not a secret: it only tells two handshakes apart.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) != 1) {
    out.assign(64, 't');
  }
  return out;
}

}  // namespace

std::shared_ptr<LivePublish> ServerCore::find_live(std::string_view app, const Secret& key) const {
  const std::lock_guard lock(live_mutex);
  const auto found = std::find_if(live.begin(), live.end(), [&](const auto& entry) {
    return entry.second->app == app && entry.second->key.reveal() == key.reveal();
  });
  return found == live.end() ? nullptr : found->second;
}

bool ServerCore::make_place(std::string_view app, const Secret& key) {
  const auto before = find_live(app, key);
  if (!before) return true;
  if (clock.steady_now() - before->heard < options.yields_after) return false;
  // A copy: a connection that ends leaves the set.
  const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
  for (const auto& connection : all) {
    connection->kick(before->session, "another connection publishes this now");
  }
  return true;
}

Connection::Connection(ServerCore& core, Socket socket, bool tls)
    : core_(core),
      socket_(std::move(socket)),
      timer_(core.io),
      protocol_({.max_message_bytes = core.options.max_message_bytes,
                 .max_chunk_streams = core.options.max_chunk_streams},
                random_nonce(), *this),
      peer_(tcp::peer_of(socket_)) {
  if (tls) {
    tls_context_ = core.tls;
    tls_.emplace(socket_, *tls_context_);
  }
}

template <typename Done>
void Connection::async_read(Done done) {
  if (tls_) {
    tls_->async_read_some(asio::buffer(input_), std::move(done));
  } else {
    socket_.async_read_some(asio::buffer(input_), std::move(done));
  }
}

template <typename Done>
void Connection::async_write(Done done) {
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(writing_), std::move(done));
  } else {
    asio::async_write(socket_, asio::buffer(writing_), std::move(done));
  }
}

void Connection::start() {
  ++core_.open;
  core_.connections.insert(shared_from_this());
  ErrorCode ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  core_.handler.on_connect(peer_.address, peer_.port);
  arm(Waiting::kForPublish);
  if (!tls_) return read();
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this()](const ErrorCode& error) {
                          if (self->closed_) return;
                          if (error) return self->close(EndReason::kDisconnected, "TLS failed");
                          self->read();
                        });
}

void Connection::arm(Waiting what) {
  waiting_ = what;
  auto limit = kCloseTime;
  if (what == Waiting::kForPublish) limit = core_.options.handshake_timeout;
  if (what == Waiting::kForMedia) limit = core_.options.idle_timeout;
  deadline_ = limit > milliseconds{0} ? std::chrono::steady_clock::now() + limit
                                      : std::chrono::steady_clock::time_point::max();
  // A waiting timer looks at the deadline when it fires: a deadline that moves on with every tag
  // must not cost a system call each. Only an earlier one disturbs it.
  if (!timer_waits_ || timer_.expiry() > deadline_) wait_for_timer();
}

void Connection::wait_for_timer() {
  timer_waits_ = true;
  timer_.expires_at(deadline_);  // Cancels a pending wait.
  timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (error || self->closed_) return;
    if (std::chrono::steady_clock::now() < self->deadline_) return self->wait_for_timer();
    self->timer_waits_ = false;
    self->timed_out();
  });
}

void Connection::timed_out() {
  switch (waiting_) {
    case Waiting::kForPublish:
      return close(EndReason::kIdle, "did not publish in time");
    case Waiting::kForClose:
      return close(EndReason::kDisconnected, "");
    case Waiting::kForMedia:
      core_.log().info("rtmp", "session {} from {}: no media for {} ms", live_->session,
                       peer_.address, core_.options.idle_timeout.count());
      end_publish(EndReason::kIdle, "no media in time");
      protocol_.reject("no media in time", output_);
      return finish();
  }
}

void Connection::read() {
  async_read([self = shared_from_this()](const ErrorCode& error, std::size_t size) {
    if (self->closed_ || self->finishing_) return;
    if (error) return self->close(EndReason::kDisconnected, shorten(error.message(), 100));
    self->received(size);
  });
}

void Connection::received(std::size_t size) {
  bytes_ += size;
  if (live_) live_->bytes = bytes_;
  const auto status = protocol_.feed(std::span(input_).first(size), output_);
  if (closed_) return;
  if (!status.ok()) {
    ++core_.protocol_errors;
    core_.log().warning("rtmp", "{}: {}", peer_.address, status.error().message);
    end_publish(EndReason::kProtocolError, status.error().message);
    return finish();
  }
  if (protocol_.is_closing()) return finish();
  if (output_.size() > kMaxPendingOutput) {
    ++core_.protocol_errors;
    return close(EndReason::kProtocolError, "answers are not read");
  }
  flush();
  read();
}

void Connection::flush() {
  if (!writing_.empty() || output_.empty()) return;
  writing_.swap(output_);
  async_write([self = shared_from_this()](const ErrorCode& error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->close(EndReason::kDisconnected, shorten(error.message(), 100));
    self->writing_.clear();
    self->flush();
    if (self->finishing_ && self->writing_.empty()) self->drain_input();
  });
}

/// Sends what there is, says "no more", and gives the peer a moment to read it: closing with
/// unread input would reset the connection and destroy our last words.
void Connection::finish() {
  if (closed_ || std::exchange(finishing_, true)) return;
  arm(Waiting::kForClose);
  flush();
  if (writing_.empty()) drain_input();
}

void Connection::drain_input() {
  if (closed_) return;
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  socket_.async_read_some(asio::buffer(input_),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                            if (self->closed_) return;
                            if (error) return self->close(EndReason::kDisconnected, "");
                            self->drain_input();
                          });
}

void Connection::kick(SessionId session, const std::string& description) {
  if (closed_ || !live_ || live_->session != session) return;
  end_publish(EndReason::kKicked, description);
  protocol_.reject(description, output_);
  finish();
}

void Connection::close(EndReason reason, std::string_view detail) {
  if (std::exchange(closed_, true)) return;
  const auto keep = shared_from_this();
  end_publish(reason, detail);
  timer_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
  core_.connections.erase(keep);
  --core_.open;
  core_.handler.on_disconnect(peer_.address, peer_.port);
}

Status Connection::on_publish(PublishName name, std::string encoder) {
  const auto session = core_.last_session + 1;
  auto live = std::make_shared<LivePublish>();
  live->session = session;
  live->app = name.app;
  live->key = name.key.clone();
  live->peer = peer_.address;
  live->peer_port = peer_.port;
  live->tls = tls_.has_value();
  live->encoder = encoder;
  live->since = core_.clock.now();
  live->heard = core_.clock.steady_now();
  live->last_media_ms = live->since.time_since_epoch().count();
  live->bytes = bytes_;

  auto accepted = !core_.make_place(name.app, name.key)
                      ? Result<std::unique_ptr<MediaSink>>(
                            Error{.kind = ErrorKind::kConflict, .message = "already publishing"})
                      : core_.handler.accept({.session = session,
                                              .app = std::move(name.app),
                                              .key = std::move(name.key),
                                              .query = std::move(name.query),
                                              .peer = peer_.address,
                                              .peer_port = peer_.port,
                                              .tls = tls_.has_value(),
                                              .encoder = std::move(encoder)});
  if (accepted.ok() && accepted.value() == nullptr) {
    accepted = Error{.kind = ErrorKind::kInternal, .message = "no sink for this publish"};
  }
  if (!accepted.ok()) {
    ++core_.publishes_refused;
    core_.log().info("rtmp", "refused a publish from {}: {}", peer_.address,
                     accepted.error().message);
    return std::move(accepted).error();
  }
  core_.last_session = session;
  sink_ = std::move(accepted).value();
  live_ = std::move(live);
  {
    const std::lock_guard lock(core_.live_mutex);
    core_.live.emplace(session, live_);
  }
  ++core_.publishes_accepted;
  core_.log().info("rtmp", "session {} publishes from {}, app '{}'", session, peer_.address,
                   live_->app);
  arm(Waiting::kForMedia);
  return ok_status();
}

void Connection::on_tag(const TagView& tag) {
  live_->heard = core_.clock.steady_now();
  live_->last_media_ms = core_.clock.now().time_since_epoch().count();
  live_->last_timestamp_ms = tag.timestamp_ms;
  if (tag.type == TagType::kAudio) ++live_->audio_tags;
  if (tag.type == TagType::kVideo) ++live_->video_tags;
  if (is_key_frame(tag)) ++live_->key_frames;
  arm(Waiting::kForMedia);
  sink_->on_tag(tag);
}

void Connection::on_unpublish() {
  end_publish(EndReason::kUnpublished, "");
  arm(Waiting::kForPublish);
}

void Connection::end_publish(EndReason reason, std::string_view detail) {
  if (!live_) return;
  {
    const std::lock_guard lock(core_.live_mutex);
    core_.live.erase(live_->session);
  }
  core_.log().info("rtmp", "session {} ended: {}{}{}", live_->session, to_string(reason),
                   detail.empty() ? "" : ", ", detail);
  live_.reset();
  if (const auto sink = std::move(sink_)) sink->on_end(reason, detail);
}

}  // namespace ts::rtmp
