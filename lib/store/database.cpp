// SPDX-License-Identifier: Apache-2.0
#include "store/database.hpp"

#include "core/text.hpp"
#include "store/backend_internal.hpp"
#include "store/sessions.hpp"

#include <fmt/format.h>

namespace ts::store {
namespace {

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

Error bad_url(std::string_view why) {
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("the database URL {}", why),
               .hint = "set TS_DATABASE_URL to sqlite:///ABSOLUTE/PATH"};
}

}  // namespace

std::string text_at(const Row& row, std::size_t column) {
  const auto& value = row.at(column);
  if (const auto* words = std::get_if<std::string>(&value)) return *words;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  return {};
}

std::int64_t number_at(const Row& row, std::size_t column) {
  const auto* whole = std::get_if<std::int64_t>(&row.at(column));
  return whole != nullptr ? *whole : 0;
}

WallTime time_at(const Row& row, std::size_t column) {
  return WallTime{milliseconds{number_at(row, column)}};
}

std::optional<WallTime> optional_time_at(const Row& row, std::size_t column) {
  if (std::holds_alternative<std::monostate>(row.at(column))) return std::nullopt;
  return time_at(row, column);
}

Result<std::filesystem::path> sqlite_path(std::string_view url) {
  constexpr std::string_view kScheme = "sqlite://";
  if (url.starts_with("postgres://") || url.starts_with("postgresql://")) {
    // Not quoted: such a URL holds a password.
    return Error{.kind = ErrorKind::kConfig,
                 .message = "this ts keeps its state in SQLite only, not in PostgreSQL",
                 .hint = "set TS_DATABASE_URL to sqlite:///ABSOLUTE/PATH",
                 .code = "postgresql"};
  }
  if (!url.starts_with(kScheme)) return bad_url("does not begin with sqlite:///");
  url.remove_prefix(kScheme.size());
  if (!url.starts_with('/')) return bad_url("names a relative path");
  std::string path;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] != '%') {
      path += url[i];
      continue;
    }
    const int high = i + 2 < url.size() ? hex_digit(url[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(url[i + 2]) : -1;
    if (low < 0 || high * 16 + low == 0) return bad_url("has a bad percent escape");
    path += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (path.ends_with('/')) return bad_url("names a folder, not a file");
  return std::filesystem::path(path).lexically_normal();
}

Status check_database_url(std::string_view url) {
  TS_TRY([[maybe_unused]] const auto path, sqlite_path(url));
  return ok_status();
}

Result<Database> Database::open(std::string_view url, const Clock& clock, OpenOptions options) {
  TS_TRY(const auto path, sqlite_path(url));
  TS_TRY(auto backend, open_sqlite(path, {.create = options.create,
                                          .read_only = false,
                                          .busy_limit = options.busy_limit,
                                          .max_pages = options.max_pages}));
  int version = 0;
  TS_CHECK(backend->read([&](Connection& connection) -> Status {
    TS_TRY(version, read_schema_version(connection));
    return ok_status();
  }));
  if (version > newest_schema_version()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("state database {} has schema {}, this ts knows {}",
                                        path.string(), version, newest_schema_version()),
                 .hint = "use the newer ts, or set TS_DATABASE_URL to another file",
                 .code = "schema_newer"};
  }
  if (version < newest_schema_version()) {
    if (!options.migrate) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = fmt::format("state database {} has schema {}, this ts needs {}",
                                          path.string(), version, newest_schema_version()),
                   .hint = "run ts db migrate",
                   .code = "schema_older"};
    }
    TS_CHECK(backend->write([&](Connection& connection) -> Status {
      return apply_migrations(connection, clock.now());
    }));
  }
  backend->schema_version = newest_schema_version();
  return Database(std::move(backend));
}

Database::Database(std::unique_ptr<Backend> backend) noexcept : backend_(std::move(backend)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

const std::filesystem::path& Database::path() const noexcept { return backend_->path(); }
int Database::schema_version() const noexcept { return backend_->schema_version; }
int Database::newest_schema_version() noexcept { return migrations().back().version; }

}  // namespace ts::store
