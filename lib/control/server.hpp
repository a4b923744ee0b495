// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/protocol.hpp"
#include "core/bounded_queue.hpp"
#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace ts::control {

class Outbox;

/// The way back to the client that sent a command. Move it to whoever finishes the work; answer
/// once, from any thread, never blocking. Destroyed unanswered, it answers with an internal error,
/// so that no client waits for ever.
class Reply {
 public:
  /// For tests and for commands that come from elsewhere: the answer goes nowhere.
  Reply() = default;
  Reply(std::shared_ptr<Outbox> outbox, std::uint64_t client, std::string id) noexcept;
  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&& other) noexcept;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply();

  /// @param tick  the first frame for which the command holds.
  void ok(std::uint64_t tick);
  /// With more members: an object, such as {"outputs": […]}.
  void ok(std::uint64_t tick, const Json& members);
  void fail(const Error& error);
  /// ok(tick) or fail, whichever `status` says.
  void answer(const Status& status, std::uint64_t tick);

 private:
  void send(const Json& line);

  std::shared_ptr<Outbox> outbox_;  // with the server and every open reply; outlives the server
  std::uint64_t client_ = 0;
  std::string id_;
};

struct Request {
  Command command;
  Reply reply;
};

/// Listens for operators. Its own thread does all socket work; the owner takes requests from a
/// bounded queue and publishes events. Nothing here ever waits for a client.
class Server {
 public:
  struct Options {
    std::filesystem::path socket{};  ///< Made with mode 0600; a folder that is missing with 0700.
    std::size_t queue = 64;
    std::size_t max_clients = 16;
    std::size_t max_unread = std::size_t{1} << 20U;  ///< Bytes a client may leave unread.
    milliseconds idle_limit{seconds{10}};  ///< Silence after which a newcomer gets the place.
    milliseconds mute_limit{seconds{1}};   ///< The same for who never asked anything.
  };

  /// Starts listening. A socket file that nobody listens on is replaced.
  /// @return kConflict when somebody listens there or the path is something else, kUsage when it
  ///         is longer than a socket's name may be (107 bytes), kConfig when it cannot be made.
  static Result<std::unique_ptr<Server>> listen(const Options& options, Clock& clock);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Says good-bye: waiting requests are answered kInterrupted, lines are flushed for at most
  /// 200 ms, the socket file is removed.
  ~Server();

  [[nodiscard]] const std::filesystem::path& path() const noexcept;

  /// The next request, or nullopt at once. For a tick thread: takes a lock for some nanoseconds.
  std::optional<Request> try_next();
  /// Waits for a request; nullopt when `limit` passed or `stop` was requested.
  std::optional<Request> next(milliseconds limit, std::stop_token stop);

  /// Sends an event line to everybody who asked for its kind. `members` is an object, see the table
  /// in protocol.hpp. From any thread; never blocks.
  void publish(std::string_view kind, std::uint64_t tick, const Json& members);

  struct Counters {
    std::uint64_t clients = 0;      ///< Connected now.
    std::uint64_t accepted = 0;     ///< Connections so far.
    std::uint64_t refused = 0;      ///< Connections over the limit or of another user.
    std::uint64_t dropped = 0;      ///< Clients disconnected since they did not read.
    std::uint64_t malformed = 0;    ///< Lines answered with a usage error.
    std::uint64_t busy = 0;         ///< Commands refused since the queue was full.
    std::uint64_t lost_events = 0;  ///< Event lines that were left out.
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::control
