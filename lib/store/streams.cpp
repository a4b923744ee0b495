// SPDX-License-Identifier: Apache-2.0
#include "store/streams.hpp"

#include "store/backend_internal.hpp"

#include <fmt/format.h>

namespace ts::store {
namespace {

constexpr std::string_view kStreamById =
    "SELECT provider, id, session_id, ref, passthrough, status, details, created_at, updated_at "
    "FROM ts_stream WHERE provider = ?1 AND id = ?2";
constexpr std::string_view kByRef =
    "SELECT provider, id, session_id, ref, passthrough, status, details, created_at, updated_at "
    "FROM ts_stream WHERE provider = ?1 AND ref = ?2";
constexpr std::string_view kList =
    "SELECT provider, id, session_id, ref, passthrough, status, details, created_at, updated_at "
    "FROM ts_stream WHERE (?1 = '' OR provider = ?1) AND (?2 = '' OR session_id = ?2) "
    "ORDER BY created_at DESC, id DESC LIMIT ?3";

Error no_stream(std::string_view provider, std::string_view id) {
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("the state database knows no {} stream '{}'", provider, id)};
}

Result<std::vector<StreamRow>> find(Connection& connection, std::string_view sql,
                                    const std::vector<Value>& values) {
  TS_TRY(const auto rows, connection.query(sql, values));
  std::vector<StreamRow> streams;
  for (const auto& row : rows) {
    StreamRow stream{.provider = text_at(row, 0),
                     .id = text_at(row, 1),
                     .session_id = text_at(row, 2),
                     .ref = text_at(row, 3),
                     .passthrough = text_at(row, 4),
                     .status = text_at(row, 5),
                     .details = text_at(row, 6),
                     .created_at = time_at(row, 7),
                     .updated_at = time_at(row, 8)};
    TS_TRY(const auto playback,
           connection.query("SELECT id, policy FROM ts_stream_playback WHERE provider = ?1 AND "
                            "stream_id = ?2 ORDER BY position",
                            {text(stream.provider), text(stream.id)}));
    for (const auto& id : playback) {
      stream.playback.push_back({.id = text_at(id, 0), .policy = text_at(id, 1)});
    }
    streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace

Status put_stream(Database& database, const StreamRow& stream, WallTime now) {
  return database.backend().write([&](Connection& connection) -> Status {
    if (!stream.ref.empty()) {
      TS_TRY(const auto others,
             find(connection, kByRef, {text(stream.provider), text(stream.ref)}));
      if (!others.empty() && others.front().id != stream.id) {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("ref '{}' belongs to {} stream '{}'", stream.ref,
                                            stream.provider, others.front().id),
                     .hint = "choose another --ref"};
      }
    }
    TS_CHECK(connection.execute(
        "INSERT INTO ts_stream (provider, id, session_id, ref, passthrough, status, details, "
        "created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) "
        "ON CONFLICT (provider, id) DO UPDATE SET session_id = ?3, ref = ?4, "
        "passthrough = ?5, status = ?6, details = ?7, updated_at = ?8",
        {text(stream.provider), text(stream.id), text(stream.session_id), text(stream.ref),
         text(stream.passthrough), text(stream.status), text(stream.details), time_value(now)}));
    TS_CHECK(
        connection.execute("DELETE FROM ts_stream_playback WHERE provider = ?1 AND stream_id = ?2",
                           {text(stream.provider), text(stream.id)}));
    for (std::size_t i = 0; i < stream.playback.size(); ++i) {
      TS_CHECK(connection.execute(
          "INSERT INTO ts_stream_playback (provider, stream_id, position, id, policy) "
          "VALUES (?1, ?2, ?3, ?4, ?5)",
          {text(stream.provider), text(stream.id), number(static_cast<std::int64_t>(i)),
           text(stream.playback[i].id), text(stream.playback[i].policy)}));
    }
    return ok_status();
  });
}

Status set_stream_status(Database& database, std::string_view provider, std::string_view id,
                         std::string_view status, WallTime now) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_TRY(const auto changed,
           connection.execute("UPDATE ts_stream SET status = ?3, updated_at = ?4 "
                              "WHERE provider = ?1 AND id = ?2",
                              {text(provider), text(id), text(status), time_value(now)}));
    if (changed == 0) return no_stream(provider, id);
    return ok_status();
  });
}

Result<StreamRow> get_stream(Database& database, std::string_view provider, std::string_view id) {
  return read<StreamRow>(database, [&](Connection& connection) -> Result<StreamRow> {
    TS_TRY(auto streams, find(connection, kStreamById, {text(provider), text(id)}));
    if (streams.empty()) return no_stream(provider, id);
    return std::move(streams.front());
  });
}

Result<std::optional<StreamRow>> find_stream_by_ref(Database& database, std::string_view provider,
                                                    std::string_view ref) {
  using Found = std::optional<StreamRow>;
  return read<Found>(database, [&](Connection& connection) -> Result<Found> {
    TS_TRY(auto streams, find(connection, kByRef, {text(provider), text(ref)}));
    if (streams.empty() || ref.empty()) return Found{};
    return Found{std::move(streams.front())};
  });
}

Result<std::vector<StreamRow>> list_streams(Database& database, const StreamFilter& filter) {
  return read<std::vector<StreamRow>>(database, [&](Connection& connection) {
    return find(connection, kList,
                {text(filter.provider), text(filter.session_id), number(filter.limit)});
  });
}

Status forget_stream(Database& database, std::string_view provider, std::string_view id) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_CHECK(connection.execute("DELETE FROM ts_stream WHERE provider = ?1 AND id = ?2",
                                {text(provider), text(id)}));
    return ok_status();
  });
}

}  // namespace ts::store
