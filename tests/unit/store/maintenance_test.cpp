// SPDX-License-Identifier: Apache-2.0
#include "store/maintenance.hpp"

#include "store_fixture.hpp"

#include "store/leases.hpp"
#include "store/sessions.hpp"

#include <sys/stat.h>

#include <fstream>

namespace ts::store {
namespace {

class Maintenance : public StoreTest {
 protected:
  void make_session(const std::string& id) {
    auto database = open();
    ASSERT_TRUE(create_session(database, {.id = id, .name = id}, clock_.now()).ok());
  }
  [[nodiscard]] std::filesystem::path backup() const { return folder_.path() / "backup.db"; }
};

TEST_F(Maintenance, CheckReportsAMissingDatabaseAndMakesNone) {
  const auto report = check_database(url()).value();

  EXPECT_FALSE(report.exists);
  EXPECT_FALSE(std::filesystem::exists(path().parent_path()));
}

TEST_F(Maintenance, CheckCountsTablesAndFindsNothingWrong) {
  make_session("s1");

  const auto report = check_database(url()).value();

  EXPECT_TRUE(report.exists);
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(report.schema_version, Database::newest_schema_version());
  EXPECT_FALSE(report.legacy_rows.has_value());
  EXPECT_FALSE(report.loose_permissions);
  EXPECT_NE(std::find(report.tables.begin(), report.tables.end(),
                      std::pair<std::string, std::int64_t>("ts_session", 1)),
            report.tables.end());
}

TEST_F(Maintenance, CheckFindsDamagedPages) {
  {
    auto database = open();
    ASSERT_TRUE(create_session(database, {.id = "s", .name = "show"}, clock_.now()).ok());
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(
          append_journal(database, "s", "x", "note", std::string(500, 'p'), clock_.now()).ok());
    }
  }
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 * 20);
  file << std::string(4096 * 4, '\x55');
  file.close();

  const auto report = check_database(url()).value();

  EXPECT_FALSE(report.problems.empty());
}

TEST_F(Maintenance, CheckSaysThatOthersMayReadTheFile) {
  make_session("s1");
  ::chmod(path().c_str(), 0644);

  EXPECT_TRUE(check_database(url()).value().loose_permissions);
}

TEST_F(Maintenance, MigrateDropsTheLegacyTableAndKeepsThePlatformsOwn) {
  std::filesystem::create_directories(path().parent_path());
  run_sql(path(),
          "CREATE TABLE memorial (id TEXT); INSERT INTO memorial VALUES ('m');"
          "CREATE TABLE signaling_message (id TEXT);"
          "INSERT INTO signaling_message VALUES ('a'), ('b')");
  ASSERT_EQ(check_database(url()).value().legacy_rows, 2);
  ASSERT_EQ(check_database(url()).value().schema_version, 0);

  const auto planned = migrate_database(url(), clock_, true).value();
  EXPECT_EQ(planned.dropped_legacy_rows, 2);
  EXPECT_EQ(check_database(url()).value().legacy_rows, 2);
  const auto done = migrate_database(url(), clock_, false).value();

  EXPECT_EQ(done.from_version, 0);
  EXPECT_EQ(done.to_version, Database::newest_schema_version());
  EXPECT_EQ(done.dropped_legacy_rows, 2);
  EXPECT_FALSE(check_database(url()).value().legacy_rows.has_value());
  run_sql(path(), "SELECT id FROM memorial");  // throws when it is gone
}

TEST_F(Maintenance, MigrateIsRepeatable) {
  make_session("s1");

  const auto report = migrate_database(url(), clock_, false).value();

  EXPECT_EQ(report.from_version, report.to_version);
  EXPECT_FALSE(report.dropped_legacy_rows.has_value());
  auto database = open();
  EXPECT_TRUE(get_session(database, "s1").ok());
}

TEST_F(Maintenance, BackupIsWholePrivateAndTakenWhileTheDatabaseIsOpen) {
  auto database = open();
  ASSERT_TRUE(create_session(database, {.id = "s1", .name = "a"}, clock_.now()).ok());

  ASSERT_TRUE(backup_database(url(), backup(), false).ok());

  struct stat info {};
  ASSERT_EQ(::stat(backup().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_TRUE(create_session(database, {.id = "s2", .name = "b"}, clock_.now()).ok());
  auto copy = Database::open("sqlite://" + backup().string(), clock_).value();
  EXPECT_TRUE(get_session(copy, "s1").ok());
  EXPECT_FALSE(get_session(copy, "s2").ok());
}

TEST_F(Maintenance, BackupDoesNotOverwriteUnlessTold) {
  make_session("s1");
  std::ofstream(backup()) << "precious";

  const auto refused = backup_database(url(), backup(), false);

  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(backup_database(url(), backup(), true).ok());
  EXPECT_TRUE(check_database("sqlite://" + backup().string()).value().problems.empty());
}

TEST_F(Maintenance, BackupRefusesToOverwriteItsOwnSource) {
  make_session("s1");

  EXPECT_EQ(backup_database(url(), path(), true).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(backup_database("sqlite:///nonexistent/x.db", backup(), true).error().kind,
            ErrorKind::kNotFound);
}

TEST_F(Maintenance, RestorePutsTheBackupBackAndKeepsWhatWasThere) {
  make_session("s1");
  ASSERT_TRUE(backup_database(url(), backup(), false).ok());
  make_session("s2");

  const auto report = restore_database(url(), backup(), clock_).value();

  auto database = open();
  EXPECT_TRUE(get_session(database, "s1").ok());
  EXPECT_FALSE(get_session(database, "s2").ok());
  auto previous = Database::open("sqlite://" + report.previous.string(), clock_).value();
  EXPECT_TRUE(get_session(previous, "s2").ok());
}

TEST_F(Maintenance, RestoreRepairsADamagedDatabase) {
  make_session("s1");
  ASSERT_TRUE(backup_database(url(), backup(), false).ok());
  std::ofstream(path()) << std::string(8192, 'x');

  ASSERT_TRUE(restore_database(url(), backup(), clock_).ok());

  auto database = open();
  EXPECT_TRUE(get_session(database, "s1").ok());
}

TEST_F(Maintenance, RestoreMakesADatabaseThatIsNotThere) {
  make_session("s1");
  ASSERT_TRUE(backup_database(url(), backup(), false).ok());
  std::filesystem::remove_all(path().parent_path());

  const auto report = restore_database(url(), backup(), clock_);

  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report.value().previous.empty());
  auto database = open();
  EXPECT_TRUE(get_session(database, "s1").ok());
}

TEST_F(Maintenance, RestoreRefusesWhatIsNoBackupAndChangesNothing) {
  make_session("s1");
  std::ofstream(backup()) << std::string(8192, 'x');

  EXPECT_FALSE(restore_database(url(), backup(), clock_).ok());
  EXPECT_FALSE(restore_database(url(), folder_.path() / "absent", clock_).ok());

  auto database = open();
  EXPECT_TRUE(get_session(database, "s1").ok());
}

TEST_F(Maintenance, RestoreRefusesWhileAShowIsRunning) {
  make_session("s1");
  ASSERT_TRUE(backup_database(url(), backup(), false).ok());
  auto database = open();
  ASSERT_TRUE(acquire_lease(database, "wedding", clock_.now()).ok());

  const auto report = restore_database(url(), backup(), clock_);

  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(report.error().hint, "run ts live end wedding first");
}

TEST(LegacyMentions, AreFoundInEverySpellingWithFileAndLine) {
  const test::TempDir folder;
  std::filesystem::create_directories(folder.path() / "src" / "api");
  std::filesystem::create_directories(folder.path() / "node_modules" / "x");
  std::filesystem::create_directories(folder.path() / ".git");
  std::ofstream(folder.path() / "src" / "schema.ts")
      << "import x\nexport const signalingMessage = pgTable('signaling_message', {\n";
  std::ofstream(folder.path() / "src" / "api" / "a.ts")
      << "// signaling of messages\nSIGNALING-MESSAGE\ntype A = SignalingMessages;\nsignaling\n";
  std::ofstream(folder.path() / "node_modules" / "x" / "a.js") << "signalingMessage\n";
  std::ofstream(folder.path() / ".git" / "a") << "signalingMessage\n";
  std::ofstream(folder.path() / "binary") << std::string("signalingMessage\n\0", 18);

  const auto mentions = find_legacy_mentions(folder.path()).value();

  ASSERT_EQ(mentions.size(), 3U);
  EXPECT_EQ(mentions[0].file, "src/api/a.ts");
  EXPECT_EQ(mentions[0].line, 2);
  EXPECT_EQ(mentions[1].line, 3);
  EXPECT_EQ(mentions[2].file, "src/schema.ts");
  EXPECT_EQ(mentions[2].line, 2);
  EXPECT_EQ(mentions[2].text, "export const signalingMessage = pgTable('signaling_message', {");
}

TEST(LegacyMentions, SayWhenTheFolderCannotBeRead) {
  EXPECT_EQ(find_legacy_mentions("/nonexistent").error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace ts::store
