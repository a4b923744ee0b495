// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

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
