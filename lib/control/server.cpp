// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include "control/outbox_internal.hpp"
#include "control/socket_internal.hpp"
#include "core/json.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ts::control {
namespace {

using Steady = std::chrono::steady_clock;

/// Unread answers of one client above which nothing more is read from it.
constexpr std::size_t kPauseReading = std::size_t{128} << 10U;
constexpr milliseconds kGoodbye{200};

struct Connection {
  UniqueFd fd;
  std::string input{};
  std::string output{};
  bool skipping = false;  ///< Inside a line that is too long.
  bool subscribed = false;
  bool hung_up = false;  ///< The client will send no more; what it asked is still answered.
  bool broken = false;   ///< Nothing more can be written.
  std::set<std::string> kinds{};
  std::size_t waiting = 0;  ///< Commands that are not answered yet.
  std::uint64_t lost_events = 0;
  bool asked = false;               ///< A whole line came from it.
  Steady::time_point last_asked{};  ///< Before the first line: when it connected.

  [[nodiscard]] bool wants(const std::string& kind) const {
    // Meters never stop: only for those who ask for them.
    return subscribed && (kinds.contains(kind) || (kinds.empty() && kind != "meters"));
  }
  [[nodiscard]] bool finished() const {
    return broken || (hung_up && waiting == 0 && output.empty());
  }
};

Error busy_error(std::string message) {
  return Error{.kind = ErrorKind::kConflict,
               .message = std::move(message),
               .hint = "try again in a moment",
               .retryable = true,
               .code = "busy"};
}

}  // namespace

struct Server::Impl {
  Impl(ListeningSocket listening, const Options& given, Clock& given_clock)
      : socket(std::move(listening)),
        options(given),
        clock(given_clock),
        outbox(std::make_shared<Outbox>(UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)))),
        requests(given.queue) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    requests.close();
    while (auto request = requests.try_pop()) {
      request->reply.fail({.kind = ErrorKind::kInterrupted, .message = "the program has ended"});
    }
    thread.request_stop();
    outbox->wake();
    if (thread.joinable()) thread.join();
    outbox->close();
  }

  void run(const std::stop_token& stop) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    while (!stop.stop_requested()) {
      wait(true, milliseconds{-1});
      deliver();
      accept_clients();
      for (auto& [number, client] : clients) serve(number, client);
      remove_finished();
    }
    say_goodbye();
  }

  /// Waits until something can be done. `listening`: newcomers and input count, too.
  void wait(bool listening, milliseconds limit) {
    polled.clear();
    polled.push_back({.fd = outbox->wake_fd(), .events = POLLIN, .revents = 0});
    polled.push_back({.fd = listening ? socket.fd() : -1, .events = POLLIN, .revents = 0});
    for (const auto& [number, client] : clients) {
      unsigned events = 0;
      if (listening && !client.hung_up && client.output.size() < kPauseReading) events |= POLLIN;
      if (!client.output.empty()) events |= POLLOUT;
      // A client without events is still watched for having gone away.
      polled.push_back({.fd = client.fd.get(), .events = static_cast<short>(events), .revents = 0});
    }
    ::poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
    if (polled[0].revents != 0) outbox->clear_wake();
    std::size_t index = 2;
    for (auto& [number, client] : clients) {
      // Both directions gone: without this an unread hang-up would make poll return for ever.
      const auto revents = static_cast<unsigned>(polled[index++].revents);
      if ((revents & (POLLERR | POLLNVAL)) != 0) client.broken = true;
      if ((revents & POLLHUP) != 0 && (revents & POLLIN) == 0) client.broken = true;
    }
  }

  void accept_clients() {
    for (;;) {
      UniqueFd fd(::accept4(socket.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!fd) return;
      ucred peer{};
      socklen_t size = sizeof peer;
      const bool known = ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
      if (!known || (peer.uid != ::geteuid() && peer.uid != 0)) {
        ++refused;
        continue;
      }
      if (clients.size() >= options.max_clients && !evict_idle()) {
        ++refused;
        const auto text = "{\"id\":null,\"ok\":false,\"error\":" +
                          dump_json(error_json(busy_error(fmt::format(
                              "{} operators are connected already", options.max_clients)))) +
                          "}\n";
        // A fresh socket's buffer takes this at once, or the client gets only the hang-up.
        [[maybe_unused]] const auto sent =
            ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        continue;
      }
      ++accepted;
      Connection client{.fd = std::move(fd)};
      client.last_asked = Steady::now();
      clients.emplace(++last_number, std::move(client));
      connected = clients.size();
    }
  }

  /// Makes room by disconnecting the client that has been silent longest, if it has been long: who
  /// connects and asks nothing holds no operator up.
  bool evict_idle() {
    const auto now = Steady::now();
    auto oldest = clients.end();
    for (auto it = clients.begin(); it != clients.end(); ++it) {
      const Connection& client = it->second;
      if (client.subscribed || client.waiting > 0) continue;
      const auto limit = client.asked ? options.idle_limit : options.mute_limit;
      if (now - client.last_asked < limit) continue;
      if (oldest == clients.end() || client.last_asked < oldest->second.last_asked) oldest = it;
    }
    if (oldest == clients.end()) return false;
    clients.erase(oldest);
    ++dropped;
    return true;
  }

  /// Moves lines from other threads to the clients they are for.
  void deliver() {
    for (auto& line : outbox->take()) {
      if (line.client == 0) {
        for (auto& [number, client] : clients) {
          if (client.wants(line.kind)) put_event(client, line.text);
        }
      } else if (const auto found = clients.find(line.client); found != clients.end()) {
        found->second.waiting -= std::min<std::size_t>(found->second.waiting, 1);
        put(found->second, line.text);
      }
    }
  }

  void put(Connection& client, std::string_view text) {
    client.output += text;
    flush(client);
    if (client.output.size() > options.max_unread) {
      client.broken = true;
      ++dropped;
    }
  }

  /// Events are left out, and counted, before an otherwise quiet client would be dropped for them.
  void put_event(Connection& client, std::string_view text) {
    if (client.output.size() + text.size() > options.max_unread / 2) {
      ++client.lost_events;
      ++lost_events;
      // A reader this far behind has stopped: half the room is left for answers.
      if (client.lost_events > Outbox::kMaxEvents) {
        client.broken = true;
        ++dropped;
      }
      return;
    }
    if (client.lost_events > 0) {
      put(client, fmt::format("{{\"event\":\"dropped\",\"count\":{}}}\n",
                              std::exchange(client.lost_events, 0)));
    }
    put(client, text);
  }

  static void flush(Connection& client) {
    std::size_t sent = 0;
    while (sent < client.output.size() && !client.broken) {
      const ssize_t count = ::send(client.fd.get(), client.output.data() + sent,
                                   client.output.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) {
        sent += static_cast<std::size_t>(count);
      } else if (count < 0 && errno == EINTR) {
        continue;
      } else if (count < 0 && (errno == EAGAIN)) {
        break;
      } else {
        client.broken = true;
      }
    }
    client.output.erase(0, sent);
  }

  void serve(std::uint64_t number, Connection& client) {
    if (client.broken) return;
    flush(client);
    if (client.hung_up) return;
    // One portion a turn, so that a client that floods gets no more than its share.
    std::array<char, 16384> chunk{};
    if (client.output.size() >= kPauseReading) return;
    const ssize_t count = ::recv(client.fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count < 0) {
      if (errno != EAGAIN && errno != EINTR) client.broken = true;
      return;
    }
    if (count == 0) {
      client.hung_up = true;
      return;
    }
    client.input.append(chunk.data(), static_cast<std::size_t>(count));
    read_lines(number, client);
  }

  void read_lines(std::uint64_t number, Connection& client) {
    std::size_t begin = 0;
    for (;;) {
      const auto end = client.input.find('\n', begin);
      if (end == std::string::npos) break;
      auto line = std::string_view(client.input).substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!std::exchange(client.skipping, false) && !line.empty()) handle(number, client, line);
      begin = end + 1;
    }
    client.input.erase(0, begin);
    if (client.skipping) {
      client.input.clear();
    } else if (client.input.size() > kMaxLine) {
      handle(number, client, client.input);  // answered as too long
      client.input.clear();
      client.skipping = true;
    }
  }

  void handle(std::uint64_t number, Connection& client, std::string_view text) {
    client.asked = true;
    client.last_asked = Steady::now();
    auto line = parse_line(text);
    if (!line.request) {
      ++malformed;
      refuse(client, line.id, line.request.error());
      return;
    }
    auto& request = line.request.value();
    if (auto* command = std::get_if<Command>(&request)) {
      if (requests.size() >= options.queue) {
        ++busy;
        refuse(client, line.id,
               busy_error(fmt::format("{} commands are waiting already", options.queue)));
        return;
      }
      ++client.waiting;
      requests.try_push(
          Request{.command = std::move(*command), .reply = Reply(outbox, number, line.id)});
      return;
    }
    if (auto* events = std::get_if<EventsRequest>(&request)) {
      client.subscribed = true;
      client.kinds = {events->kinds.begin(), events->kinds.end()};
    }
    // Here and not through the outbox: no event line may come before the reply to `events`.
    put(client, fmt::format("{{\"id\":{},\"ok\":true}}\n", line.id));
  }

  void refuse(Connection& client, const std::string& id, const Error& error) {
    put(client,
        fmt::format("{{\"id\":{},\"ok\":false,\"error\":{}}}\n", id, dump_json(error_json(error))));
  }

  void remove_finished() {
    std::erase_if(clients, [](const auto& entry) { return entry.second.finished(); });
    connected = clients.size();
  }

  void say_goodbye() {
    deliver();
    const auto deadline = Steady::now() + kGoodbye;
    for (;;) {
      bool waiting = false;
      for (auto& [number, client] : clients) {
        if (!client.broken) flush(client);
        waiting = waiting || (!client.broken && !client.output.empty());
      }
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - Steady::now());
      if (!waiting || left <= milliseconds{0}) return;
      wait(false, left);
    }
  }

  ListeningSocket socket;
  Options options;
  Clock& clock;
  std::shared_ptr<Outbox> outbox;  // with every open Reply
  BoundedQueue<Request> requests;
  std::map<std::uint64_t, Connection> clients;  // the server's thread only
  std::uint64_t last_number = 0;
  std::vector<pollfd> polled;
  std::atomic<std::uint64_t> connected{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> malformed{0};
  std::atomic<std::uint64_t> busy{0};
  std::atomic<std::uint64_t> lost_events{0};
  std::jthread thread;
};

Result<std::unique_ptr<Server>> Server::listen(const Options& options, Clock& clock) {
  TS_TRY(auto socket, ListeningSocket::open(options.socket));
  auto impl = std::make_unique<Impl>(std::move(socket), options, clock);
  try {
    Impl& state = *impl;
    state.thread = std::jthread([&state](const std::stop_token& stop) { state.run(stop); });
  } catch (const std::system_error& error) {
    return Error{.kind = ErrorKind::kInternal,
                 .message = fmt::format("cannot start a thread ({})", error.what()),
                 .retryable = true};
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));  // NOLINT: private constructor
}

Server::Server(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Server::~Server() = default;

const std::filesystem::path& Server::path() const noexcept { return impl_->socket.path(); }

std::optional<Request> Server::try_next() { return impl_->requests.try_pop(); }

std::optional<Request> Server::next(milliseconds limit, std::stop_token stop) {
  return impl_->requests.pop_for(limit, std::move(stop));
}

void Server::publish(std::string_view kind, std::uint64_t tick, const Json& members) {
  if (impl_->connected == 0) return;
  Json line{{"event", kind}, {"tick", tick}, {"time", format_rfc3339(impl_->clock.now())}};
  for (const auto& [key, value] : members.items()) line[key] = value;
  if (!impl_->outbox->event(std::string(kind), dump_json(line) + "\n")) ++impl_->lost_events;
}

Server::Counters Server::counters() const {
  return {.clients = impl_->connected,
          .accepted = impl_->accepted,
          .refused = impl_->refused,
          .dropped = impl_->dropped,
          .malformed = impl_->malformed,
          .busy = impl_->busy,
          .lost_events = impl_->lost_events};
}

}  // namespace ts::control
