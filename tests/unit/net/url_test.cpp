// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include <gtest/gtest.h>

namespace ts::net {
namespace {

TEST(Url, TakesApartAndPutsTogether) {
  const auto url = Url::parse("HTTPS://user:pw@Example.org:8443/a/b?x=1#top").value();

  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.query, "x=1");
  EXPECT_EQ(url.fragment, "top");
  EXPECT_EQ(url.text(), "https://user:pw@example.org:8443/a/b?x=1#top");
  EXPECT_EQ(url.redacted(), "https://example.org:8443/a/b?x=...");
}

TEST(Url, RedactsStreamKeys) {
  EXPECT_EQ(Url::parse("rtmps://live.example/app/abcdefghijk").value().redacted(),
            "rtmps://live.example/app/{abc...ijk}");
  EXPECT_EQ(Url::parse("mux://abcdefghijk").value().redacted(), "mux://{abc...ijk}");
}

TEST(Url, ReadsIpv6AndPorts) {
  const auto url = Url::parse("http://[::1]:7880/").value();

  EXPECT_EQ(url.host, "::1");
  EXPECT_TRUE(url.is_loopback());
  EXPECT_EQ(url.authority(), "[::1]:7880");
  EXPECT_EQ(Url::parse("rtmp://h/app").value().effective_port(), 1935);
  EXPECT_EQ(Url::parse("http://[fe80::1%25eth0]/").value().authority(), "[fe80::1%25eth0]");
  EXPECT_EQ(Url::parse("http://[::ffff:127.0.0.1]:80/").value().host, "::ffff:127.0.0.1");
}

TEST(Url, RefusesWhatIsNoUrl) {
  for (const char* text : {"", "example.org", "http://", "http://h:0/", "http://h:99999/",
                           "http://h:x/", "http://a b/", "http://[::1/", "://h/", "http://h\\x/",
                           // Found by fuzzing: these were written back as other addresses.
                           "p://[[]:80", "p://[abc]/", "p://a[b/", "p://[::1%]/", "p://[1:2]/"}) {
    EXPECT_FALSE(Url::parse(text).ok()) << text;
  }
}

TEST(PathSegment, RefusesWhatAddressesSomethingElse) {
  for (const char* id : {"", ".", "..", "a/b", "a\nb", "\xFF"}) {
    EXPECT_FALSE(path_segment(id, "live stream id").ok()) << id;
  }
  EXPECT_FALSE(path_segment(std::string(1U << 20U, 'a'), "id").ok());
  EXPECT_EQ(path_segment("a b%?", "id").value(), "a%20b%25%3F");
}

TEST(PercentDecode, UndoesTheEncodingAndRefusesBrokenEscapes) {
  EXPECT_EQ(percent_decode(percent_encode("a/b c\xC3\xA9")).value(), "a/b c\xC3\xA9");
  for (const char* text : {"%", "%4", "%zz", "a%2"})
    EXPECT_FALSE(percent_decode(text).ok()) << text;
}

}  // namespace
}  // namespace ts::net
