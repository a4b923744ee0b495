// SPDX-License-Identifier: Apache-2.0
#include "media/address_policy.hpp"

#include "core/clock.hpp"
#include "media/fetch.hpp"
#include "media/hls_source.hpp"
#include "media/reader.hpp"
#include "support/plain_http.hpp"
#include "support/temp_dir.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>

namespace ts::media {
namespace {

using test::PlainHttp;

bool is_public(const char* text) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (std::strchr(text, ':') != nullptr) {
    v6->sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, text, &v6->sin6_addr), 1) << text;
  } else {
    v4->sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, text, &v4->sin_addr), 1) << text;
  }
  return is_public_address(reinterpret_cast<const sockaddr&>(storage));
}

TEST(PublicAddress, KnowsThePrivateOnesInEveryDisguise) {
  for (const char* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "100.100.100.200",
                           "127.0.0.1",
                           "127.255.255.254",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.192",
                           "192.168.1.1",
                           "198.18.0.1",
                           "203.0.113.9",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::a9fe:a9fe",
                           "64:ff9b:1::1",
                           "2002:7f00:1::",
                           "2001::1",
                           "2001:db8::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "100::1"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
  for (const char* text : {"1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "192.169.0.1",
                           "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::808:808",
                           "2002:808:808::", "2606:4700::1111", "2a00:1450::1"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
}

TEST(UrlHost, IsWhatFfmpegConnectsTo) {
  EXPECT_EQ(url_host("http://a.b:80/c"), "a.b");
  EXPECT_EQ(url_host("https://user:p@ss@a.b/c@d"), "a.b");
  EXPECT_EQ(url_host("rtsp://[::1]:554/x"), "::1");
  EXPECT_EQ(url_host("http://a?x=http://b"), "a");
  EXPECT_EQ(url_host("/a/b"), "");
  EXPECT_EQ(url_host("http://[::1"), "");
}

/// The trouble of opening an address as a source does.
std::string opened(const std::string& url) {
  const auto reader = Reader::open({.url = url, .is_file = false, .name = "source 'x'"}, {});
  if (!reader.ok()) return reader.error().message;
  while (true) {
    const auto packet = reader.value()->read();
    if (!packet.ok()) return packet.error().message;
    if (!packet.value()) return "ended";
  }
}

std::string playlist_of(const std::string& segment) {
  return "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n" + segment + "\n#EXT-X-ENDLIST\n";
}

/// 127.0.0.1 is the host the operator named; 127.0.0.2 stands for anything private elsewhere.
class PrivateAddresses : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] std::string elsewhere() const {
    return std::string("http://") + GetParam() + ":" + other_.port() + "/secret.ts";
  }
  PlainHttp own_{"127.0.0.1"};
  PlainHttp other_{"127.0.0.2"};
};

INSTANTIATE_TEST_SUITE_P(Spellings, PrivateAddresses,
                         ::testing::Values("127.0.0.2", "2130706434", "0x7f000002", "0x7f.0.0.2",
                                           "0177.0.0.2", "127.2", "[::ffff:127.0.0.2]"));

TEST_P(PrivateAddresses, ARedirectDoesNotReachThem) {
  other_.page("/secret.ts", "nobody may read this");
  own_.redirect("/go", elsewhere());

  EXPECT_NE(opened(own_.url("/go")).find("leads to"), std::string::npos) << opened(own_.url("/go"));
  const auto text = fetch(own_.url("/go"), {}, {});
  ASSERT_FALSE(text.ok());
  EXPECT_NE(text.error().message.find("no public address"), std::string::npos)
      << text.error().message;
  EXPECT_EQ(other_.connections(), 0);
}

TEST_P(PrivateAddresses, APlaylistDoesNotReachThem) {
  other_.page("/secret.ts", "nobody may read this");
  own_.page("/a.m3u8", playlist_of(elsewhere()));
  own_.page("/b.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n" + elsewhere() + "\n");

  for (const char* page : {"/a.m3u8", "/b.m3u8"}) {
    SCOPED_TRACE(page);
    const std::string trouble = opened(own_.url(page));
    EXPECT_NE(trouble.find("127.0.0.2, which is no public address"), std::string::npos) << trouble;
    SystemClock clock;
    auto source = HlsSource::open(own_.url(page), {}, clock, {});
    if (source.ok()) {
      const auto segment = source.value().next(clock.steady_now() + seconds{10});
      ASSERT_FALSE(segment.ok());
      EXPECT_NE(segment.error().message.find("no public address"), std::string::npos);
    } else {
      EXPECT_NE(source.error().message.find("no public address"), std::string::npos);
    }
  }
  EXPECT_EQ(other_.connections(), 0);
}

TEST(PrivateAddress, ThatTheOperatorNamedMayReferToItself) {
  PlainHttp own("127.0.0.1");
  PlainHttp again("127.0.0.1");
  own.redirect("/go", again.url("/text"));
  again.page("/text", "here");

  const auto text = fetch(own.url("/go"), {}, {});

  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_EQ(text.value(), "here");
  EXPECT_EQ(again.connections(), 1);
}

TEST(PrivateAddress, APlaylistDoesNotOpenFiles) {
  PlainHttp own("127.0.0.1");
  const test::TempDir folder;
  const std::string secret = (folder.path() / "secret.ts").string();
  std::ofstream(secret) << "nobody may read this";
  own.page("/f.m3u8", playlist_of("file://" + secret));
  own.page("/g.m3u8", playlist_of("concat:" + secret + "|" + secret));
  own.page("/h.m3u8", playlist_of("crypto+file://" + secret));
  own.redirect("/i.m3u8", "file://" + secret);

  for (const char* page : {"/f.m3u8", "/g.m3u8", "/h.m3u8", "/i.m3u8"}) {
    const std::string trouble = opened(own.url(page));
    EXPECT_NE(trouble, "ended") << page;
    EXPECT_NE(trouble, "") << page;
  }
}

}  // namespace
}  // namespace ts::media
