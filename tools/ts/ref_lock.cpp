// SPDX-License-Identifier: Apache-2.0
#include "ref_lock.hpp"

#include "crypto/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace ts::cli {
namespace {

/// The byte of the lock file that stands for a key: locks of one file by key need no files that
/// somebody would have to clean up. Two keys on one byte only wait for each other.
off_t byte_of(std::string_view scope, std::string_view key) {
  const auto digest = crypto::sha256(fmt::format("{}\n{}", scope, key));
  std::uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof(number));
  return static_cast<off_t>(number >> 2U);
}

}  // namespace

Result<RefLock> RefLock::take(Context& context, std::string_view scope, std::string_view key,
                              std::string_view what) {
  RefLock lock;
  if (key.empty() || context.dry_run()) return lock;
  const std::string shown = what.empty() ? fmt::format("--ref {}", key) : std::string(what);
  const std::filesystem::path folder = context.state_dir();
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  const std::filesystem::path path = folder / "refs.lock";
  lock.file_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.file_) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("cannot open {}: {}", path.string(),
                                        std::generic_category().message(errno)),
                 .hint = "ts needs a state folder it can write: set XDG_STATE_HOME"};
  }
  // Of the open file, not of the process: threads and children cannot let go of it by accident.
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = byte_of(scope, key);
  wanted.l_len = 1;
  for (bool told = false; ::fcntl(lock.file_.get(), F_OFD_SETLK, &wanted) != 0; told = true) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = fmt::format("cannot lock {}: {}", path.string(),
                                          std::generic_category().message(errno)),
                   .hint = "ts needs a state folder with file locks: set XDG_STATE_HOME"};
    }
    if (!told) {
      context.out().status(fmt::format("another ts is at work with {}: waiting", shown));
    }
    if (!context.clock().wait_for(milliseconds{50}, context.stop())) {
      return Error{.kind = ErrorKind::kInterrupted,
                   .message = fmt::format("waiting for {} was interrupted", shown)};
    }
  }
  return lock;
}

}  // namespace ts::cli
