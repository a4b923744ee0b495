// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ts::store {

/// Raw bytes, as opposed to text.
struct Blob {
  std::string bytes{};
};

using Value = std::variant<std::monostate, std::int64_t, std::string, Blob>;
using Row = std::vector<Value>;

inline Value text(std::string_view value) { return std::string(value); }
inline Value number(std::int64_t value) { return value; }
inline Value time_value(WallTime time) { return std::int64_t{time.time_since_epoch().count()}; }
inline Value time_value(const std::optional<WallTime>& time) {
  return time ? time_value(*time) : Value{};
}

std::string text_at(const Row& row, std::size_t column);
std::int64_t number_at(const Row& row, std::size_t column);
WallTime time_at(const Row& row, std::size_t column);
std::optional<WallTime> optional_time_at(const Row& row, std::size_t column);

/// Runs statements inside what Backend::read or Backend::write opened. SQL is written with ?1, ?2 …
/// and must be a literal: prepared statements are kept by their text.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  virtual Result<std::vector<Row>> query(std::string_view sql,
                                         const std::vector<Value>& values) = 0;
  /// @return how many rows changed.
  virtual Result<std::int64_t> execute(std::string_view sql, const std::vector<Value>& values) = 0;
  /// Several statements without values, such as a migration.
  virtual Status script(const std::string& sql) = 0;
};

/// One database server or file.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  using Body = std::function<Status(Connection&)>;
  /// Runs `body` under the connection's lock.
  virtual Status read(const Body& body) = 0;
  /// Runs `body` as a transaction: durable when ok, undone when it returns an Error.
  virtual Status write(const Body& body) = 0;
  [[nodiscard]] virtual const std::filesystem::path& path() const noexcept = 0;

  int schema_version = 0;
};

/// A transaction that yields a value.
template <typename T>
Result<T> write(Database& database, const std::function<Result<T>(Connection&)>& body) {
  std::optional<T> out;
  TS_CHECK(database.backend().write([&](Connection& connection) -> Status {
    TS_TRY(out, body(connection));
    return ok_status();
  }));
  return std::move(*out);
}

template <typename T>
Result<T> read(Database& database, const std::function<Result<T>(Connection&)>& body) {
  std::optional<T> out;
  TS_CHECK(database.backend().read([&](Connection& connection) -> Status {
    TS_TRY(out, body(connection));
    return ok_status();
  }));
  return std::move(*out);
}

struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;  ///< {serial} and {blob} stand for the dialect's types.
};
const std::vector<Migration>& migrations();

/// Version of the schema that is there; 0 when there is none.
Result<int> read_schema_version(Connection& connection);
/// Applies what is missing, inside the caller's transaction.
Status apply_migrations(Connection& connection, WallTime now);

struct SqliteOptions {
  bool create = true;
  bool read_only = false;  ///< Neither our pragmas nor the lock file touch the disk.
  milliseconds busy_limit{5000};
  std::int64_t max_pages = 0;
};
Result<std::unique_ptr<Backend>> open_sqlite(const std::filesystem::path& path,
                                             const SqliteOptions& options);

/// Copies the whole content of `from` into a new file `to` (0600) with SQLite's online backup.
Status copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to);

/// Whether the outdated holder of `fence` may write: kConflict (code "fenced") when not.
struct Fence;
Status check_fence(Connection& connection, const std::optional<Fence>& fence);

}  // namespace ts::store
