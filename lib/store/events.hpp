// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::store {

/// A verified webhook as it arrived.
struct EventRow {
  std::int64_t seq = 0;      ///< Order of arrival; given by the store.
  std::string provider{};    ///< "livekit", "mux", "cloudflare"
  std::string event_id{};    ///< The vendor's id; may be empty.
  std::string type{};        ///< "video.live_stream.active", "egress_ended" …
  std::string dedupe_key{};  ///< Unique per provider: the same delivery again has the same key.
  WallTime received_at{};
  std::vector<std::pair<std::string, std::string>> headers{};  ///< In order, as received.
  std::string body{};                                          ///< Raw bytes, as received.
  std::optional<WallTime> handled_at{};  ///< When its effect was taken; empty after a crash before.
};

struct Appended {
  std::int64_t seq = 0;   ///< Of the new row, or of the one that was there.
  bool inserted = false;  ///< False for a repeated delivery.
};

/// Stores an event, durable when it returns ok: only then answer 2xx. A repetition is ok and
/// changes nothing.
Result<Appended> append_event(Database& database, const EventRow& event);
/// The same for several in one transaction (one fsync): all or none; repetitions inside count.
Result<std::vector<Appended>> append_events(Database& database, std::span<const EventRow> events);

struct EventFilter {
  std::string provider{};  ///< Empty: all.
  std::string type{};      ///< Empty: all; "video.live_stream.*" matches by prefix.
  std::int64_t after = 0;  ///< Only seq above this.
  std::optional<WallTime> since{};
  bool unhandled_only = false;
  bool newest_first = false;
  std::int64_t limit = 100;
};
Result<std::vector<EventRow>> list_events(Database& database, const EventFilter& filter = {});
/// @return kNotFound.
Result<EventRow> get_event(Database& database, std::int64_t seq);
/// By the vendor's id. @return kNotFound.
Result<EventRow> find_event(Database& database, std::string_view provider,
                            std::string_view event_id);
/// @return kNotFound. Marking twice keeps the first time.
Status mark_event_handled(Database& database, std::int64_t seq, WallTime now);
/// Drops handled events received before `before`. @return how many.
Result<std::int64_t> prune_events(Database& database, WallTime before);

}  // namespace ts::store
