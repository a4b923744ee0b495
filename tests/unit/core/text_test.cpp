// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(Nearest, SuggestsWhatWasMeant) {
  EXPECT_EQ(nearest("tokn", {"token", "room"}), "token");
  EXPECT_EQ(nearest("crate", {"create", "list"}), "create");
  EXPECT_EQ(nearest("xyzzy", {"token", "room"}), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), {"token"}), std::nullopt);
}

TEST(IsUtf8, RefusesOverlongSurrogatesAndCutText) {
  EXPECT_TRUE(is_utf8("caf\xC3\xA9 \xF0\x9F\x8E\xA5"));
  EXPECT_FALSE(is_utf8("\xC0\x80"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("a\xE2\x82"));
  EXPECT_FALSE(is_utf8("\xF5\x80\x80\x80"));
}

TEST(WithReplacementCharacters, LeavesWhatIsWellFormed) {
  for (const char* text : {"", "caf\xC3\xA9", R"("\ud83d\udcf9")", R"("\\ud800")", R"("\u00e9\n")",
                           "\\", "\\u12", "\\u"}) {
    EXPECT_EQ(with_replacement_characters(text), text);
  }
}

TEST(WithReplacementCharacters, ReplacesHalfPairsAndBytes) {
  EXPECT_EQ(with_replacement_characters(R"("\ud800")"), R"("\ufffd")");
  EXPECT_EQ(with_replacement_characters(R"("\udc00\ud83d")"), R"("\ufffd\ufffd")");
  EXPECT_EQ(with_replacement_characters(R"("\ud83d\ud83d\udcf9")"), R"("\ufffd\ud83d\udcf9")");
  EXPECT_EQ(with_replacement_characters("a\xFF\xE2\x82"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(with_replacement_characters("\\\xFF"), "\\\xEF\xBF\xBD");
}

TEST(ParseU64, TakesDigitsOnly) {
  EXPECT_EQ(parse_u64("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_u64("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_u64("+1"), std::nullopt);
  EXPECT_EQ(parse_u64(""), std::nullopt);
}

// Issue 3: rtmp://host:99999/app/key was taken.
TEST(HasUsablePort, RefusesAPortOutside1To65535) {
  for (const char* address :
       {"rtmp://host:99999/app/key", "srt://host:0", "srt://host:?mode=listener",
        "rtmp://user:pass@host:65536/app/key", "rtmp://[::1]:70000/a/k", "rtmp://host:19 35/app",
        "rtmp://host:-1/app"}) {
    EXPECT_FALSE(has_usable_port(address)) << address;
  }
}

TEST(HasUsablePort, TakesAPortInRangeAndNone) {
  for (const char* address :
       {"rtmp://host/app/key:99999", "rtmp://host:1935/app/key", "srt://host:65535?streamid=a:b",
        "rtmp://[::1]/app/key", "rtmp://[::1]:1935/app/key", "rtsp://user:pass@host/cam",
        "unix:/run/tap", "media/wide.mp4", "mux://KEY"}) {
    EXPECT_TRUE(has_usable_port(address)) << address;
  }
}

}  // namespace
}  // namespace ts
