// SPDX-License-Identifier: Apache-2.0
#include "net/stream_address.hpp"

#include <gtest/gtest.h>

namespace ts::net {
namespace {

TEST(RedactStreamUrl, HidesTheKeyOfAnRtmpUrl) {
  EXPECT_EQ(redact_stream_url("rtmps://global-live.mux.com:443/app/abcdefghixyz"),
            "rtmps://global-live.mux.com:443/app/{abc...xyz}");
}

TEST(RedactStreamUrl, HidesShorthandsWhole) {
  EXPECT_EQ(redact_stream_url("mux://abcdefghixyz"), "mux://{abc...xyz}");
  EXPECT_EQ(redact_stream_url("twitch://live_1234_abcdef"), "twitch://{liv...def}");
}

TEST(RedactStreamUrl, HidesQueryValuesAndUserInfo) {
  EXPECT_EQ(redact_stream_url("srt://host:9000?streamid=publish:abc&passphrase=topsecret1"),
            "srt://host:9000?streamid={pub...abc}&passphrase={top...et1}");
  EXPECT_EQ(redact_stream_url("rtmp://user:pw@host/app/abcdefghi"),
            "rtmp://{...}@host/app/{abc...ghi}");
}

TEST(RedactStreamUrl, LeavesARedactedUrlAsItIs) {
  EXPECT_EQ(redact_stream_url("mux://{abc...xyz}"), "mux://{abc...xyz}");
  EXPECT_EQ(redact_stream_url("rtmp://host/app/{abc...xyz}"), "rtmp://host/app/{abc...xyz}");
}

TEST(RedactStreamUrl, HidesTextThatIsNoUrl) {
  EXPECT_EQ(redact_stream_url("abcdefghixyz"), "{abc...xyz}");
}

TEST(ScrubStreamKeys, RedactsEveryUrlInASentence) {
  EXPECT_EQ(scrub_stream_keys("invalid url rtmp://host/app/abcdefghi: no; and MUX://klmnopqrs"),
            "invalid url rtmp://host/app/{abc...ghi}: no; and mux://{klm...qrs}");
}

TEST(ScrubStreamKeys, KeepsTextWithoutUrls) {
  EXPECT_EQ(scrub_stream_keys("egress does not exist"), "egress does not exist");
}

}  // namespace
}  // namespace ts::net
