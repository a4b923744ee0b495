// SPDX-License-Identifier: Apache-2.0
#include "playback/download.hpp"

#include "core/file.hpp"
#include "core/unique_fd.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ts::playback {
namespace {

class Download : public testing::Test {
 protected:
  Result<std::uint64_t> run() {
    return download(transport, clock, "https://x/f.mp4", path, {}, {}, {.chunk_bytes = 4});
  }
  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'700'000'000}}, true};
  test::TempDir folder;
  std::filesystem::path path = folder.path() / "f.mp4";
};

TEST_F(Download, PutsRangesTogetherAndRepeatsALostOne) {
  transport.answer(206, "abcd", {{"Content-Range", "bytes 0-3/6"}, {"ETag", "1"}})
      .fail({.kind = ErrorKind::kRemote, .retryable = true, .code = "receive"})
      .answer(206, "ef", {{"Content-Range", "bytes 4-5/6"}, {"ETag", "1"}});

  const auto size = run();

  ASSERT_TRUE(size.ok()) << size.error().message;
  EXPECT_EQ(size.value(), 6U);
  EXPECT_EQ(read_file(path).value(), "abcdef");
}

TEST_F(Download, TakesTheWholeFileFromAServerWithoutRanges) {
  transport.answer(200, "everything");

  ASSERT_TRUE(run().ok());

  EXPECT_EQ(read_file(path).value(), "everything");
}

TEST_F(Download, RefusesAFileThatChangesAndLeavesNothingBehind) {
  transport.answer(206, "abcd", {{"Content-Range", "bytes 0-3/6"}, {"ETag", "1"}})
      .answer(206, "ef", {{"Content-Range", "bytes 4-5/6"}, {"ETag", "2"}});

  const auto size = run();

  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.error().code, "changed");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(Download, RefusesAnotherRangeThanAsked) {
  transport.answer(206, "abc", {{"Content-Range", "bytes 1-3/6"}});

  const auto size = run();

  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.error().code, "bad_range");
}

TEST_F(Download, StoresNoWebPageNoJsonAndNothingEmpty) {
  const struct {
    std::string body;
    std::string type;
  } answers[] = {{"<html>login</html>", "text/html"},
                 {"<!DOCTYPE html><title>Login</title>", "video/mp4"},
                 {R"({"error":"gone"})", "application/json"},
                 {"", "video/mp4"}};
  for (const auto& answer : answers) {
    SCOPED_TRACE(answer.body);
    ASSERT_TRUE(write_file_atomic(path, "old").ok());
    transport.answer(200, answer.body, {{"Content-Type", answer.type}});

    const auto size = run();

    ASSERT_FALSE(size.ok());
    EXPECT_EQ(size.error().code, "bad_answer");
    EXPECT_EQ(size.error().kind, ErrorKind::kRemote);
    EXPECT_EQ(read_file(path).value(), "old");
    EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
  }
}

TEST_F(Download, IsOneAtATimeIntoAFile) {
  const UniqueFd other(
      ::open((path.string() + ".part").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);

  const auto size = run();

  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(std::filesystem::exists(path.string() + ".part"));
}

TEST_F(Download, TakesOverWhatADeadOneLeft) {
  ASSERT_TRUE(write_file_atomic(path.string() + ".part", "much more than there is now").ok());
  transport.answer(200, "everything");

  ASSERT_TRUE(run().ok());

  EXPECT_EQ(read_file(path).value(), "everything");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
}

TEST_F(Download, ReplacesWhatALinkLeadsToAndWritesIntoAPipe) {
  std::filesystem::create_symlink("real.mp4", path);
  transport.answer(200, "everything");
  ASSERT_TRUE(run().ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path));
  EXPECT_EQ(read_file(folder.path() / "real.mp4").value(), "everything");

  path = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  transport.answer(200, "through");
  ASSERT_TRUE(run().ok());
  std::string got(64, '\0');
  got.resize(static_cast<std::size_t>(::read(reader.get(), got.data(), got.size())));
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

TEST_F(Download, KeepsTheOldFileWhenTheNewOneIsMissing) {
  ASSERT_TRUE(write_file_atomic(path, "old").ok());
  transport.answer(404);

  ASSERT_FALSE(run().ok());

  EXPECT_EQ(read_file(path).value(), "old");
}

}  // namespace
}  // namespace ts::playback
