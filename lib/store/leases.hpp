// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "store/database.hpp"
#include "store/sessions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::store {

/// A process, so that nobody else is taken for it: not after a reboot, not one that got its number.
struct LeaseOwner {
  std::string host{};
  std::string boot_id{};
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;

  static LeaseOwner this_process();
  /// False when it certainly is gone (same host; another boot, or no such process any more). True
  /// for a process of another host, about which nothing can be known here.
  [[nodiscard]] bool may_be_alive() const;
  /// "process 4711 on studio".
  [[nodiscard]] std::string describe() const;
  bool operator==(const LeaseOwner&) const = default;
};

/// The right to run a show, held by one process at a time.
struct Lease {
  std::string name{};
  LeaseOwner owner{};
  std::int64_t fence = 0;  ///< Grows with every change of owner.
  WallTime acquired_at{};
  WallTime heartbeat_at{};
  std::string details = "{}";  ///< JSON object, such as the control socket's path.

  [[nodiscard]] Fence as_fence() const { return {.name = name, .number = fence}; }
};

struct AcquireOptions {
  LeaseOwner owner = LeaseOwner::this_process();
  seconds heartbeat_limit{30};  ///< An owner on another host is given up after this silence.
  bool take_over = false;       ///< Take it although the owner lives; its writes are refused then.
  std::string details = "{}";
};

/// Takes the lease when it is free, released, its owner is gone, or it is ours already (then only
/// the heartbeat and details change).
/// @return kConflict naming the owner otherwise (code "leased").
Result<Lease> acquire_lease(Database& database, std::string_view name, WallTime now,
                            const AcquireOptions& options = {});
/// Renews the heartbeat. @return kConflict (code "fenced") when somebody took it over.
Status renew_lease(Database& database, const Lease& lease, WallTime now);
/// Gives it up; ok when it was taken over meanwhile (then nothing changes).
Status release_lease(Database& database, const Lease& lease);
/// nullopt when nobody holds it.
Result<std::optional<Lease>> find_lease(Database& database, std::string_view name);
Result<std::vector<Lease>> list_leases(Database& database);

}  // namespace ts::store
