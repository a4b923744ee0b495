// SPDX-License-Identifier: Apache-2.0
// What several processes and a SIGKILL at any instant may do to the journal: nothing.
#include "store_fixture.hpp"

#include "store/events.hpp"
#include "store/leases.hpp"
#include "store/maintenance.hpp"
#include "store/refs.hpp"
#include "store/sessions.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <random>
#include <set>
#include <vector>

namespace ts::store {
namespace {

class Processes : public StoreTest {
 protected:
  /// Runs `body` in a child process that reports whole numbers through a pipe.
  struct Child {
    pid_t pid = -1;
    UniqueFd reports;
  };
  static Child start(const std::function<void(int report)>& body) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      body(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    return {.pid = pid, .reports = UniqueFd(ends[0])};
  }
  static void report(int fd, std::int64_t value) {
    if (::write(fd, &value, sizeof value) != sizeof value) ::_exit(9);
  }
  static std::vector<std::int64_t> reports_of(const Child& child) {
    std::vector<std::int64_t> values;
    std::int64_t value = 0;
    while (::read(child.reports.get(), &value, sizeof value) == sizeof value) {
      values.push_back(value);
    }
    ::waitpid(child.pid, nullptr, 0);
    return values;
  }
};

TEST_F(Processes, AJournalWhoseWriterIsKilledKeepsEveryAcknowledgedEntry) {
  {
    auto database = open();
    ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
  }
  std::mt19937 random(20261120);
  std::int64_t acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    const auto child = start([&](int fd) {
      auto database = open();
      for (;;) {
        const auto seq = append_journal(database, "s", "step", "note",
                                        std::string(random() % 3000, 'p'), clock_.now());
        if (!seq) ::_exit(8);
        report(fd, seq.value());
      }
    });
    // Killed right after a random acknowledgement, that is at a random point of the next append.
    std::int64_t value = 0;
    const auto wanted = 1 + random() % 40;
    for (unsigned i = 0; i < wanted; ++i) {
      ASSERT_EQ(::read(child.reports.get(), &value, sizeof value),
                static_cast<ssize_t>(sizeof value));
    }
    ::kill(child.pid, SIGKILL);
    acknowledged = value;
    if (const auto rest = reports_of(child); !rest.empty()) acknowledged = rest.back();

    auto database = open();
    const auto entries = read_journal(database, "s", 0, 1000000).value();
    ASSERT_GE(entries.size(), static_cast<std::size_t>(acknowledged));
    ASSERT_LE(entries.size(), static_cast<std::size_t>(acknowledged) + 1);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      ASSERT_EQ(entries[i].seq, static_cast<std::int64_t>(i) + 1);
    }
  }
  EXPECT_TRUE(check_database(url()).value().problems.empty());
}

TEST_F(Processes, TwoWritersOfOneJournalLoseNothingAndShareNoNumber) {
  {
    auto database = open();
    ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
  }
  const auto write = [&](int fd) {
    auto database = open();
    for (int i = 0; i < 300; ++i) {
      const auto seq = append_journal(database, "s", "step", "note", "{}", clock_.now());
      report(fd, seq ? seq.value() : -1);
    }
  };

  const auto first = start(write);
  const auto second = start(write);

  std::set<std::int64_t> numbers;
  for (const auto* child : {&first, &second}) {
    for (const auto number : reports_of(*child)) numbers.insert(number);
  }
  EXPECT_EQ(numbers.size(), 600U);
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), 600);
  EXPECT_TRUE(check_database(url()).value().problems.empty());
}

TEST_F(Processes, OneOfManyClaimsARef) {
  { auto database = open(); }
  const auto claim = [&](int fd) {
    auto database = open();
    const auto claimed = claim_ref(database, "a", "k", "f", clock_.now());
    report(fd, claimed ? (claimed.value().is_new ? 1 : 0) : -1);
  };
  std::vector<Child> children;
  for (int i = 0; i < 8; ++i) children.push_back(start(claim));

  int winners = 0;
  for (const auto& child : children) {
    const auto values = reports_of(child);
    ASSERT_EQ(values.size(), 1U);
    ASSERT_GE(values[0], 0);
    winners += values[0] == 1 ? 1 : 0;
  }

  EXPECT_EQ(winners, 1);
}

TEST_F(Processes, AllOpenANewDatabaseAtOnce) {
  std::vector<Child> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(start([&, i](int fd) {
      auto database = Database::open(url(), clock_);
      if (!database) report(fd, -1);
      const auto name = std::to_string(i);
      report(fd,
             create_session(database.value(), {.id = name, .name = name}, clock_.now()) ? 1 : 0);
    }));
  }

  for (const auto& child : children) {
    EXPECT_EQ(reports_of(child), std::vector<std::int64_t>{1});
  }
  auto database = open();
  EXPECT_EQ(list_sessions(database).value().size(), 8U);
}

TEST_F(Processes, ALeaseOfAKilledProcessIsFree) {
  { auto database = open(); }
  const auto child = start([&](int fd) {
    auto database = open();
    const auto lease = acquire_lease(database, "show", clock_.now());
    report(fd, lease ? lease.value().fence : -1);
    ::pause();
  });
  std::int64_t fence = 0;
  ASSERT_EQ(::read(child.reports.get(), &fence, sizeof fence), static_cast<ssize_t>(sizeof fence));
  auto database = open();
  ASSERT_EQ(acquire_lease(database, "show", clock_.now()).error().code, "leased");

  ::kill(child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);

  EXPECT_EQ(acquire_lease(database, "show", clock_.now()).value().fence, fence + 1);
}

}  // namespace
}  // namespace ts::store
