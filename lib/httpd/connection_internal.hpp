// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tcp/peer_internal.hpp"

#include "httpd/core_internal.hpp"
#include "httpd/parser_internal.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace ts::httpd {

/// One client connection, from accept to close. Lives on the event loop; owned by the list of its
/// phase and by its pending operations.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerCore& core, boost::asio::ip::tcp::socket socket);

  void start();
  /// Closes now if nothing was promised to the client, else after the running answer.
  void begin_stop();
  /// Closes at once. Idempotent.
  void close();
  /// The handler's answer has come.
  void answer(Response response);

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using SteadyPoint = std::chrono::steady_clock::time_point;
  enum class OnTimeout : std::uint8_t { kClose, kAnswer408, kAct };

  void enter(Phase phase);
  void arm(milliseconds duration, OnTimeout action);
  void wait_for_timer();
  void timed_out();

  void handshake();
  void read();
  void process();
  void header_done();
  void send_continue();
  void dispatch();
  void refuse(int status, const std::string& text);
  void begin_write(Response response);
  void write_more();
  bool fill_from_file();
  void written();
  void reset_connection();
  void linger();
  void drain_input();

  template <typename Done>
  void async_read(Done done);
  template <typename Done>
  void async_write(Done done);

  ServerCore& core_;
  Socket socket_;
  std::shared_ptr<boost::asio::ssl::context> tls_context_;  // Before tls_: outlives it.
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  boost::asio::steady_timer timer_;
  SteadyPoint deadline_{};
  OnTimeout on_timeout_ = OnTimeout::kClose;
  bool timer_waits_ = false;
  std::optional<ServerCore::ConnectionList::iterator> place_;
  Phase phase_ = Phase::kIdle;

  std::array<char, 8192> chunk_{};
  std::string input_;  // Received, not yet parsed.
  std::optional<RequestParser> parser_;
  Router::Match match_;

  // The answer being written.
  std::string method_;
  std::string path_;
  Headers conditions_;  // If-None-Match and Range of the request.
  bool keep_alive_ = false;
  std::optional<Response> delayed_;
  std::string output_;
  std::size_t output_at_ = 0;
  UniqueFd file_;
  std::uint64_t file_offset_ = 0;
  std::uint64_t file_left_ = 0;
  bool truncate_ = false;

  tcp::Peer peer_;
  bool closed_ = false;
  bool stopping_ = false;
};

}  // namespace ts::httpd
