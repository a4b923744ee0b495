// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ts {
namespace {

TEST(WriteFileAtomic, ReplacesTheContentAndSetsTheMode) {
  const test::TempDir dir;
  const auto path = dir.path() / "key";

  ASSERT_TRUE(write_file_atomic(path, "one", 0600).ok());
  ASSERT_TRUE(write_file_atomic(path, "two", 0600).ok());

  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(read_file(path).value(), "two");
}

TEST(WriteFileAtomic, ReplacesWhatALinkLeadsTo) {
  const test::TempDir dir;
  std::filesystem::create_symlink("real", dir.path() / "link");

  ASSERT_TRUE(write_file_atomic(dir.path() / "link", "one", 0600).ok());

  EXPECT_TRUE(std::filesystem::is_symlink(dir.path() / "link"));
  EXPECT_EQ(read_file(dir.path() / "real").value(), "one");
}

TEST(LinkTarget, LeavesWhatLeadsToNoPath) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string path = "/proc/self/fd/" + std::to_string(ends[1]);
  EXPECT_EQ(link_target(path), path);  // it reads as "pipe:[4711]"
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(CheckWritable, TellsBeforeWhatWritingWouldSay) {
  const test::TempDir dir;
  EXPECT_TRUE(check_writable(dir.path() / "new").ok());
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "new"));
  EXPECT_TRUE(check_writable("/dev/null").ok());

  const auto folder = check_writable(dir.path());
  const auto nowhere = check_writable(dir.path() / "no" / "such");

  ASSERT_FALSE(folder.ok());
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kUsage);
  EXPECT_NE(nowhere.error().message.find("No such file or directory"), std::string::npos);
}

TEST(ReadSecretFile, RefusesAFileOthersCanRead) {
  const test::TempDir dir;
  const auto path = dir.path() / "key";
  ASSERT_TRUE(write_file_atomic(path, "s3cret\n", 0644).ok());

  const auto strict = read_secret_file(path, false);
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().kind, ErrorKind::kConfig);
  EXPECT_TRUE(strict.error().hint.starts_with("chmod 600 "));
  EXPECT_EQ(read_secret_file(path, true).value().reveal(), "s3cret");
}

TEST(ReadFile, NamesThePathItCannotOpen) {
  const auto text = read_file("/nonexistent/file");

  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().message, "cannot open /nonexistent/file (No such file or directory)");
}

TEST(MakePrivateFolders, MakesWhatIsMissingForItsOwnerOnly) {
  const test::TempDir folder;
  const auto path = folder.path() / "a" / "b";

  ASSERT_TRUE(make_private_folders(path).ok());
  ASSERT_TRUE(make_private_folders(path).ok());

  const auto mode = std::filesystem::status(path.parent_path()).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all);
}

TEST(MakePrivateFolders, NamesTheFolderThatCannotBeMade) {
  const auto made = make_private_folders("/proc/self/no/such");

  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().kind, ErrorKind::kConfig);
  EXPECT_NE(made.error().message.find("/proc/self/no"), std::string::npos);
}

}  // namespace
}  // namespace ts
