// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ts::store {

class Backend;

/// Whether `url` names a database as Database::open takes it, without looking for the file.
/// @return kConfig saying what is wrong with it.
Status check_database_url(std::string_view url);

struct OpenOptions {
  bool create = true;   ///< Make the file (0600) and its folder (0700) when absent.
  bool migrate = true;  ///< Bring an older schema up to date; else kConfig when it is older.
  milliseconds busy_limit{5000};  ///< Longest wait for another process's write.
  std::int64_t max_pages = 0;     ///< Upper bound of the file in 4 KiB pages; 0 is none.
};

/// The durable state of ts: sessions and their journal, streams, webhook events, refs, leases.
/// What each table offers is in sessions.hpp, streams.hpp, events.hpp, refs.hpp and leases.hpp:
/// free functions that take a Database. Nobody outside this library writes SQL.
///
/// Every function that changes something has made it durable (fsync) when it returns ok.
/// Thread-safe: one connection, one call at a time. Several processes may open the same file; their
/// writes and checkpoints take turns through a lock file beside it ("FILE-lock"), so that at no
/// time two connections write or checkpoint (the WAL-reset fault of SQLite before 3.51.3 needs
/// two).
///
/// Failures common to all functions, told apart by `code`:
///   disk_full     kConfig, retryable: no space; nothing of the call was stored
///   read_only     kConfig: no permission to write
///   busy          kConflict, retryable: another process held it longer than `busy_limit`
///   corrupt       kConfig: not a database or damaged; the file is left as it is
///   replaced      kConflict: the file was removed or replaced while open; open it again
///   io_error      kConfig: the disk failed. Everything after that on this object fails too: a
///                 failed fsync must not be retried and believed
class Database {
 public:
  /// Opens `url`: "sqlite:///ABSOLUTE/PATH".
  /// @return kConfig for another scheme or a relative path, when the file cannot be opened, is no
  ///         database, or (code "schema_newer") was written by a newer ts.
  static Result<Database> open(std::string_view url, const Clock& clock, OpenOptions options = {});

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] const std::filesystem::path& path() const noexcept;
  /// The version of its schema, and the one this program knows.
  [[nodiscard]] int schema_version() const noexcept;
  static int newest_schema_version() noexcept;

  /// For this library's own functions.
  [[nodiscard]] Backend& backend() const noexcept { return *backend_; }

 private:
  explicit Database(std::unique_ptr<Backend> backend) noexcept;
  std::unique_ptr<Backend> backend_;
};

/// The file of a "sqlite:///ABSOLUTE/PATH" URL (percent escapes decoded).
Result<std::filesystem::path> sqlite_path(std::string_view url);

}  // namespace ts::store
