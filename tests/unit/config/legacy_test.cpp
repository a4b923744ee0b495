// SPDX-License-Identifier: Apache-2.0
#include "config/legacy.hpp"

#include "config/dotenv.hpp"

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

// Audit 3: a quoted secret lost what stood behind its '#', "export" and CRLF were dropped.
TEST(FixLegacyNames, KeepsTheSecretAndWhatIsAroundIt) {
  const struct {
    std::string before;
    std::string after;
  } cases[] = {
      {"livekit_secret_token=\"k:s with space # x\"\n",
       "LIVEKIT_API_KEY=k\nLIVEKIT_API_SECRET='s with space # x'\n"},
      {"livekit_secret_token=\"k:a\\\\nb\"", "LIVEKIT_API_KEY=k\nLIVEKIT_API_SECRET='a\\nb'"},
      {"livekit_secret_token=\"k:it's\" # note",
       "LIVEKIT_API_KEY=k\nLIVEKIT_API_SECRET=\"it's\" # note"},
      {"export livekit_secret_token=k:s\r\nX=1\r\n",
       "export LIVEKIT_API_KEY=k\r\nexport LIVEKIT_API_SECRET=s\r\nX=1\r\n"},
      {"export livekit_websocket_url='wss://a'\r\n", "export LIVEKIT_URL='wss://a'\r\n"},
      {"\xEF\xBB\xBFlivekit_websocket_url = wss://a", "\xEF\xBB\xBFLIVEKIT_URL = wss://a"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.before);
    const auto fixed = fix_legacy_names(one.before, ".env");
    ASSERT_TRUE(fixed.ok()) << fixed.error().message;
    EXPECT_EQ(fixed.value().text, one.after);
  }
}

TEST(FixLegacyNames, RefusesOneNameTwice) {
  const auto twice =
      fix_legacy_names("livekit_websocket_url=ws://a\nLIVEKIT_WEBSOCKET_URL=ws://b\n", ".env");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().message, ".env line 2: livekit_websocket_url is set twice");
  // The last one counts: it would make the renamed one nothing.
  EXPECT_FALSE(fix_legacy_names("livekit_websocket_url=ws://a\nLIVEKIT_URL=\n", ".env").ok());
  EXPECT_TRUE(fix_legacy_names("LIVEKIT_URL=\nlivekit_websocket_url=ws://a\n", ".env").ok());
}

TEST(DotenvValue, IsReadBackAsItWas) {
  for (const std::string value :
       {"plain", "", "a b", "#x", "a'b", "a\"b\\c", "$HOME `x`", "two\nlines\r", " blanks "}) {
    const auto read = parse_dotenv("X=" + dotenv_value(value), ".env");
    ASSERT_TRUE(read.ok()) << value;
    EXPECT_EQ(read.value().at(0).second, value);
  }
}

}  // namespace
}  // namespace ts::config
