// SPDX-License-Identifier: Apache-2.0
#include "store/refs.hpp"

#include "store/backend_internal.hpp"

#include <fmt/format.h>

namespace ts::store {
namespace {

Result<std::optional<Ref>> find(Connection& connection, std::string_view scope,
                                std::string_view key) {
  TS_TRY(const auto rows,
         connection.query("SELECT scope, ref_key, fingerprint, object_id, result, created_at "
                          "FROM ts_ref WHERE scope = ?1 AND ref_key = ?2",
                          {text(scope), text(key)}));
  if (rows.empty()) return std::optional<Ref>{};
  const auto& row = rows.front();
  return std::optional<Ref>{Ref{.scope = text_at(row, 0),
                                .key = text_at(row, 1),
                                .fingerprint = text_at(row, 2),
                                .object_id = text_at(row, 3),
                                .result = text_at(row, 4),
                                .created_at = time_at(row, 5)}};
}

}  // namespace

Result<RefClaim> claim_ref(Database& database, std::string_view scope, std::string_view key,
                           std::string_view fingerprint, WallTime now) {
  return write<RefClaim>(database, [&](Connection& connection) -> Result<RefClaim> {
    TS_TRY(auto known, find(connection, scope, key));
    if (known) {
      if (known->fingerprint == fingerprint) {
        return RefClaim{.is_new = false, .ref = std::move(*known)};
      }
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("ref '{}' was used for another request", key),
                   .hint = "choose another --ref, or repeat the first request unchanged",
                   .code = "ref_mismatch"};
    }
    TS_CHECK(
        connection.execute("INSERT INTO ts_ref (scope, ref_key, fingerprint, object_id, result, "
                           "created_at) VALUES (?1, ?2, ?3, '', '{}', ?4)",
                           {text(scope), text(key), text(fingerprint), time_value(now)}));
    return RefClaim{.is_new = true,
                    .ref = {.scope = std::string(scope),
                            .key = std::string(key),
                            .fingerprint = std::string(fingerprint),
                            .created_at = now}};
  });
}

Status complete_ref(Database& database, std::string_view scope, std::string_view key,
                    std::string_view object_id, std::string_view result) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_TRY(const auto known, find(connection, scope, key));
    if (!known) {
      return Error{.kind = ErrorKind::kNotFound,
                   .message = fmt::format("ref '{}' was never claimed", key)};
    }
    if (!known->pending() && known->object_id != object_id) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("ref '{}' belongs to '{}'", key, known->object_id)};
    }
    TS_CHECK(connection.execute(
        "UPDATE ts_ref SET object_id = ?3, result = ?4 WHERE scope = ?1 AND ref_key = ?2",
        {text(scope), text(key), text(object_id), text(result)}));
    return ok_status();
  });
}

Status release_ref(Database& database, std::string_view scope, std::string_view key) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_CHECK(connection.execute("DELETE FROM ts_ref WHERE scope = ?1 AND ref_key = ?2",
                                {text(scope), text(key)}));
    return ok_status();
  });
}

Result<std::optional<Ref>> find_ref(Database& database, std::string_view scope,
                                    std::string_view key) {
  return read<std::optional<Ref>>(
      database, [&](Connection& connection) { return find(connection, scope, key); });
}

}  // namespace ts::store
