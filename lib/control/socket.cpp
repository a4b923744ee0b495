// SPDX-License-Identifier: Apache-2.0
#include "control/socket_internal.hpp"
#include "core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ts::control {
namespace {

namespace fs = std::filesystem;

Error socket_error(ErrorKind kind, std::string_view what, const fs::path& path, int number) {
  return Error{.kind = kind,
               .message = fmt::format("cannot {} the control socket {} ({})", what, path.string(),
                                      std::strerror(number))};
}

Result<sockaddr_un> address_of(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("the control socket's path '{}' is {}", text,
                               text.empty() ? "empty" : "too long for a socket"),
        .hint = fmt::format("give a path of at most {} bytes", sizeof address.sun_path - 1)};
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: how the sockets API is made
}

Result<UniqueFd> make_socket(const fs::path& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return socket_error(ErrorKind::kConfig, "make", path, errno);
  return fd;
}

/// What is at `path`, before a socket is bound there: nothing (after this call), or an error.
Status make_room(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return ok_status();
    return socket_error(ErrorKind::kConfig, "look at", path, errno);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("{} exists and is no socket", path.string()),
                 .hint = "give another path for the control socket"};
  }
  if (const auto other = connect_socket(path); other.ok() || other.error().code == "busy") {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("another compositor listens at {}", path.string()),
                 .hint = "stop it with ts compose stop, or give another --control path"};
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return ok_status();
  return socket_error(ErrorKind::kConfig, "replace", path, errno);
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const fs::path& given) {
  // Absolute, so that the file is found again when the working directory has changed.
  std::error_code ignored;
  const auto path = fs::absolute(given, ignored).lexically_normal();
  TS_TRY(const auto address, address_of(path));
  const auto folder = path.parent_path();
  TS_CHECK(make_private_folders(folder));
  // Two that start at once must not both find the old file dead and remove each other's new one.
  const UniqueFd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
    return socket_error(ErrorKind::kConfig, "lock the folder of", path, errno);
  }
  TS_CHECK(make_room(path));
  TS_TRY(auto fd, make_socket(path));
  // On Linux the mode of an unbound socket is the mode its file will have: never wider, not even
  // for an instant.
  ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), generic(address), sizeof address) != 0) {
    return socket_error(ErrorKind::kConfig, "make", path, errno);
  }
  struct stat info {};
  if (::chmod(path.c_str(), 0600) != 0 || ::lstat(path.c_str(), &info) != 0 ||
      ::listen(fd.get(), 16) != 0) {
    const int number = errno;
    ::unlink(path.c_str());
    return socket_error(ErrorKind::kConfig, "open", path, number);
  }
  return ListeningSocket(std::move(fd), path, info.st_dev, info.st_ino);
}

ListeningSocket::~ListeningSocket() {
  struct stat info {};
  if (fd_ && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

Result<UniqueFd> connect_socket(const fs::path& path) {
  TS_TRY(const auto address, address_of(path));
  TS_TRY(auto fd, make_socket(path));
  if (::connect(fd.get(), generic(address), sizeof address) == 0) return fd;
  if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTSOCK || errno == ENOTDIR) {
    return Error{
        .kind = ErrorKind::kNotFound,
        .message = fmt::format("no compositor listens at {}", path.string()),
        .hint = "start one with ts compose run SHOW.json, or name its socket with --control"};
  }
  if (errno == EAGAIN) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("the compositor at {} takes no connection", path.string()),
                 .hint = "try again",
                 .retryable = true,
                 .code = "busy"};
  }
  return socket_error(ErrorKind::kConfig, "use", path, errno);
}

}  // namespace ts::control
