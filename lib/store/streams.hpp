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

struct PlaybackRow {
  std::string id{};
  std::string policy{};  ///< "public", "signed"
};

/// A live stream or live input at a vendor that ts made or manages. There is no place for a stream
/// key: the vendor gives it again.
struct StreamRow {
  std::string provider{};     ///< "mux", "cloudflare"
  std::string id{};           ///< The vendor's id.
  std::string session_id{};   ///< Empty when made outside a session.
  std::string ref{};          ///< The --ref it was made with; unique per provider when not empty.
  std::string passthrough{};  ///< What the vendor keeps for us.
  std::string status{};       ///< Last one known.
  std::vector<PlaybackRow> playback{};
  std::string details = "{}";  ///< JSON object; never a secret.
  WallTime created_at{};
  WallTime updated_at{};
};

/// Stores or replaces (by provider and id); `created_at` of a known one is kept.
/// @return kConflict when another stream of the provider has the same ref.
Status put_stream(Database& database, const StreamRow& stream, WallTime now);
/// @return kNotFound.
Status set_stream_status(Database& database, std::string_view provider, std::string_view id,
                         std::string_view status, WallTime now);
/// @return kNotFound.
Result<StreamRow> get_stream(Database& database, std::string_view provider, std::string_view id);
/// nullopt when no stream has this ref.
Result<std::optional<StreamRow>> find_stream_by_ref(Database& database, std::string_view provider,
                                                    std::string_view ref);

struct StreamFilter {
  std::string provider{};    ///< Empty: all.
  std::string session_id{};  ///< Empty: all.
  std::int64_t limit = 1000;
};
/// Newest first.
Result<std::vector<StreamRow>> list_streams(Database& database, const StreamFilter& filter = {});
/// Ok when it was not there.
Status forget_stream(Database& database, std::string_view provider, std::string_view id);

}  // namespace ts::store
