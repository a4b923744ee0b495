// SPDX-License-Identifier: Apache-2.0
#include "store/database.hpp"

#include "store_fixture.hpp"

#include "store/sessions.hpp"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

namespace ts::store {
namespace {

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
}

TEST(SqlitePath, ReadsAnAbsolutePathWithEscapes) {
  EXPECT_EQ(sqlite_path("sqlite:///var/lib/ts/a%20b.db").value(), "/var/lib/ts/a b.db");
  EXPECT_EQ(sqlite_path("sqlite:///a%2f").error().kind, ErrorKind::kConfig);
}

TEST(SqlitePath, RefusesWhatIsNoAbsoluteFile) {
  for (const auto* url : {"sqlite://relative.db", "sqlite:relative", "/a/b.db", "", "mysql://x/y",
                          "sqlite:///", "sqlite:///a/", "sqlite:///a%zz", "sqlite:///a%0"}) {
    const auto path = sqlite_path(url);
    ASSERT_FALSE(path.ok()) << url;
    EXPECT_EQ(path.error().kind, ErrorKind::kConfig);
    EXPECT_EQ(path.error().hint, "set TS_DATABASE_URL to sqlite:///ABSOLUTE/PATH");
  }
}

TEST(SqlitePath, RefusesPostgresqlWithoutQuotingItsPassword) {
  const auto path = sqlite_path("postgresql://ts:CANARY@db/ts");

  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(path.error().message, "this ts keeps its state in SQLite only, not in PostgreSQL");
}

class DatabaseFile : public StoreTest {};

TEST_F(DatabaseFile, MakesItsFolderAndFilesPrivateWhateverTheMask) {
  const mode_t before = ::umask(0);

  auto database = open();
  ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());

  ::umask(before);
  EXPECT_EQ(mode_of(path().parent_path()), 0700U);
  for (const auto* suffix : {"", "-wal", "-shm", "-lock"}) {
    EXPECT_EQ(mode_of(path().string() + suffix), 0600U) << suffix;
  }
}

TEST_F(DatabaseFile, KeepsWhatWasStoredWhenOpenedAgain) {
  {
    auto database = open();
    ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
  }

  auto database = open();

  EXPECT_EQ(get_session(database, "s").value().name, "show");
  EXPECT_EQ(database.schema_version(), Database::newest_schema_version());
}

TEST_F(DatabaseFile, LeavesNoLogBehindWhenClosed) {
  {
    auto database = open();
    ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
  }

  std::error_code ignored;
  const auto wal = std::filesystem::path(path().string() + "-wal");
  EXPECT_TRUE(!std::filesystem::exists(wal) || std::filesystem::file_size(wal, ignored) == 0);
}

TEST_F(DatabaseFile, RefusesASchemaOfANewerProgram) {
  { auto database = open(); }
  run_sql(path(), "INSERT INTO ts_schema VALUES (999, 'future', 0)");

  const auto database = Database::open(url(), clock_);

  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(database.error().code, "schema_newer");
  EXPECT_EQ(database.error().hint, "use the newer ts, or set TS_DATABASE_URL to another file");
}

TEST_F(DatabaseFile, AsksForAMigrationWhenItMayNotMigrate) {
  std::filesystem::create_directories(path().parent_path());

  const auto database = Database::open(url(), clock_, {.migrate = false});

  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code, "schema_older");
  EXPECT_EQ(database.error().hint, "run ts db migrate");
}

TEST_F(DatabaseFile, RefusesAFileThatIsNoDatabaseAndLeavesItAsItIs) {
  std::filesystem::create_directories(path().parent_path());
  const std::string content(5000, 'x');
  std::ofstream(path()) << content;

  const auto database = Database::open(url(), clock_);

  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(database.error().code, "corrupt");
  std::ifstream file(path());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), content);
}

TEST_F(DatabaseFile, RefusesAFolderAndAPathThatCannotBeMade) {
  std::filesystem::create_directories(path());

  EXPECT_EQ(Database::open(url(), clock_).error().code, "cannot_open");
  const auto nowhere = Database::open("sqlite:///proc/self/no/ts.db", clock_);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(nowhere.error().hint, "set TS_DATABASE_URL to a file in a folder you may write");
}

TEST_F(DatabaseFile, DoesNotMakeAFileWhenAskedNotTo) {
  const auto database = Database::open(url(), clock_, {.create = false});

  EXPECT_EQ(database.error().code, "cannot_open");
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(DatabaseFile, SaysThatTheDiskIsFullAndWorksAgainWhenThereIsSpace) {
  auto full = open({.max_pages = 60});
  ASSERT_TRUE(create_session(full, {.id = "s", .name = "show"}, clock_.now()).ok());
  const std::string payload(20000, 'p');
  Status status = ok_status();
  std::int64_t stored = 0;
  while (status.ok()) {
    const auto seq = append_journal(full, "s", "step", "note", payload, clock_.now());
    if (seq.ok()) ++stored;
    status = seq.ok() ? ok_status() : Status(seq.error());
  }

  EXPECT_EQ(status.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(status.error().code, "disk_full");
  EXPECT_TRUE(status.error().retryable);
  EXPECT_EQ(read_journal(full, "s").value().size(), static_cast<std::size_t>(stored));
  auto roomy = open();
  EXPECT_EQ(append_journal(roomy, "s", "step", "note", payload, clock_.now()).value(), stored + 1);
}

TEST_F(DatabaseFile, GivesUpAfterTheLimitWhileAnotherProcessWrites) {
  auto database = open({.busy_limit = milliseconds{20}});
  const UniqueFd lock(::open((path().string() + "-lock").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);

  const auto session = create_session(database, {.id = "s", .name = "show"}, clock_.now());

  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(session.error().code, "busy");
  EXPECT_TRUE(session.error().retryable);
}

TEST_F(DatabaseFile, GivesUpAfterTheLimitWhileTheSqliteShellHoldsIt) {
  auto database = open({.busy_limit = milliseconds{20}});
  sqlite3* shell = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &shell), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(shell, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

  const auto session = create_session(database, {.id = "s", .name = "show"}, clock_.now());
  sqlite3_close(shell);

  EXPECT_EQ(session.error().code, "busy");
  EXPECT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
}

TEST_F(DatabaseFile, NoticesThatItWasReplaced) {
  auto database = open();
  std::filesystem::rename(path(), path().string() + ".moved");

  const auto session = create_session(database, {.id = "s", .name = "show"}, clock_.now());

  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, "replaced");
}

TEST_F(DatabaseFile, BelievesNothingAfterTheDiskFailed) {
  // A limit on file sizes makes write() fail as a broken disk does; in a child, to keep it there.
  { auto database = open(); }
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto database = open();
    if (!create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok()) ::_exit(1);
    const rlimit limit{.rlim_cur = 200000, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string payload(300000, 'p');
    const auto failed = append_journal(database, "s", "step", "note", payload, clock_.now());
    if (failed.ok() || failed.error().code != "io_error") ::_exit(2);
    const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    const auto after = append_journal(database, "s", "step", "note", "{}", clock_.now());
    ::_exit(!after.ok() && after.error().code == "io_error" ? 0 : 3);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  EXPECT_EQ(WEXITSTATUS(status), 0);
  auto database = open();
  EXPECT_TRUE(read_journal(database, "s").value().empty());
}

TEST_F(DatabaseFile, KeepsItsWriteAheadLogBounded) {
  auto database = open();
  ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
  const std::string payload(100000, 'p');
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(append_journal(database, "s", "step", "note", payload, clock_.now()).ok());
  }

  const auto wal = std::filesystem::file_size(path().string() + "-wal");
  EXPECT_LT(wal, std::uintmax_t{6} << 20U);
}

}  // namespace
}  // namespace ts::store
