// SPDX-License-Identifier: Apache-2.0
#include "playback/download.hpp"

#include "core/file.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "net/answer_text.hpp"
#include "playback/check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace ts::playback {
namespace {

Error disk_error(const std::filesystem::path& path) {
  const int reason = errno;
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("cannot write {} ({})", path.string(), std::strerror(reason)),
               .hint = "check the folder and the free space",
               .code = "file_not_written"};
}

Status write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return disk_error(path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok_status();
}

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};

/// "bytes 0-99/200"
std::optional<ContentRange> read_content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = parse_u64(text.substr(0, dash));
  const auto last = parse_u64(text.substr(dash + 1, slash - dash - 1));
  const auto total = parse_u64(text.substr(slash + 1));
  if (!first || !last || !total || *last < *first || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

/// Where the bytes go: a file beside the wanted one, held by one download and removed unless it
/// was put in its place; or a device or a pipe itself.
class Target {
 public:
  static Result<Target> open(const std::filesystem::path& given) {
    Target out;
    out.path_ = link_target(given);
    std::error_code ignored;
    const auto there = std::filesystem::status(out.path_, ignored);
    if (std::filesystem::is_directory(there)) {
      errno = EISDIR;
      return disk_error(out.path_);
    }
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
      TS_CHECK(out.open_device());
      return out;
    }
    TS_CHECK(out.open_part());
    return out;
  }
  Target(Target&& other) noexcept
      : path_(std::move(other.path_)),
        part_(std::exchange(other.part_, {})),
        file_(std::move(other.file_)) {}
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  Target& operator=(Target&&) = delete;
  ~Target() {
    std::error_code ignored;
    if (!part_.empty()) std::filesystem::remove(part_, ignored);  // while it is held
  }

  Status write(std::string_view bytes) {
    return write_all(file_.get(), bytes, part_.empty() ? path_ : part_);
  }

  /// Puts the whole file in its place.
  Status finish() {
    if (part_.empty()) return ok_status();
    if (::fsync(file_.get()) != 0) return disk_error(part_);
    if (::rename(part_.c_str(), path_.c_str()) != 0) return disk_error(path_);
    part_.clear();
    return ok_status();
  }

 private:
  Target() = default;

  Status open_device() {
    // Without a reader a pipe would be waited for.
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file_) return disk_error(path_);
    const int flags = ::fcntl(file_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(file_.get(), F_SETFL, flags & ~O_NONBLOCK) < 0) {
      return disk_error(path_);
    }
    return ok_status();
  }

  /// What a download that died left behind is held by nobody, and taken over.
  Status open_part() {
    const std::filesystem::path part = path_.string() + ".part";
    for (;;) {
      file_.reset(::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      if (!file_) return disk_error(part);
      // Some file systems have no locks.
      if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("another download writes {}", path_.string()),
                     .hint = "wait for it, or choose another file",
                     .code = "busy"};
      }
      // The one that held it may have put it in its place or removed it meanwhile.
      struct stat held {};
      struct stat named {};
      if (::fstat(file_.get(), &held) != 0) return disk_error(part);
      if (::stat(part.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
          held.st_dev == named.st_dev) {
        break;
      }
    }
    part_ = part;
    if (::ftruncate(file_.get(), 0) != 0) return disk_error(part_);
    return ok_status();
  }

  std::filesystem::path path_;
  std::filesystem::path part_;  ///< Empty: `path_` is written itself, or it is done.
  UniqueFd file_;
};

/// A proxy's page, a login form or an error in JSON: stored, it would pass for the recording.
Status check_media(const net::HttpResponse& response, bool first) {
  const auto refuse = [](std::string what) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("the answer is no recording: {}", what),
                 .hint = "look at the address in a browser; something in between may have answered",
                 .code = "bad_answer"};
  };
  if (response.body.empty()) return refuse("it is empty");
  const std::string type = to_lower(response.header("content-type"));
  if (type.find("json") != std::string::npos) {
    return refuse(fmt::format("it is JSON: {}", shorten(trim(response.body), 100)));
  }
  // Within a file, bytes that look like a page are the file's.
  if (type.find("html") != std::string::npos || (first && net::is_web_page(response))) {
    return refuse(fmt::format("it is {}", net::answer_text(response)));
  }
  return ok_status();
}

Error changed() {
  return Error{.kind = ErrorKind::kRemote,
               .message = "the file changed while it was fetched",
               .hint = "fetch it again",
               .retryable = true,
               .code = "changed"};
}

}  // namespace

Result<std::uint64_t> download(net::HttpTransport& transport, Clock& clock, std::string_view url,
                               const std::filesystem::path& path,
                               const std::function<void(std::uint64_t, std::uint64_t)>& on_progress,
                               std::stop_token stop, DownloadOptions options) {
  TS_TRY(auto target, Target::open(path));
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string etag;
  int retries_left = options.retries;
  while (total == 0 || done < total) {
    const std::string range = fmt::format("bytes={}-{}", done, done + options.chunk_bytes - 1);
    auto fetched = fetch(transport, url, options.chunk_timeout, stop, range);
    if (!fetched) {
      Error error = std::move(fetched).error();
      if (!error.retryable || retries_left-- <= 0) return error;
      if (!clock.wait_for(milliseconds{1000}, stop)) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "the download was interrupted"};
      }
      continue;
    }
    retries_left = options.retries;
    const net::HttpResponse& response = fetched.value();
    TS_CHECK(check_media(response, done == 0));
    if (response.status != 206) {
      // The whole file, from a server without ranges.
      if (done != 0) return changed();
      total = response.body.size();
    } else {
      const auto got = read_content_range(response.header("content-range"));
      if (!got || got->first != done || got->last - got->first + 1 != response.body.size()) {
        return Error{.kind = ErrorKind::kRemote,
                     .message = "the server answered another range than the one asked for",
                     .code = "bad_range"};
      }
      if ((total != 0 && got->total != total) || (done != 0 && response.header("etag") != etag)) {
        return changed();
      }
      total = got->total;
      etag = std::string(response.header("etag"));
    }
    TS_CHECK(target.write(response.body));
    done += response.body.size();
    if (on_progress) on_progress(done, total);
  }
  TS_CHECK(target.finish());
  return done;
}

}  // namespace ts::playback
