// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"

#include "core/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ts {
namespace {

Error file_error(ErrorKind kind, std::string_view verb, const std::filesystem::path& path,
                 int number) {
  return Error{
      .kind = kind,
      .message = fmt::format("cannot {} {} ({})", verb, path.string(), std::strerror(number))};
}

Result<std::string> read_all(int fd, const std::filesystem::path& path, std::size_t max_bytes) {
  std::string out;
  std::string chunk(std::size_t{64} * 1024, '\0');
  for (;;) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(ErrorKind::kUsage, "read", path, errno);
    if (count == 0) return out;
    out.append(chunk, 0, static_cast<std::size_t>(count));
    if (out.size() > max_bytes) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("{} is larger than {} bytes", path.string(), max_bytes)};
    }
  }
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return file_error(ErrorKind::kUsage, "open", path, errno);
  return read_all(fd.get(), path, max_bytes);
}

Result<Secret> read_secret_file(const std::filesystem::path& path, bool allow_loose) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    Error error = file_error(ErrorKind::kConfig, "open", path, errno);
    if (error.hint.empty()) error.hint = "check the path; the file holds one line, the secret";
    return error;
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error(ErrorKind::kConfig, "stat", path, errno);
  if (!allow_loose && S_ISREG(info.st_mode) && (info.st_mode & 0077U) != 0) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("secret file {} can be read by others", path.string()),
                 .hint = fmt::format("chmod 600 {} (TS_ALLOW_LOOSE_PERMS=1 for mounted secrets)",
                                     path.string())};
  }
  auto text = read_all(fd.get(), path, std::size_t{64} * 1024);
  if (!text) {
    Error error = std::move(text).error();
    error.kind = ErrorKind::kConfig;
    return error;
  }
  std::string_view body = text.value();
  if (body.ends_with('\n')) body.remove_suffix(1);
  if (body.ends_with('\r')) body.remove_suffix(1);
  Secret secret(body);
  explicit_bzero(text.value().data(), text.value().size());
  if (secret.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("secret file {} is empty", path.string())};
  }
  return secret;
}

namespace {

Status write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{.kind = ErrorKind::kUsage};
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok_status();
}

/// A device or a pipe is written to; a file in its place would take it away from everybody.
Status write_into(const std::filesystem::path& path, std::string_view content) {
  // Without a reader a pipe would be waited for.
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return file_error(ErrorKind::kUsage, "write", path, errno);
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) < 0 ||
      !write_all(fd.get(), content).ok()) {
    return file_error(ErrorKind::kUsage, "write", path, errno);
  }
  return ok_status();
}

}  // namespace

std::filesystem::path link_target(std::filesystem::path path) {
  std::error_code failure;
  for (int hops = 0; hops < 40 && std::filesystem::is_symlink(path, failure); ++hops) {
    auto target = std::filesystem::read_symlink(path, failure);
    if (failure) break;
    if (!target.is_absolute()) target = path.parent_path() / target;
    // /proc/self/fd/1 leads to a pipe, by a name that is none.
    if (!std::filesystem::exists(target, failure) && std::filesystem::exists(path, failure)) break;
    path = std::move(target);
  }
  return path;
}

Status write_file_atomic(const std::filesystem::path& given, std::string_view content,
                         unsigned mode) {
  const std::filesystem::path path = link_target(given);
  std::error_code ignored;
  const auto there = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there) &&
      !std::filesystem::is_directory(there)) {
    return write_into(path, content);
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return file_error(ErrorKind::kUsage, "write", path, errno);
  const auto fail = [&](std::string_view verb) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return file_error(ErrorKind::kUsage, verb, path, number);
  };
  if (::fchmod(fd.get(), mode) != 0) return fail("set the mode of");
  if (!write_all(fd.get(), content).ok()) return fail("write");
  if (::fsync(fd.get()) != 0) return fail("flush");
  fd.reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("replace");
  const UniqueFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());
  return ok_status();
}

Status check_writable(const std::filesystem::path& given) {
  const std::filesystem::path path = link_target(given);
  std::error_code ignored;
  const auto there = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(there)) {
    return file_error(ErrorKind::kUsage, "write", path, EISDIR);
  }
  const bool replaced = !std::filesystem::exists(there) || std::filesystem::is_regular_file(there);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const int wanted = replaced ? W_OK | X_OK : W_OK;
  if (::access(replaced ? folder.c_str() : path.c_str(), wanted) != 0) {
    return file_error(ErrorKind::kUsage, "write", path, errno);
  }
  return ok_status();
}

Status make_private_folders(const std::filesystem::path& folder) {
  std::filesystem::path made;
  for (const auto& part : folder) {
    made /= part;
    // mkdir's mode is cut by the umask, never widened.
    if (::mkdir(made.c_str(), 0700) == 0 || errno == EEXIST) continue;
    const int reason = errno;
    if (std::error_code ignored; std::filesystem::is_directory(made, ignored)) continue;
    auto error = file_error(ErrorKind::kConfig, "make the folder", made, reason);
    if (reason == ENOSPC) error.code = "disk_full";
    return error;
  }
  return ok_status();
}

}  // namespace ts
