// SPDX-License-Identifier: Apache-2.0
#include "store/sessions.hpp"

#include "store/backend_internal.hpp"

#include <fmt/format.h>

namespace ts::store {
namespace {

constexpr std::string_view kSessionById =
    "SELECT id, name, show_path, state, details, created_at, updated_at, closed_at "
    "FROM ts_session WHERE id = ?1";

Session session_from(const Row& row) {
  return {.id = text_at(row, 0),
          .name = text_at(row, 1),
          .show_path = text_at(row, 2),
          .state = text_at(row, 3),
          .details = text_at(row, 4),
          .created_at = time_at(row, 5),
          .updated_at = time_at(row, 6),
          .closed_at = optional_time_at(row, 7)};
}

Error no_session(std::string_view id) {
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("there is no session '{}'", id),
               .hint = "run ts live list"};
}

Result<Session> find_session(Connection& connection, std::string_view id) {
  TS_TRY(const auto rows, connection.query(kSessionById, {text(id)}));
  if (rows.empty()) return no_session(id);
  return session_from(rows.front());
}

}  // namespace

Status check_fence(Connection& connection, const std::optional<Fence>& fence) {
  if (!fence) return ok_status();
  TS_TRY(const auto rows,
         connection.query("SELECT fence FROM ts_lease WHERE name = ?1 AND held = 1",
                          {text(fence->name)}));
  if (!rows.empty() && number_at(rows.front(), 0) == fence->number) return ok_status();
  return Error{.kind = ErrorKind::kConflict,
               .message = fmt::format("show '{}' was taken over by another process", fence->name),
               .hint = fmt::format("run ts live status {}", fence->name),
               .code = "fenced"};
}

Result<Session> create_session(Database& database, const Session& session, WallTime now) {
  return write<Session>(database, [&](Connection& connection) -> Result<Session> {
    TS_TRY(const auto same_id, connection.query(kSessionById, {text(session.id)}));
    if (!same_id.empty()) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("session '{}' exists already", session.id)};
    }
    TS_TRY(
        const auto open,
        connection.query("SELECT id, state FROM ts_session WHERE name = ?1 AND closed_at IS NULL",
                         {text(session.name)}));
    if (!open.empty()) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("show '{}' has an open session ({}, {})", session.name,
                                          text_at(open.front(), 0), text_at(open.front(), 1)),
                   .hint = fmt::format("run ts live end {}", session.name),
                   .code = "session_open"};
    }
    TS_CHECK(connection.execute(
        "INSERT INTO ts_session (id, name, show_path, state, details, created_at, "
        "updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        {text(session.id), text(session.name), text(session.show_path), text(session.state),
         text(session.details), time_value(now)}));
    return find_session(connection, session.id);
  });
}

Status update_session(Database& database, std::string_view id, std::string_view state,
                      std::string_view details, WallTime now, const std::optional<Fence>& fence) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_CHECK(check_fence(connection, fence));
    TS_TRY(const auto changed,
           connection.execute(
               "UPDATE ts_session SET state = ?2, details = ?3, updated_at = ?4 WHERE id = ?1",
               {text(id), text(state), text(details), time_value(now)}));
    if (changed == 0) return no_session(id);
    return ok_status();
  });
}

Status close_session(Database& database, std::string_view id, std::string_view state, WallTime now,
                     const std::optional<Fence>& fence) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_CHECK(check_fence(connection, fence));
    TS_TRY(const auto changed,
           connection.execute("UPDATE ts_session SET state = ?2, updated_at = ?3, "
                              "closed_at = coalesce(closed_at, ?3) WHERE id = ?1",
                              {text(id), text(state), time_value(now)}));
    if (changed == 0) return no_session(id);
    return ok_status();
  });
}

Result<Session> get_session(Database& database, std::string_view id) {
  return read<Session>(database,
                       [&](Connection& connection) { return find_session(connection, id); });
}

Result<Session> latest_session(Database& database, std::string_view name) {
  TS_TRY(auto sessions, list_sessions(database, {.name = std::string(name), .limit = 1}));
  if (sessions.empty()) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = fmt::format("there is no session of a show '{}'", name),
                 .hint = "run ts live list"};
  }
  return std::move(sessions.front());
}

Result<std::vector<Session>> list_sessions(Database& database, const SessionFilter& filter) {
  return read<std::vector<Session>>(
      database, [&](Connection& connection) -> Result<std::vector<Session>> {
        // An open session is newer than every closed one of its show.
        TS_TRY(const auto rows,
               connection.query(
                   "SELECT id, name, show_path, state, details, created_at, updated_at, closed_at "
                   "FROM ts_session WHERE (?1 = '' OR name = ?1) "
                   "AND (?2 = 0 OR closed_at IS NULL) "
                   "ORDER BY closed_at IS NULL DESC, created_at DESC, closed_at DESC, id DESC "
                   "LIMIT ?3",
                   {text(filter.name), number(filter.open_only ? 1 : 0), number(filter.limit)}));
        std::vector<Session> sessions;
        for (const auto& row : rows) sessions.push_back(session_from(row));
        return sessions;
      });
}

Result<std::int64_t> append_journal(Database& database, std::string_view session_id,
                                    std::string_view step, std::string_view kind,
                                    std::string_view payload, WallTime now,
                                    const std::optional<Fence>& fence) {
  return write<std::int64_t>(database, [&](Connection& connection) -> Result<std::int64_t> {
    TS_CHECK(check_fence(connection, fence));
    TS_TRY(const auto known,
           connection.query("SELECT 1 FROM ts_session WHERE id = ?1", {text(session_id)}));
    if (known.empty()) return no_session(session_id);
    TS_TRY(const auto rows,
           connection.query(
               "INSERT INTO ts_journal (session_id, seq, time, step, kind, payload) "
               "SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5 FROM ts_journal "
               "WHERE session_id = ?1 RETURNING seq",
               {text(session_id), time_value(now), text(step), text(kind), text(payload)}));
    return number_at(rows.front(), 0);
  });
}

Result<std::vector<JournalEntry>> read_journal(Database& database, std::string_view session_id,
                                               std::int64_t after, std::int64_t limit) {
  return read<std::vector<JournalEntry>>(
      database, [&](Connection& connection) -> Result<std::vector<JournalEntry>> {
        TS_TRY(const auto rows,
               connection.query("SELECT session_id, seq, time, step, kind, payload FROM ts_journal "
                                "WHERE session_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                                {text(session_id), number(after), number(limit)}));
        std::vector<JournalEntry> entries;
        for (const auto& row : rows) {
          entries.push_back({.session_id = text_at(row, 0),
                             .seq = number_at(row, 1),
                             .time = time_at(row, 2),
                             .step = text_at(row, 3),
                             .kind = text_at(row, 4),
                             .payload = text_at(row, 5)});
        }
        return entries;
      });
}

}  // namespace ts::store
