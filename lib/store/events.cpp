// SPDX-License-Identifier: Apache-2.0
#include "store/events.hpp"

#include "core/text.hpp"
#include "store/backend_internal.hpp"

#include <fmt/format.h>

namespace ts::store {
namespace {

// One statement for every filter: the conditions that do not apply are true by themselves.
constexpr std::string_view kList =
    "SELECT seq, provider, event_id, type, dedupe_key, received_at, headers, body, handled_at "
    "FROM ts_event WHERE seq > ?1 AND (?2 = '' OR provider = ?2) AND (?3 = '' OR type = ?3 OR "
    "(?4 <> '' AND substr(type, 1, length(?4)) = ?4)) AND received_at >= ?5 "
    "AND (?6 = 0 OR handled_at IS NULL) ORDER BY seq LIMIT ?7";
constexpr std::string_view kListNewestFirst =
    "SELECT seq, provider, event_id, type, dedupe_key, received_at, headers, body, handled_at "
    "FROM ts_event WHERE seq > ?1 AND (?2 = '' OR provider = ?2) AND (?3 = '' OR type = ?3 OR "
    "(?4 <> '' AND substr(type, 1, length(?4)) = ?4)) AND received_at >= ?5 "
    "AND (?6 = 0 OR handled_at IS NULL) ORDER BY seq DESC LIMIT ?7";
constexpr std::string_view kBySeq =
    "SELECT seq, provider, event_id, type, dedupe_key, received_at, headers, body, handled_at "
    "FROM ts_event WHERE seq = ?1";
constexpr std::string_view kEventById =
    "SELECT seq, provider, event_id, type, dedupe_key, received_at, headers, body, handled_at "
    "FROM ts_event WHERE provider = ?1 AND event_id = ?2 ORDER BY seq DESC LIMIT 1";

/// "Name: value" lines, which keep every byte a parsed header can have.
Result<std::string> encode_headers(const EventRow& event) {
  std::string out;
  for (const auto& [name, value] : event.headers) {
    if (name.find_first_of(":\n") != std::string::npos || value.find('\n') != std::string::npos) {
      return Error{.kind = ErrorKind::kUsage, .message = "an event's header contains a line break"};
    }
    out += name + ": " + value + "\n";
  }
  return out;
}

EventRow event_from(const Row& row) {
  EventRow event{.seq = number_at(row, 0),
                 .provider = text_at(row, 1),
                 .event_id = text_at(row, 2),
                 .type = text_at(row, 3),
                 .dedupe_key = text_at(row, 4),
                 .received_at = time_at(row, 5),
                 .body = text_at(row, 7),
                 .handled_at = optional_time_at(row, 8)};
  const auto headers = text_at(row, 6);
  for (const auto line : split(headers, '\n')) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    event.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return event;
}

Result<std::vector<EventRow>> find(Connection& connection, std::string_view sql,
                                   const std::vector<Value>& values) {
  TS_TRY(const auto rows, connection.query(sql, values));
  std::vector<EventRow> events;
  for (const auto& row : rows) events.push_back(event_from(row));
  return events;
}

Error no_event(const std::string& name) {
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("there is no event {}", name),
               .hint = "run ts webhook events"};
}

}  // namespace

Result<Appended> append_event(Database& database, const EventRow& event) {
  TS_TRY(const auto appended, append_events(database, {&event, 1}));
  return appended.front();
}

Result<std::vector<Appended>> append_events(Database& database, std::span<const EventRow> events) {
  using All = std::vector<Appended>;
  return write<All>(database, [&](Connection& connection) -> Result<All> {
    All all;
    for (const auto& event : events) {
      TS_TRY(auto headers, encode_headers(event));
      TS_TRY(
          const auto added,
          connection.query(
              "INSERT INTO ts_event (provider, event_id, type, dedupe_key, received_at, headers, "
              "body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
              "ON CONFLICT (provider, dedupe_key) DO NOTHING RETURNING seq",
              {text(event.provider), text(event.event_id), text(event.type), text(event.dedupe_key),
               time_value(event.received_at), Blob{std::move(headers)}, Blob{event.body}}));
      if (!added.empty()) {
        all.push_back({.seq = number_at(added.front(), 0), .inserted = true});
        continue;
      }
      TS_TRY(const auto known,
             connection.query("SELECT seq FROM ts_event WHERE provider = ?1 AND dedupe_key = ?2",
                              {text(event.provider), text(event.dedupe_key)}));
      all.push_back({.seq = number_at(known.front(), 0), .inserted = false});
    }
    return all;
  });
}

Result<std::vector<EventRow>> list_events(Database& database, const EventFilter& filter) {
  const bool by_prefix = filter.type.ends_with('*');
  const auto prefix = by_prefix ? filter.type.substr(0, filter.type.size() - 1) : std::string();
  const auto exact = by_prefix && prefix.empty() ? std::string() : filter.type;
  return read<std::vector<EventRow>>(database, [&](Connection& connection) {
    return find(connection, filter.newest_first ? kListNewestFirst : kList,
                {number(filter.after), text(filter.provider), text(exact), text(prefix),
                 time_value(filter.since.value_or(WallTime{})),
                 number(filter.unhandled_only ? 1 : 0), number(filter.limit)});
  });
}

Result<EventRow> get_event(Database& database, std::int64_t seq) {
  return read<EventRow>(database, [&](Connection& connection) -> Result<EventRow> {
    TS_TRY(auto events, find(connection, kBySeq, {number(seq)}));
    if (events.empty()) return no_event(fmt::format("{}", seq));
    return std::move(events.front());
  });
}

Result<EventRow> find_event(Database& database, std::string_view provider,
                            std::string_view event_id) {
  return read<EventRow>(database, [&](Connection& connection) -> Result<EventRow> {
    TS_TRY(auto events, find(connection, kEventById, {text(provider), text(event_id)}));
    if (events.empty()) return no_event(fmt::format("'{}' of {}", event_id, provider));
    return std::move(events.front());
  });
}

Status mark_event_handled(Database& database, std::int64_t seq, WallTime now) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_TRY(const auto changed,
           connection.execute(
               "UPDATE ts_event SET handled_at = coalesce(handled_at, ?2) WHERE seq = ?1",
               {number(seq), time_value(now)}));
    if (changed == 0) return no_event(fmt::format("{}", seq));
    return ok_status();
  });
}

Result<std::int64_t> prune_events(Database& database, WallTime before) {
  return write<std::int64_t>(database, [&](Connection& connection) {
    return connection.execute(
        "DELETE FROM ts_event WHERE handled_at IS NOT NULL AND received_at < ?1",
        {time_value(before)});
  });
}

}  // namespace ts::store
