// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include "control/protocol.hpp"
#include "control/socket_internal.hpp"
#include "core/json.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ts::control {
namespace {

using Steady = std::chrono::steady_clock;

/// Longest answer that is read: a status of many sources and outputs stays far below.
constexpr std::size_t kMaxReply = std::size_t{4} << 20U;

Error interrupted() {
  return Error{.kind = ErrorKind::kInterrupted,
               .message = "interrupted while talking to the compositor"};
}

Error closed() {
  return Error{.kind = ErrorKind::kRemote,
               .message = "the compositor closed the connection",
               .hint = "run ts compose status",
               .code = "closed"};
}

enum class Waited : std::uint8_t { kReady, kDeadline, kStopped };

/// Waits for `events` on a descriptor; a stop request ends it at once.
Waited wait_for(int fd, short events, SteadyTime deadline, const std::stop_token& stop) {
  const UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback on_stop(stop, [&wake] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
  });
  for (;;) {
    if (stop.stop_requested()) return Waited::kStopped;
    const auto left = std::chrono::ceil<milliseconds>(deadline - Steady::now());
    std::array<pollfd, 2> waits{{{.fd = fd, .events = events, .revents = 0},
                                 {.fd = wake.get(), .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(waits.data(), waits.size(),
                             static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0 && waits[0].revents != 0) return Waited::kReady;
    if (ready == 0 && left.count() <= 0) return Waited::kDeadline;
  }
}

}  // namespace

Result<Client> Client::connect(const std::filesystem::path& socket, milliseconds limit,
                               std::stop_token stop) {
  const auto deadline = Steady::now() + limit;
  for (;;) {
    auto fd = connect_socket(socket);
    if (fd.ok()) return Client(std::move(fd).value(), socket);
    if (fd.error().code != "busy") return std::move(fd).error();
    // The listener's backlog is full: it takes somebody any moment, but poll cannot tell when.
    const auto pause = std::min(deadline, Steady::now() + milliseconds{10});
    if (wait_for(-1, 0, pause, stop) == Waited::kStopped) return interrupted();
    if (Steady::now() >= deadline) return std::move(fd).error();
  }
}

Status Client::write_line(std::string_view line, SteadyTime deadline, const std::stop_token& stop) {
  while (!line.empty()) {
    const ssize_t count = ::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      line.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    // A refusal may be there to be read although nobody takes our line any more.
    if (errno != EAGAIN) return ok_status();
    switch (wait_for(fd_.get(), POLLOUT, deadline, stop)) {
      case Waited::kReady:
        break;
      case Waited::kStopped:
        return interrupted();
      case Waited::kDeadline:
        return Error{.kind = ErrorKind::kDeadline,
                     .message = "the compositor does not take the command"};
    }
  }
  return ok_status();
}

Result<std::optional<std::string>> Client::read_line(SteadyTime deadline,
                                                     const std::stop_token& stop) {
  std::array<char, 16384> chunk{};
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::optional<std::string> line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (buffer_.size() > kMaxReply) {
      return Error{.kind = ErrorKind::kRemote, .message = "the compositor's answer is too long"};
    }
    const ssize_t count = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count > 0) {
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
      continue;
    }
    if (count == 0) return closed();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return closed();
    switch (wait_for(fd_.get(), POLLIN, deadline, stop)) {
      case Waited::kReady:
        break;
      case Waited::kStopped:
        return interrupted();
      case Waited::kDeadline:
        return std::optional<std::string>{};
    }
  }
}

Result<Json> Client::request(const Json& request, milliseconds limit, std::stop_token stop) {
  const auto deadline = Steady::now() + limit;
  Json numbered{{"id", ++last_id_}};
  for (const auto& [key, value] : request.items()) numbered[key] = value;
  TS_CHECK(write_line(dump_json(numbered) + "\n", deadline, stop));
  for (;;) {
    TS_TRY(auto line, read_line(deadline, stop));
    if (!line) {
      return Error{
          .kind = ErrorKind::kDeadline,
          .message = fmt::format("the compositor did not answer within {} ms", limit.count()),
          .hint = "look at its log, or give it longer with --timeout"};
    }
    TS_TRY(Json reply, parse_json(*line, "the compositor's answer", ErrorKind::kRemote,
                                  {.max_bytes = kMaxReply}));
    if (!reply.is_object()) continue;
    if (reply.contains("event")) {
      events_.push_back(std::move(*line));
      continue;
    }
    const auto id = reply.find("id");
    // "id": null comes when this connection was refused as a whole.
    if (id != reply.end() && !id->is_null() && *id != last_id_) continue;
    const auto ok = reply.find("ok");
    if (ok != reply.end() && ok->is_boolean() && ok->get<bool>()) return reply;
    const auto error = reply.find("error");
    return error_from_json(error != reply.end() ? *error : Json());
  }
}

Result<std::optional<std::string>> Client::next_event(milliseconds limit, std::stop_token stop) {
  if (!events_.empty()) {
    std::optional<std::string> line = std::move(events_.front());
    events_.pop_front();
    return line;
  }
  return read_line(Steady::now() + limit, stop);
}

}  // namespace ts::control
