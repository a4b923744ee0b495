// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"
#include "core/unique_fd.hpp"
#include "store/backend_internal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

namespace ts::store {
namespace {

/// Pages in the WAL after which a commit also checkpoints (4 MiB).
constexpr int kCheckpointPages = 1000;

struct CloseHandle {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Error database_error(const std::filesystem::path& path, std::string_view what, std::string code,
                     std::string hint, bool retryable = false,
                     ErrorKind kind = ErrorKind::kConfig) {
  return Error{.kind = kind,
               .message = fmt::format("state database {} {}", path.string(), what),
               .hint = std::move(hint),
               .retryable = retryable,
               .code = std::move(code)};
}

Error sqlite_error(const std::filesystem::path& path, int code, std::string_view detail) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return database_error(path, "cannot grow: no space is left on its disk", "disk_full",
                            "free space there, or set TS_DATABASE_URL to another disk", true);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return database_error(path, "cannot be written (no permission)", "read_only",
                            "make the file and its folder writable, or set TS_DATABASE_URL to "
                            "another file");
    case SQLITE_CANTOPEN:
      return database_error(path, fmt::format("cannot be opened ({})", detail), "cannot_open",
                            "check the folder and its permissions, or set TS_DATABASE_URL");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return database_error(path, "is locked by another process", "busy",
                            "try again, or end the process that holds it", true,
                            ErrorKind::kConflict);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return database_error(path, fmt::format("is damaged or no database ({})", detail), "corrupt",
                            "keep the file; put a backup in its place with ts db restore FILE");
    case SQLITE_IOERR:
      return database_error(path, fmt::format("failed ({})", detail), "io_error",
                            "check the disk, then start again");
    case SQLITE_CONSTRAINT:
      return database_error(path, fmt::format("refused a row ({})", detail), "constraint", {},
                            false, ErrorKind::kConflict);
    case SQLITE_NOMEM:
      return database_error(path, "ran out of memory", "memory", {}, true, ErrorKind::kInternal);
    default:
      return database_error(path, fmt::format("refused a statement ({})", detail), "sqlite", {},
                            false, ErrorKind::kInternal);
  }
}

class SqliteBackend;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(sqlite3* handle, const std::filesystem::path& path)
      : handle_(handle), path_(path) {}

  Result<std::vector<Row>> query(std::string_view sql, const std::vector<Value>& values) override {
    TS_TRY(sqlite3_stmt * statement, prepare(sql));
    const Reset reset{statement};
    TS_CHECK(bind(statement, values));
    std::vector<Row> rows;
    for (;;) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) return rows;
      if (code != SQLITE_ROW) return error(code);
      rows.push_back(row(statement));
    }
  }

  Result<std::int64_t> execute(std::string_view sql, const std::vector<Value>& values) override {
    TS_CHECK(query(sql, values));
    return std::int64_t{sqlite3_changes(handle_)};
  }

  Status script(const std::string& sql) override {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error(code);
    return ok_status();
  }

  [[nodiscard]] Error error(int code) const {
    return sqlite_error(path_, code, sqlite3_errmsg(handle_));
  }

 private:
  struct Reset {
    explicit Reset(sqlite3_stmt* held) : statement(held) {}
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;
    ~Reset() {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    }
    sqlite3_stmt* statement;
  };

  Result<sqlite3_stmt*> prepare(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) {
      return found->second.get();
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    Statement owned(statement);
    if (code != SQLITE_OK) return error(code);
    return statements_.emplace(std::string(sql), std::move(owned)).first->second.get();
  }

  Status bind(sqlite3_stmt* statement, const std::vector<Value>& values) {
    // The values outlive the statement's run, so SQLite need not copy them.
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int index = static_cast<int>(i) + 1;
      int code = SQLITE_OK;
      if (const auto* whole = std::get_if<std::int64_t>(&values[i])) {
        code = sqlite3_bind_int64(statement, index, *whole);
      } else if (const auto* words = std::get_if<std::string>(&values[i])) {
        code = sqlite3_bind_text64(statement, index, words->data(), words->size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
      } else if (const auto* blob = std::get_if<Blob>(&values[i])) {
        code = sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(),
                                   SQLITE_STATIC);
      } else {
        code = sqlite3_bind_null(statement, index);
      }
      if (code != SQLITE_OK) return error(code);
    }
    return ok_status();
  }

  static Row row(sqlite3_stmt* statement) {
    Row out;
    const int columns = sqlite3_column_count(statement);
    for (int column = 0; column < columns; ++column) {
      const auto bytes = [&] {
        const void* data = sqlite3_column_blob(statement, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
        return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
      };
      switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
          out.emplace_back(std::int64_t{sqlite3_column_int64(statement, column)});
          break;
        case SQLITE_NULL:
          out.emplace_back();
          break;
        case SQLITE_BLOB:
          out.emplace_back(Blob{bytes()});
          break;
        default:
          out.emplace_back(bytes());
      }
    }
    return out;
  }

  sqlite3* handle_;
  const std::filesystem::path& path_;
  std::map<std::string, Statement, std::less<>> statements_;
};

class SqliteBackend final : public Backend {
 public:
  static Result<std::unique_ptr<Backend>> open(const std::filesystem::path& path,
                                               const SqliteOptions& options) {
    auto backend = std::make_unique<SqliteBackend>(path, options);
    TS_CHECK(backend->start());
    return std::unique_ptr<Backend>(std::move(backend));
  }

  SqliteBackend(std::filesystem::path path, const SqliteOptions& options)
      : path_(std::move(path)), options_(options) {}

  ~SqliteBackend() override {
    // The next one need not recover anything; without the lock it is left to whoever has it.
    if (handle_ && lock_file_ && ::flock(lock_file_.get(), LOCK_EX | LOCK_NB) == 0) {
      sqlite3_busy_timeout(handle_.get(), 0);
      sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                nullptr);
    }
  }

  Status read(const Body& body) override {
    const std::lock_guard guard(mutex_);
    if (broken_) return *broken_;
    return note(body(*connection_));
  }

  Status write(const Body& body) override {
    const std::lock_guard guard(mutex_);
    if (broken_) return *broken_;
    TS_CHECK(still_there());
    TS_TRY(const auto lock, take_lock());
    TS_CHECK(note(connection_->script("BEGIN IMMEDIATE")));
    Status status = note(body(*connection_));
    if (status.ok()) status = note(connection_->script("COMMIT"));
    if (!status.ok()) {
      // Some failures have rolled back already; then there is nothing to undo.
      if (sqlite3_get_autocommit(handle_.get()) == 0) {
        [[maybe_unused]] const auto undone = connection_->script("ROLLBACK");
      }
      return status;
    }
    if (wal_pages_ >= kCheckpointPages) {
      // Best effort: the commit is durable already, and the next one tries again.
      sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                nullptr);
    }
    return status;
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }

 private:
  /// Unlocks at the end of its scope.
  struct Lock {
    explicit Lock(int held) : fd(held) {}
    Lock(Lock&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (fd >= 0) ::flock(fd, LOCK_UN);
    }
    int fd;
  };

  Status start() {
    if (options_.create) {
      if (auto made = make_private_folders(path_.parent_path()); !made.ok()) {
        Error error = std::move(made).error().with_context("state database");
        error.hint = "set TS_DATABASE_URL to a file in a folder you may write";
        return error;
      }
      const UniqueFd made(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!made && errno != EEXIST) {
        return database_error(path_, fmt::format("cannot be made ({})", std::strerror(errno)),
                              errno == ENOSPC ? "disk_full" : "cannot_open",
                              "set TS_DATABASE_URL to a file in a folder you may write");
      }
    }
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0) {
      return database_error(path_, fmt::format("cannot be opened ({})", std::strerror(errno)),
                            "cannot_open", "check TS_DATABASE_URL");
    }
    if (!S_ISREG(info.st_mode)) {
      return database_error(path_, "is no regular file", "cannot_open", "check TS_DATABASE_URL");
    }
    device_ = info.st_dev;
    inode_ = info.st_ino;
    sqlite3* handle = nullptr;
    const int access = options_.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const int code = sqlite3_open_v2(path_.c_str(), &handle,
                                     access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) {
      return sqlite_error(path_, code, sqlite3_errmsg(handle));
    }
    connection_ = std::make_unique<SqliteConnection>(handle, path_);
    sqlite3_busy_timeout(handle, static_cast<int>(options_.busy_limit.count()));
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    if (options_.read_only) {
      TS_CHECK(connection_->query("SELECT count(*) FROM sqlite_schema", {}));
      return ok_status();
    }
    return configure();
  }

  Status configure() {
    const std::string lock_path = path_.string() + "-lock";
    lock_file_.reset(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_file_) {
      return database_error(path_, fmt::format("cannot be locked ({})", std::strerror(errno)),
                            errno == ENOSPC ? "disk_full" : "read_only",
                            "make its folder writable, or set TS_DATABASE_URL to another file");
    }
    TS_TRY(const auto lock, take_lock());
    TS_TRY(const auto mode, connection_->query("PRAGMA journal_mode=WAL", {}));
    if (mode.empty() || text_at(mode.front(), 0) != "wal") {
      return database_error(path_, "does not support a write-ahead log where it is", "no_wal",
                            "set TS_DATABASE_URL to a file on a local disk");
    }
    TS_CHECK(
        connection_->script("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                            "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216"));
    if (options_.max_pages > 0) {
      TS_CHECK(connection_->script(fmt::format("PRAGMA max_page_count={}", options_.max_pages)));
    }
    sqlite3_wal_hook(
        handle_.get(),
        [](void* self, sqlite3* /*handle*/, const char* /*name*/, int pages) noexcept {
          static_cast<SqliteBackend*>(self)->wal_pages_ = pages;
          return SQLITE_OK;
        },
        this);
    return ok_status();
  }

  Status still_there() {
    struct stat info {};
    if (::stat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) {
      return ok_status();
    }
    return database_error(path_, "was removed or replaced while it was open", "replaced",
                          "start again, so that the file which is there now is opened", false,
                          ErrorKind::kConflict);
  }

  Result<Lock> take_lock() {
    const auto deadline = std::chrono::steady_clock::now() + options_.busy_limit;
    for (int pause = 1;; pause = std::min(pause * 2, 20)) {
      if (::flock(lock_file_.get(), LOCK_EX | LOCK_NB) == 0) return Lock(lock_file_.get());
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return database_error(path_, fmt::format("cannot be locked ({})", std::strerror(errno)),
                              "io_error", "put it on a local disk");
      }
      if (std::chrono::steady_clock::now() >= deadline) return sqlite_error(path_, SQLITE_BUSY, "");
      ::poll(nullptr, 0, pause);  // as SQLite's own busy handler: flock has no timeout
    }
  }

  /// Remembers a failure of the disk: whatever fsync says after one that failed means nothing.
  Status note(Status status) {
    if (!status.ok() && (status.error().code == "io_error" || status.error().code == "corrupt")) {
      broken_ = status.error();
    }
    return status;
  }

  std::filesystem::path path_;
  SqliteOptions options_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  UniqueFd lock_file_;
  std::mutex mutex_;
  std::optional<Error> broken_;
  int wal_pages_ = 0;
  Handle handle_;
  std::unique_ptr<SqliteConnection> connection_;  // before handle_ closes, its statements end
};

}  // namespace

Result<std::unique_ptr<Backend>> open_sqlite(const std::filesystem::path& path,
                                             const SqliteOptions& options) {
  return SqliteBackend::open(path, options);
}

Status copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto open = [](const std::filesystem::path& path, int flags) -> Result<Handle> {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Handle handle(raw);
    if (code != SQLITE_OK) return sqlite_error(path, code, raw ? sqlite3_errmsg(raw) : "");
    sqlite3_busy_timeout(raw, 5000);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return handle;
  };
  {
    const UniqueFd made(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made) return sqlite_error(to, SQLITE_CANTOPEN, std::strerror(errno));
  }
  TS_TRY(const auto source, open(from, SQLITE_OPEN_READONLY));
  TS_TRY(const auto target, open(to, SQLITE_OPEN_READWRITE));
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) {
    return sqlite_error(to, sqlite3_extended_errcode(target.get()), sqlite3_errmsg(target.get()));
  }
  // All pages in one step: one read transaction, so writers of the source do not restart it.
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return sqlite_error(to, stepped, sqlite3_errstr(stepped));
  if (finished != SQLITE_OK) return sqlite_error(to, finished, sqlite3_errstr(finished));
  // A copy has no second file: it must be whole by itself.
  const int code =
      sqlite3_exec(target.get(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(to, code, sqlite3_errmsg(target.get()));
  return ok_status();
}

}  // namespace ts::store
