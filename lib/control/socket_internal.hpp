// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <filesystem>

namespace ts::control {

/// A listening Unix socket that owns its file.
class ListeningSocket {
 public:
  /// @see Server::listen
  static Result<ListeningSocket> open(const std::filesystem::path& path);

  ListeningSocket(ListeningSocket&&) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) noexcept = default;
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  /// Removes the file if it still is the one that was made.
  ~ListeningSocket();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  ListeningSocket(UniqueFd fd, std::filesystem::path path, dev_t device, ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  UniqueFd fd_;
  std::filesystem::path path_;
  dev_t device_;
  ino_t inode_;
};

/// A connected, non-blocking stream socket. @return kNotFound when nobody listens there.
Result<UniqueFd> connect_socket(const std::filesystem::path& path);

}  // namespace ts::control
