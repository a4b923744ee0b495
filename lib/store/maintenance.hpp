// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::store {

/// The table of the platform's former WebRTC polling, which nothing reads any more.
inline constexpr std::string_view kLegacyTable = "signaling_message";

/// What `ts db check` found. The file is only read.
struct DatabaseReport {
  std::filesystem::path path{};
  bool exists = false;
  std::vector<std::string> problems{};  ///< Of the integrity and foreign key checks; empty is good.
  int schema_version = 0;               ///< 0: none of ts's tables are there.
  int newest_schema_version = 0;
  std::vector<std::pair<std::string, std::int64_t>> tables{};  ///< ts's tables and their rows.
  std::optional<std::int64_t> legacy_rows{};  ///< Rows of the legacy table, when it is there.
  bool loose_permissions = false;             ///< Others may read the file.
};

/// Opens and examines a database of any schema, ts's own or a platform's.
/// @return kConfig when it cannot be opened or is no database.
Result<DatabaseReport> check_database(std::string_view url);

struct MigrationReport {
  int from_version = 0;
  int to_version = 0;
  std::optional<std::int64_t> dropped_legacy_rows{};  ///< Set when the legacy table was dropped.
};

/// Brings the schema up to date and drops the legacy table, in one transaction each.
/// @param dry_run  only says what would be done.
Result<MigrationReport> migrate_database(std::string_view url, const Clock& clock, bool dry_run);

/// Copies the database consistently while others write to it; the copy is checked, has mode 0600
/// and replaces `target` atomically.
/// @return kConflict when `target` exists and `replace` is false.
Status backup_database(std::string_view url, const std::filesystem::path& target, bool replace);

struct RestoreReport {
  int schema_version = 0;
  std::filesystem::path
      previous{};  ///< Where the replaced database was kept; empty: there was none.
};
/// Puts a checked backup in the database's place. What was there is kept beside it.
/// @return kConfig when the backup is damaged or from a newer ts (nothing is changed), kConflict
///         when a running process holds a lease in the database.
Result<RestoreReport> restore_database(std::string_view url, const std::filesystem::path& backup,
                                       const Clock& clock);

/// A place in source code that still names the legacy table.
struct SourceMention {
  std::filesystem::path file{};  ///< Relative to the folder searched.
  std::int64_t line = 0;         ///< From 1.
  std::string text{};            ///< The line, shortened.
};
/// Lines under `folder` that name the legacy table in any spelling (signaling_message,
/// signalingMessage, SignalingMessage, signaling-message), sorted by file and line. Version
/// control, dependencies, build output and files above 4 MiB or with NUL bytes are left out.
/// @return kUsage when `folder` cannot be read.
Result<std::vector<SourceMention>> find_legacy_mentions(const std::filesystem::path& folder);

}  // namespace ts::store
