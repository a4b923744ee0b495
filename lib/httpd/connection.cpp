// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "httpd/connection_internal.hpp"
#include "httpd/file_answer_internal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace ts::httpd {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

constexpr std::size_t kFileChunk = std::size_t{64} << 10U;
/// How long a client may go on sending what will not be read, so that it reads our answer first.
constexpr milliseconds kLingerTime{1'000};

bool is_ours(std::string_view name) {
  const auto lower = to_lower(name);
  return lower == "content-length" || lower == "connection" || lower == "transfer-encoding" ||
         lower == "date";
}

/// A handler's value can never end the header line.
std::string one_line(std::string_view value) {
  std::string out(value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

}  // namespace

Connection::Connection(ServerCore& core, Socket socket)
    : core_(core), socket_(std::move(socket)), timer_(core.io), peer_(tcp::peer_of(socket_)) {
  ++core_.open;
}

template <typename Done>
void Connection::async_read(Done done) {
  if (tls_) {
    tls_->async_read_some(asio::buffer(chunk_), std::move(done));
  } else {
    socket_.async_read_some(asio::buffer(chunk_), std::move(done));
  }
}

template <typename Done>
void Connection::async_write(Done done) {
  const auto rest = asio::buffer(output_.data() + output_at_, output_.size() - output_at_);
  if (tls_) {
    tls_->async_write_some(rest, std::move(done));
  } else {
    socket_.async_write_some(rest, std::move(done));
  }
}

void Connection::start() {
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (core_.tls) {
    tls_context_ = core_.tls;
    tls_.emplace(socket_, *tls_context_);
    enter(Phase::kHeader);
    arm(core_.options.header_timeout, OnTimeout::kClose);
    handshake();
    return;
  }
  // A new connection that says nothing gets the time of a header, not that of keep-alive.
  enter(Phase::kIdle);
  arm(core_.options.header_timeout, OnTimeout::kClose);
  read();
}

void Connection::handshake() {
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this()](const Error& error) {
                          if (self->closed_) return;
                          if (error) return self->close();
                          self->enter(Phase::kIdle);
                          self->arm(self->core_.options.header_timeout, OnTimeout::kClose);
                          self->read();
                        });
}

void Connection::enter(Phase phase) {
  auto& to = core_.list_of(phase);
  if (!place_) {
    place_ = to.insert(to.end(), shared_from_this());
  } else {
    to.splice(to.end(), core_.list_of(phase_), *place_);
  }
  phase_ = phase;
}

void Connection::arm(milliseconds duration, OnTimeout action) {
  deadline_ = std::chrono::steady_clock::now() + duration;
  on_timeout_ = action;
  // A waiting timer looks at the deadline when it fires; only an earlier one must disturb it.
  if (timer_waits_ && timer_.expiry() <= deadline_) return;
  timer_.expires_at(deadline_);  // Cancels a pending wait.
  timer_waits_ = true;
  wait_for_timer();
}

void Connection::wait_for_timer() {
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (error || self->closed_) return;
    if (std::chrono::steady_clock::now() < self->deadline_) {
      self->timer_.expires_at(self->deadline_);
      return self->wait_for_timer();
    }
    self->timer_waits_ = false;
    self->timed_out();
  });
}

void Connection::timed_out() {
  switch (on_timeout_) {
    case OnTimeout::kAct:
      if (auto response = std::exchange(delayed_, std::nullopt)) answer(*std::move(response));
      return;
    case OnTimeout::kAnswer408: {
      ++core_.timeouts;
      Error ignored;
      socket_.cancel(ignored);  // The pending read; its handler sees operation_aborted.
      return refuse(408, "the request took too long");
    }
    case OnTimeout::kClose:
      if (phase_ != Phase::kIdle) ++core_.timeouts;
      return close();
  }
}

void Connection::read() {
  async_read([self = shared_from_this()](const Error& error, std::size_t size) {
    if (self->closed_ || error == asio::error::operation_aborted) return;
    if (error) return self->close();
    self->input_.append(self->chunk_.data(), size);
    self->process();
  });
}

void Connection::process() {
  if (!parser_) {
    parser_.emplace(core_.options.max_header_bytes);
    enter(Phase::kHeader);
    arm(core_.options.header_timeout, OnTimeout::kAnswer408);
  }
  switch (parser_->advance(input_)) {
    case RequestParser::State::kHeader:
    case RequestParser::State::kBody:
      return read();
    case RequestParser::State::kHeaderDone:
      return header_done();
    case RequestParser::State::kDone:
      return dispatch();
    case RequestParser::State::kFailed:
      return refuse(parser_->error_status(), parser_->error_text());
  }
}

void Connection::header_done() {
  const auto& request = parser_->request();
  match_ = core_.router.match(request.method, request.path);
  const auto limit =
      match_.max_body_bytes != 0 ? match_.max_body_bytes : core_.options.max_body_bytes;
  switch (parser_->begin_body(limit)) {
    case RequestParser::State::kFailed:
      return refuse(parser_->error_status(), parser_->error_text());
    case RequestParser::State::kDone:
      return dispatch();
    default:
      break;
  }
  enter(Phase::kBody);
  arm(core_.options.body_timeout, OnTimeout::kAnswer408);
  if (parser_->expects_continue() && input_.empty()) return send_continue();
  process();
}

void Connection::send_continue() {
  output_ = "HTTP/1.1 100 Continue\r\n\r\n";
  output_at_ = 0;
  // So short that it is written at once or the client is not worth serving.
  async_write([self = shared_from_this()](const Error& error, std::size_t size) {
    if (self->closed_ || error == asio::error::operation_aborted) return;
    if (error || size != self->output_.size()) return self->close();
    self->read();
  });
}

void Connection::dispatch() {
  if (!core_.has_room()) return refuse(503, "too many requests are waiting");
  enter(Phase::kBusy);
  on_timeout_ = OnTimeout::kAct;  // No deadline while a handler works.
  auto& request = parser_->request();
  request.peer = peer_.address;
  request.peer_port = peer_.port;
  request.tls = tls_.has_value();
  request.params = std::move(match_.params);
  method_ = request.method;
  path_ = request.path;
  conditions_ = Headers{};
  for (const auto* name : {"If-None-Match", "If-Range", "Range"}) {
    if (const auto value = request.headers.find(name)) conditions_.add(name, std::string(*value));
  }
  ++core_.requests;
  Responder responder([door = core_.door, weak = weak_from_this()](Response response) {
    door->deliver(weak, std::move(response));
  });
  core_.submit(match_.handler, std::move(request), std::move(responder));
}

void Connection::answer(Response response) {
  if (closed_) return;
  if (response.fault.delay > milliseconds{0}) {
    const auto delay = std::exchange(response.fault.delay, milliseconds{0});
    delayed_ = std::move(response);
    return arm(delay, OnTimeout::kAct);
  }
  if (response.fault.kind == Fault::Kind::kReset) return reset_connection();
  if (!match_.allow.empty()) response.headers.set("Allow", match_.allow);
  keep_alive_ = parser_->keep_alive() && !stopping_ &&
                to_lower(response.headers.get("Connection")) != "close";
  begin_write(std::move(response));
}

void Connection::refuse(int status, const std::string& text) {
  ++core_.refused;
  method_ = parser_->request().method;
  path_ = parser_->request().path;
  conditions_ = Headers{};
  keep_alive_ = false;
  enter(Phase::kBusy);
  auto response = Response::text(status, text + "\n");
  if (status == 503) response.headers.set("Retry-After", "1");
  begin_write(std::move(response));
}

void Connection::begin_write(Response response) {
  const bool from_file = static_cast<bool>(response.file);
  FilePart part{};
  if (from_file) part = prepare_file(response, method_, conditions_);
  const bool no_body = response.status == 204 || response.status == 304 || response.status < 200;
  const std::uint64_t size = from_file ? part.size : response.body.size();

  core_.log().debug("httpd", "{} {} {} {} {}", peer_.address, method_, path_, response.status,
                    size);
  output_ = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nConnection: {}\r\n", response.status,
                        reason_phrase(response.status), core_.date(),
                        keep_alive_ ? "keep-alive" : "close");
  if (!no_body) output_ += fmt::format("Content-Length: {}\r\n", size);
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name)) output_ += fmt::format("{}: {}\r\n", one_line(name), one_line(value));
  }
  output_ += "\r\n";
  output_at_ = 0;
  file_.reset();
  file_left_ = 0;
  truncate_ = response.fault.kind == Fault::Kind::kTruncate;
  if (truncate_) keep_alive_ = false;
  const std::uint64_t send =
      truncate_ ? std::min<std::uint64_t>(size, response.fault.after_bytes) : size;
  if (!no_body && method_ != "HEAD") {
    if (from_file) {
      file_ = std::move(response.file);
      file_offset_ = part.offset;
      file_left_ = send;
    } else {
      output_.append(response.body, 0, static_cast<std::size_t>(send));
    }
  }
  write_more();
}

void Connection::write_more() {
  if (output_at_ == output_.size()) {
    output_.clear();
    output_at_ = 0;
    if (file_left_ == 0) return written();
    // The file has become shorter than promised: only breaking off tells the client.
    if (!fill_from_file()) return close();
  }
  arm(core_.options.write_timeout, OnTimeout::kClose);
  async_write([self = shared_from_this()](const Error& error, std::size_t size) {
    if (self->closed_) return;
    if (error) return self->close();
    self->output_at_ += size;
    self->write_more();
  });
}

bool Connection::fill_from_file() {
  output_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(file_left_, kFileChunk)));
  const auto got =
      ::pread(file_.get(), output_.data(), output_.size(), static_cast<off_t>(file_offset_));
  if (got <= 0) return false;
  output_.resize(static_cast<std::size_t>(got));
  file_offset_ += static_cast<std::uint64_t>(got);
  file_left_ -= static_cast<std::uint64_t>(got);
  return true;
}

void Connection::written() {
  file_.reset();
  output_ = std::string();  // Idle connections hold no buffers.
  if (!keep_alive_ || stopping_) return linger();
  parser_.reset();
  match_ = {};
  if (!input_.empty()) return process();
  enter(Phase::kIdle);
  arm(core_.options.idle_timeout, OnTimeout::kClose);
  read();
}

/// Says "no more" and reads on for a moment: closing with unread input would reset the connection
/// and could destroy our answer on its way.
void Connection::linger() {
  enter(Phase::kIdle);
  arm(kLingerTime, OnTimeout::kClose);
  if (tls_ && truncate_) return close();  // Without the close notice: a cut is a cut.
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](const Error&) { self->close(); });
    return;
  }
  Error ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  drain_input();
}

void Connection::drain_input() {
  async_read([self = shared_from_this()](const Error& error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->close();
    self->drain_input();
  });
}

void Connection::reset_connection() {
  Error ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Connection::begin_stop() {
  stopping_ = true;
  if (phase_ != Phase::kBusy) close();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  const auto keep = shared_from_this();
  timer_.cancel();
  Error ignored;
  socket_.close(ignored);
  --core_.open;
  if (place_) core_.list_of(phase_).erase(*place_);
  place_.reset();
  if (core_.stopping && core_.open == 0 && core_.on_drained) core_.on_drained();
}

}  // namespace ts::httpd
