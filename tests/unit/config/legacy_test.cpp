// SPDX-License-Identifier: Apache-2.0
#include "config/legacy.hpp"

#include <gtest/gtest.h>

namespace ts::config {
namespace {

TEST(FixLegacyNames, RenamesAndSplitsAndLeavesTheRest) {
  const auto fixed = fix_legacy_names(
      "# keep\nlivekit_websocket_url=wss://a.example\nlivekit_secret_token=\"APIk:s3cret\"\nX=1\n",
      ".env");

  ASSERT_TRUE(fixed.ok()) << fixed.error().message;
  EXPECT_EQ(
      fixed.value().text,
      "# "
      "keep\nLIVEKIT_URL=wss://a.example\nLIVEKIT_API_KEY=APIk\nLIVEKIT_API_SECRET=s3cret\nX=1\n");
  EXPECT_EQ(fixed.value().changes.size(), 2U);
}

TEST(FixLegacyNames, RefusesATokenItCannotSplitWithoutShowingIt) {
  for (const char* value : {"nocolon", "a:b:c", ":b", "a:"}) {
    const auto fixed = fix_legacy_names(std::string("livekit_secret_token=") + value, ".env");

    ASSERT_FALSE(fixed.ok()) << value;
    EXPECT_EQ(fixed.error().kind, ErrorKind::kConfig);
    EXPECT_EQ(fixed.error().message,
              ".env line 1: livekit_secret_token is not KEY:SECRET with exactly one ':'");
  }
}

TEST(FixLegacyNames, RefusesToOverwriteANewName) {
  EXPECT_FALSE(fix_legacy_names("LIVEKIT_URL=ws://a\nlivekit_websocket_url=ws://b", ".env").ok());
}

}  // namespace
}  // namespace ts::config
