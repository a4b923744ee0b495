// SPDX-License-Identifier: Apache-2.0
#include "store/backend_internal.hpp"

#include <fmt/format.h>

namespace ts::store {
namespace {

// Tables begin with ts_ so that they can live in a platform's own database. Times are milliseconds
// since 1970. A migration that has been released is never changed: add another.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE ts_session (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  show_path TEXT NOT NULL,
  state TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  closed_at BIGINT
);
CREATE UNIQUE INDEX ts_session_one_open ON ts_session (name) WHERE closed_at IS NULL;
CREATE INDEX ts_session_by_name ON ts_session (name, created_at);

CREATE TABLE ts_journal (
  session_id TEXT NOT NULL REFERENCES ts_session (id) ON DELETE CASCADE,
  seq BIGINT NOT NULL,
  time BIGINT NOT NULL,
  step TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (session_id, seq)
);

CREATE TABLE ts_stream (
  provider TEXT NOT NULL,
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  ref TEXT NOT NULL,
  passthrough TEXT NOT NULL,
  status TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (provider, id)
);
CREATE UNIQUE INDEX ts_stream_by_ref ON ts_stream (provider, ref) WHERE ref <> '';
CREATE INDEX ts_stream_by_session ON ts_stream (session_id);
CREATE TABLE ts_stream_playback (
  provider TEXT NOT NULL,
  stream_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  id TEXT NOT NULL,
  policy TEXT NOT NULL,
  PRIMARY KEY (provider, stream_id, position),
  FOREIGN KEY (provider, stream_id) REFERENCES ts_stream (provider, id) ON DELETE CASCADE
);

CREATE TABLE ts_event (
  seq {serial},
  provider TEXT NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  dedupe_key TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  headers {blob} NOT NULL,
  body {blob} NOT NULL,
  handled_at BIGINT
);
CREATE UNIQUE INDEX ts_event_once ON ts_event (provider, dedupe_key);
CREATE INDEX ts_event_by_id ON ts_event (provider, event_id);
CREATE INDEX ts_event_unhandled ON ts_event (seq) WHERE handled_at IS NULL;

CREATE TABLE ts_ref (
  scope TEXT NOT NULL,
  ref_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  object_id TEXT NOT NULL,
  result TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (scope, ref_key)
);

CREATE TABLE ts_lease (
  name TEXT PRIMARY KEY,
  held BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid BIGINT NOT NULL,
  start_ticks BIGINT NOT NULL,
  acquired_at BIGINT NOT NULL,
  heartbeat_at BIGINT NOT NULL,
  details TEXT NOT NULL
);
)sql";

std::string for_sqlite(std::string_view sql) {
  std::string out(sql);
  const auto replace = [&](std::string_view token, std::string_view with) {
    for (std::size_t at = 0; (at = out.find(token, at)) != std::string::npos; at += with.size()) {
      out.replace(at, token.size(), with);
    }
  };
  replace("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT");
  replace("{blob}", "BLOB");
  return out;
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> all{
      {.version = 1, .name = "sessions, journal, streams, events, refs, leases", .sql = kFirst},
  };
  return all;
}

Result<int> read_schema_version(Connection& connection) {
  TS_TRY(const auto table,
         connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'ts_schema'",
                          {}));
  if (table.empty()) return 0;
  TS_TRY(const auto rows, connection.query("SELECT max(version) FROM ts_schema", {}));
  return static_cast<int>(number_at(rows.front(), 0));
}

Status apply_migrations(Connection& connection, WallTime now) {
  // Read again inside the transaction: another process may have been faster.
  TS_TRY(const int version, read_schema_version(connection));
  TS_CHECK(connection.script(
      "CREATE TABLE IF NOT EXISTS ts_schema (version BIGINT PRIMARY KEY, name TEXT NOT NULL, "
      "applied_at BIGINT NOT NULL)"));
  for (const auto& migration : migrations()) {
    if (migration.version <= version) continue;
    TS_CHECK(connection.script(for_sqlite(migration.sql))
                 .with_context(fmt::format("migration {}", migration.version)));
    TS_CHECK(
        connection.execute("INSERT INTO ts_schema (version, name, applied_at) VALUES (?1, ?2, ?3)",
                           {number(migration.version), text(migration.name), time_value(now)}));
  }
  return ok_status();
}

}  // namespace ts::store
