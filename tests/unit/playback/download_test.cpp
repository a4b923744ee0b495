// SPDX-License-Identifier: Apache-2.0
#include "playback/download.hpp"

#include "core/file.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

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

TEST_F(Download, KeepsTheOldFileWhenTheNewOneIsMissing) {
  ASSERT_TRUE(write_file_atomic(path, "old").ok());
  transport.answer(404);

  ASSERT_FALSE(run().ok());

  EXPECT_EQ(read_file(path).value(), "old");
}

}  // namespace
}  // namespace ts::playback
