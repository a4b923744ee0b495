// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/unique_fd.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace ts::control {

/// One operator's connection to a running compositor. For one thread.
class Client {
 public:
  /// @return kNotFound when nobody listens at `socket`, kDeadline, kInterrupted when `stop` was
  ///         requested, kConfig when the socket may not be used.
  static Result<Client> connect(const std::filesystem::path& socket, milliseconds limit,
                                std::stop_token stop = {});

  /// Sends a request object (without an id; one is added) and waits for its reply. Event lines that
  /// come meanwhile are kept for next_event.
  /// @return the reply object; the reply's own Error; kDeadline; kRemote when the connection broke;
  ///         kInterrupted.
  Result<Json> request(const Json& request, milliseconds limit, std::stop_token stop = {});

  /// The next event line of a client that has sent `events`.
  /// @return nullopt when `limit` passed; kRemote (code "closed") when the compositor ended.
  Result<std::optional<std::string>> next_event(milliseconds limit, std::stop_token stop = {});

  [[nodiscard]] const std::filesystem::path& socket() const noexcept { return socket_; }
  /// For poll: readable when a line may be there.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  Client(UniqueFd fd, std::filesystem::path socket) noexcept
      : fd_(std::move(fd)), socket_(std::move(socket)) {}
  Result<std::optional<std::string>> read_line(SteadyTime deadline, const std::stop_token& stop);
  Status write_line(std::string_view line, SteadyTime deadline, const std::stop_token& stop);

  UniqueFd fd_;
  std::filesystem::path socket_;
  std::string buffer_;
  std::deque<std::string> events_;
  std::uint64_t last_id_ = 0;
};

}  // namespace ts::control
