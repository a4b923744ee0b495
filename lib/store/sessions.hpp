// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::store {

/// Which run may write: the lease's name and number (leases.hpp). A write with a number that is no
/// longer the newest is refused, so a runner that slept through a takeover cannot do harm.
struct Fence {
  std::string name{};
  std::int64_t number = 0;
};

/// One go-live, from plan to completion.
struct Session {
  std::string id{};
  std::string name{};          ///< The show's name; at most one open session per name.
  std::string show_path{};     ///< Absolute path of the show file.
  std::string state{};         ///< A word of `live`'s state machine.
  std::string details = "{}";  ///< JSON object.
  WallTime created_at{};
  WallTime updated_at{};
  std::optional<WallTime> closed_at{};  ///< Set once nothing is left to do for it.
};

/// Stores a new session (`created_at`, `updated_at` and `closed_at` are ignored).
/// @return kConflict when the id exists, or when the show has an open session.
Result<Session> create_session(Database& database, const Session& session, WallTime now);

/// Changes state and details. @return kNotFound; kConflict (code "fenced") when `fence` is
/// outdated.
Status update_session(Database& database, std::string_view id, std::string_view state,
                      std::string_view details, WallTime now,
                      const std::optional<Fence>& fence = {});

/// Sets the final state; the show's name is free again. Closing twice is ok.
Status close_session(Database& database, std::string_view id, std::string_view state, WallTime now,
                     const std::optional<Fence>& fence = {});

/// @return kNotFound.
Result<Session> get_session(Database& database, std::string_view id);
/// The open session of a show, or its newest closed one. @return kNotFound when it never had one.
Result<Session> latest_session(Database& database, std::string_view name);

struct SessionFilter {
  std::string name{};  ///< Empty: every show.
  bool open_only = false;
  std::int64_t limit = 100;
};
/// Newest first.
Result<std::vector<Session>> list_sessions(Database& database, const SessionFilter& filter = {});

/// One line of a session's history; never changed once written.
struct JournalEntry {
  std::string session_id{};
  std::int64_t seq = 0;  ///< 1, 2, 3 … without gaps within a session.
  WallTime time{};
  std::string step{};          ///< What it is about: "create_stream".
  std::string kind{};          ///< "intent", "done", "failed", "undone", "note" …
  std::string payload = "{}";  ///< JSON object; never a secret.
};

/// Adds an entry; it is on the disk when this returns ok.
/// @return its seq; kNotFound without such a session; kConflict (code "fenced").
Result<std::int64_t> append_journal(Database& database, std::string_view session_id,
                                    std::string_view step, std::string_view kind,
                                    std::string_view payload, WallTime now,
                                    const std::optional<Fence>& fence = {});

/// Entries with seq above `after`, oldest first, at most `limit`.
Result<std::vector<JournalEntry>> read_journal(Database& database, std::string_view session_id,
                                               std::int64_t after = 0, std::int64_t limit = 10000);

}  // namespace ts::store
