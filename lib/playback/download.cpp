// SPDX-License-Identifier: Apache-2.0
#include "playback/download.hpp"

#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "playback/check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace ts::playback {
namespace {

Error disk_error(const std::filesystem::path& path) {
  const int reason = errno;
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("cannot write {} ({})", path.string(), std::strerror(reason)),
               .hint = "check the folder and the free space",
               .code = "write_failed"};
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

/// Removes the half-written file unless it was kept.
class Partial {
 public:
  explicit Partial(std::filesystem::path path) : path_(std::move(path)) {}
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;
  ~Partial() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  void keep() noexcept { kept_ = true; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

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
  Partial partial(path.string() + ".part");
  const UniqueFd file(
      ::open(partial.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return disk_error(partial.path());
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
    TS_CHECK(write_all(file.get(), response.body, partial.path()));
    done += response.body.size();
    if (on_progress) on_progress(done, total);
    if (total == 0) break;
  }
  if (::fsync(file.get()) != 0) return disk_error(partial.path());
  if (::rename(partial.path().c_str(), path.c_str()) != 0) return disk_error(path);
  partial.keep();
  return done;
}

}  // namespace ts::playback
