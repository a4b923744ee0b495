// SPDX-License-Identifier: Apache-2.0
#include "store/leases.hpp"

#include "core/file.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "store/backend_internal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace ts::store {
namespace {

constexpr std::string_view kByName =
    "SELECT name, held, fence, host, boot_id, pid, start_ticks, acquired_at, heartbeat_at, details "
    "FROM ts_lease WHERE name = ?1";
constexpr std::string_view kHeld =
    "SELECT name, held, fence, host, boot_id, pid, start_ticks, acquired_at, heartbeat_at, details "
    "FROM ts_lease WHERE held = 1 ORDER BY name";

Lease lease_from(const Row& row) {
  return {.name = text_at(row, 0),
          .owner = {.host = text_at(row, 3),
                    .boot_id = text_at(row, 4),
                    .pid = number_at(row, 5),
                    .start_ticks = static_cast<std::uint64_t>(number_at(row, 6))},
          .fence = number_at(row, 2),
          .acquired_at = time_at(row, 7),
          .heartbeat_at = time_at(row, 8),
          .details = text_at(row, 9)};
}

bool is_held(const Row& row) { return number_at(row, 1) != 0; }

/// Whether a lease that is held must be respected by another owner.
bool holds(const Lease& lease, const LeaseOwner& asking, seconds limit, WallTime now) {
  if (!lease.owner.may_be_alive()) return false;
  // The own host knows for certain; of another one only its heartbeat speaks.
  return lease.owner.host == asking.host || now - lease.heartbeat_at <= limit;
}

}  // namespace

LeaseOwner LeaseOwner::this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto boot = read_file("/proc/sys/kernel/random/boot_id", 256);
  return {.host = host.data(),
          .boot_id = boot ? std::string(trim(boot.value())) : std::string(),
          .pid = ::getpid(),
          .start_ticks = process_start_ticks(::getpid()).value_or(0)};
}

bool LeaseOwner::may_be_alive() const {
  const auto here = this_process();
  if (host != here.host) return true;
  return boot_id == here.boot_id && process_is_running(static_cast<pid_t>(pid), start_ticks);
}

std::string LeaseOwner::describe() const { return fmt::format("process {} on {}", pid, host); }

Result<Lease> acquire_lease(Database& database, std::string_view name, WallTime now,
                            const AcquireOptions& options) {
  return write<Lease>(database, [&](Connection& connection) -> Result<Lease> {
    TS_TRY(const auto rows, connection.query(kByName, {text(name)}));
    Lease lease{.name = std::string(name),
                .owner = options.owner,
                .fence = 1,
                .acquired_at = now,
                .heartbeat_at = now,
                .details = options.details};
    if (!rows.empty()) {
      const auto current = lease_from(rows.front());
      const bool held = is_held(rows.front());
      if (held && current.owner == options.owner) {
        lease.fence = current.fence;
        lease.acquired_at = current.acquired_at;
      } else if (held && !options.take_over &&
                 holds(current, options.owner, options.heartbeat_limit, now)) {
        return Error{
            .kind = ErrorKind::kConflict,
            .message = fmt::format("show '{}' is run by {} since {}", name,
                                   current.owner.describe(), format_rfc3339(current.acquired_at)),
            .hint = fmt::format("see ts live status {0}; ts live end {0} ends it", name),
            .code = "leased"};
      } else {
        lease.fence = current.fence + 1;
      }
    }
    TS_CHECK(connection.execute(
        "INSERT INTO ts_lease (name, held, fence, host, boot_id, pid, start_ticks, "
        "acquired_at, heartbeat_at, details) VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
        "ON CONFLICT (name) DO UPDATE SET held = 1, fence = ?2, host = ?3, boot_id = ?4, "
        "pid = ?5, start_ticks = ?6, acquired_at = ?7, heartbeat_at = ?8, details = ?9",
        {text(name), number(lease.fence), text(lease.owner.host), text(lease.owner.boot_id),
         number(lease.owner.pid), number(static_cast<std::int64_t>(lease.owner.start_ticks)),
         time_value(lease.acquired_at), time_value(now), text(lease.details)}));
    return lease;
  });
}

Status renew_lease(Database& database, const Lease& lease, WallTime now) {
  return database.backend().write([&](Connection& connection) -> Status {
    TS_CHECK(check_fence(connection, lease.as_fence()));
    TS_CHECK(connection.execute("UPDATE ts_lease SET heartbeat_at = ?2 WHERE name = ?1",
                                {text(lease.name), time_value(now)}));
    return ok_status();
  });
}

Status release_lease(Database& database, const Lease& lease) {
  return database.backend().write([&](Connection& connection) -> Status {
    // The row stays: its number must go on growing.
    TS_CHECK(connection.execute("UPDATE ts_lease SET held = 0 WHERE name = ?1 AND fence = ?2",
                                {text(lease.name), number(lease.fence)}));
    return ok_status();
  });
}

Result<std::optional<Lease>> find_lease(Database& database, std::string_view name) {
  using Found = std::optional<Lease>;
  return read<Found>(database, [&](Connection& connection) -> Result<Found> {
    TS_TRY(const auto rows, connection.query(kByName, {text(name)}));
    if (rows.empty() || !is_held(rows.front())) return Found{};
    return Found{lease_from(rows.front())};
  });
}

Result<std::vector<Lease>> list_leases(Database& database) {
  using All = std::vector<Lease>;
  return read<All>(database, [&](Connection& connection) -> Result<All> {
    TS_TRY(const auto rows, connection.query(kHeld, {}));
    All leases;
    for (const auto& row : rows) leases.push_back(lease_from(row));
    return leases;
  });
}

}  // namespace ts::store
