// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/bounded_queue.hpp"
#include "httpd/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace ts::httpd {

class Connection;

/// How responders on other threads reach the event loop; emptied before the loop is destroyed.
class LoopDoor {
 public:
  explicit LoopDoor(boost::asio::io_context& io) : io_(&io) {}
  /// Hands an answer to its connection, or drops it when either is gone. Any thread.
  void deliver(std::weak_ptr<Connection> connection, Response response);
  void shut();

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

/// What a connection waits for; decides who is closed when room is needed.
enum class Phase : std::uint8_t { kIdle, kHeader, kBody, kBusy };

/// What all connections of one server share. Loop thread only, but for what says otherwise.
struct ServerCore {
  ServerCore(ServerOptions server_options, Router server_router)
      : options(std::move(server_options)), router(std::move(server_router)) {}

  using ConnectionList = std::list<std::shared_ptr<Connection>>;
  ConnectionList& list_of(Phase phase) { return connections[static_cast<std::size_t>(phase)]; }

  /// False when too many requests wait for a worker.
  [[nodiscard]] bool has_room() const { return tasks_->size() < options.max_queued_requests; }
  /// Hands a request to the workers; there must be room.
  void submit(const AsyncHandler* handler, Request request, Responder responder);

  ServerOptions options;
  Router router;
  Log null_log;
  [[nodiscard]] Log& log() { return options.log != nullptr ? *options.log : null_log; }
  /// Value of the Date header, made at most once per second.
  const std::string& date();

  boost::asio::io_context io{1};
  std::shared_ptr<LoopDoor> door = std::make_shared<LoopDoor>(io);
  std::shared_ptr<boost::asio::ssl::context> tls;  // Replaced on the loop by reload_tls.
  std::array<ConnectionList, 4> connections;       // By phase, the longest in it first.
  bool stopping = false;

  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> evicted{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> timeouts{0};

  /// Called when the last connection closes while stopping.
  std::function<void()> on_drained;

 private:
  struct Task {
    const AsyncHandler* handler;
    Request request;
    Responder responder;
  };
  void work(const std::stop_token& stop);

  std::int64_t date_second_ = -1;
  std::string date_;
  std::unique_ptr<BoundedQueue<Task>> tasks_;
  std::vector<std::jthread> workers_;

 public:
  void start_workers();
  /// Drops what waits, waits for what runs.
  void stop_workers();
};

}  // namespace ts::httpd
