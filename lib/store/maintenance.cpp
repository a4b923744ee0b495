// SPDX-License-Identifier: Apache-2.0
#include "store/maintenance.hpp"

#include "core/unique_fd.hpp"
#include "store/backend_internal.hpp"
#include "store/leases.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ts::store {
namespace {

namespace fs = std::filesystem;

Error file_failure(std::string_view verb, const fs::path& path, int reason) {
  return Error{
      .kind = ErrorKind::kConfig,
      .message = fmt::format("cannot {} {} ({})", verb, path.string(), std::strerror(reason)),
      .code = reason == ENOSPC ? "disk_full" : ""};
}

Status flush(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return file_failure("flush", path, errno);
  return ok_status();
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Removes a file at the end of its scope unless it was kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

fs::path temporary_beside(const fs::path& path) {
  return folder_of(path) / fmt::format(".{}.{}", path.filename().string(), ::getpid());
}

Result<std::optional<std::int64_t>> count_legacy(Connection& connection) {
  TS_TRY(const auto table,
         connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                          {text(kLegacyTable)}));
  if (table.empty()) return std::optional<std::int64_t>{};
  TS_TRY(const auto rows, connection.query("SELECT count(*) FROM signaling_message", {}));
  return std::optional<std::int64_t>{number_at(rows.front(), 0)};
}

Status examine(Connection& connection, DatabaseReport& report) {
  const auto integrity = connection.query("PRAGMA integrity_check(20)", {});
  if (!integrity) {
    report.problems.push_back(integrity.error().message);
    return ok_status();
  }
  for (const auto& row : integrity.value()) {
    if (auto line = text_at(row, 0); line != "ok") report.problems.push_back(std::move(line));
  }
  TS_TRY(const auto broken, connection.query("PRAGMA foreign_key_check", {}));
  for (const auto& row : broken) {
    report.problems.push_back(fmt::format("row {} of {} refers to a row of {} that does not exist",
                                          number_at(row, 1), text_at(row, 0), text_at(row, 2)));
  }
  TS_TRY(report.schema_version, read_schema_version(connection));
  TS_TRY(const auto tables,
         connection.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                          "substr(name, 1, 3) = 'ts_' ORDER BY name",
                          {}));
  for (const auto& row : tables) {
    const auto name = text_at(row, 0);
    if (name.find('"') != std::string::npos) continue;
    TS_TRY(const auto rows, connection.query(fmt::format("SELECT count(*) FROM \"{}\"", name), {}));
    report.tables.emplace_back(name, number_at(rows.front(), 0));
  }
  TS_TRY(report.legacy_rows, count_legacy(connection));
  return ok_status();
}

Result<DatabaseReport> check_file(const fs::path& path) {
  DatabaseReport report{.path = path};
  report.newest_schema_version = Database::newest_schema_version();
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return report;
    return file_failure("open", path, errno);
  }
  report.exists = true;
  report.loose_permissions = (info.st_mode & 0077U) != 0;
  TS_TRY(const auto backend, open_sqlite(path, {.create = false, .read_only = true}));
  TS_CHECK(backend->read([&](Connection& connection) { return examine(connection, report); }));
  return report;
}

/// kConflict when a process that runs a show uses this database. A damaged one has no say.
Status check_unused(std::string_view url, const Clock& clock) {
  auto database = Database::open(url, clock, {.create = false, .migrate = false});
  if (!database) return ok_status();
  TS_TRY(const auto leases, list_leases(database.value()));
  for (const auto& lease : leases) {
    if (!lease.owner.may_be_alive()) continue;
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("show '{}' is run by {}, which uses this database",
                                        lease.name, lease.owner.describe()),
                 .hint = fmt::format("run ts live end {} first", lease.name),
                 .code = "leased"};
  }
  return ok_status();
}

/// Moves the database away and `fresh` into its place. At every instant either the old database
/// or the new one is there, and no write-ahead log of the old one lies beside the new one.
Status swap_in(const fs::path& path, const fs::path& fresh, const fs::path& previous) {
  const auto wal = [](const fs::path& base) { return fs::path(base.string() + "-wal"); };
  if (::link(path.c_str(), previous.c_str()) != 0) return file_failure("keep", path, errno);
  if (::rename(wal(path).c_str(), wal(previous).c_str()) != 0 && errno != ENOENT) {
    return file_failure("keep", wal(path), errno);
  }
  ::unlink((path.string() + "-shm").c_str());
  if (::rename(fresh.c_str(), path.c_str()) != 0) return file_failure("replace", path, errno);
  return ok_status();
}

}  // namespace

Result<DatabaseReport> check_database(std::string_view url) {
  TS_TRY(const auto path, sqlite_path(url));
  return check_file(path);
}

Result<MigrationReport> migrate_database(std::string_view url, const Clock& clock, bool dry_run) {
  TS_TRY(const auto before, check_database(url));
  MigrationReport report{.from_version = before.schema_version,
                         .to_version = Database::newest_schema_version(),
                         .dropped_legacy_rows = before.legacy_rows};
  if (!before.problems.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("state database {} is damaged ({})", before.path.string(),
                                        before.problems.front()),
                 .hint = "put a backup in its place with ts db restore FILE",
                 .code = "corrupt"};
  }
  if (dry_run && before.schema_version <= report.to_version) return report;
  TS_TRY(auto database, Database::open(url, clock));
  TS_CHECK(database.backend().write([&](Connection& connection) -> Status {
    TS_TRY(report.dropped_legacy_rows, count_legacy(connection));
    if (!report.dropped_legacy_rows) return ok_status();
    return connection.script("DROP TABLE signaling_message");
  }));
  return report;
}

Status backup_database(std::string_view url, const fs::path& target, bool replace) {
  TS_TRY(const auto path, sqlite_path(url));
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = fmt::format("there is no state database {}", path.string()),
                 .hint = "set TS_DATABASE_URL or give --database URL"};
  }
  if (!replace && fs::exists(fs::symlink_status(target, ignored))) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("{} exists already", target.string()),
                 .hint = "choose another name, or add --force to replace it"};
  }
  if (fs::equivalent(path, target, ignored)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the backup's target is the state database itself"};
  }
  TemporaryFile copy(temporary_beside(target));
  ::unlink(copy.path().c_str());
  TS_CHECK(copy_sqlite(path, copy.path()));
  TS_TRY(const auto report, check_file(copy.path()));
  if (!report.problems.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("state database {} is damaged ({}), so no backup was made",
                                        path.string(), report.problems.front()),
                 .hint = "put an earlier backup in its place with ts db restore FILE",
                 .code = "corrupt"};
  }
  TS_CHECK(flush(copy.path()));
  if (::rename(copy.path().c_str(), target.c_str()) != 0) {
    return file_failure("write", target, errno);
  }
  copy.keep();
  return flush(folder_of(target));
}

Result<RestoreReport> restore_database(std::string_view url, const fs::path& backup,
                                       const Clock& clock) {
  TS_TRY(const auto path, sqlite_path(url));
  TS_TRY(const auto found, check_file(fs::absolute(backup)));
  const auto refuse = [&](std::string_view why, std::string code) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("backup {} {}", backup.string(), why),
                 .hint = "nothing was changed; choose another backup",
                 .code = std::move(code)};
  };
  if (!found.exists) return refuse("does not exist", "");
  if (!found.problems.empty()) {
    return refuse(fmt::format("is damaged ({})", found.problems.front()), "corrupt");
  }
  if (found.schema_version == 0) return refuse("is no state database of ts", "");
  if (found.schema_version > found.newest_schema_version) {
    return refuse(fmt::format("has schema {}, this ts knows {}", found.schema_version,
                              found.newest_schema_version),
                  "schema_newer");
  }
  TS_CHECK(check_unused(url, clock));

  std::error_code ignored;
  RestoreReport report{.schema_version = found.schema_version};
  if (!fs::exists(path, ignored)) {
    // Makes the folder as it should be, and what is replaced is an empty database.
    TS_CHECK(Database::open(url, clock));
  } else {
    report.previous = fmt::format("{}.before-restore-{:%Y%m%dT%H%M%SZ}", path.string(),
                                  fmt::gmtime(std::chrono::system_clock::to_time_t(
                                      std::chrono::floor<std::chrono::seconds>(clock.now()))));
  }
  TemporaryFile fresh(temporary_beside(path));
  ::unlink(fresh.path().c_str());
  TS_CHECK(copy_sqlite(fs::absolute(backup), fresh.path()));
  TS_CHECK(flush(fresh.path()));
  const UniqueFd lock(
      ::open((path.string() + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("another process writes to {}", path.string()),
                 .hint = "try again",
                 .retryable = true,
                 .code = "busy"};
  }
  const bool kept = !report.previous.empty();
  const auto previous = kept ? report.previous : fs::path(fresh.path().string() + ".empty");
  TS_CHECK(swap_in(path, fresh.path(), previous));
  fresh.keep();
  if (!kept) {
    ::unlink(previous.c_str());
    ::unlink((previous.string() + "-wal").c_str());
  }
  TS_CHECK(flush(folder_of(path)));
  return report;
}

}  // namespace ts::store
