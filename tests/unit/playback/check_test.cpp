// SPDX-License-Identifier: Apache-2.0
#include "playback/check.hpp"

#include "core/json.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ts::playback {
namespace {

using testing::HasSubstr;

constexpr std::string_view kUrl = "https://stream.example/pb.m3u8";

/// A web server in memory; "live.m3u8" grows by one 2 s segment for every 2 s of the clock.
class Site final : public net::HttpTransport {
 public:
  explicit Site(Clock& clock) : clock_(clock), begun_(clock.steady_now()) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
    net::HttpResponse response;
    const std::string path = request.url.substr(std::string("https://stream.example").size());
    asked.push_back(path);
    response.status = 200;
    if (const auto page = pages.find(path); page != pages.end()) {
      response.status = page->second.first;
      response.body = page->second.second;
    } else if (path == "/live.m3u8") {
      response.body = live();
    } else if (path.ends_with(".ts")) {
      response.body = "\x47 transport stream";
    } else {
      response.status = 404;
    }
    return response;
  }

  std::map<std::string, std::pair<int, std::string>> pages;
  std::vector<std::string> asked;
  long stops_growing_at = 1'000'000;

 private:
  std::string live() const {
    const auto elapsed = std::chrono::duration_cast<seconds>(clock_.steady_now() - begun_).count();
    const long newest = 10 + std::min(elapsed / 2, stops_growing_at);
    std::string out =
        fmt::format("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{}\n", newest - 3);
    for (long i = newest - 3; i <= newest; ++i) out += fmt::format("#EXTINF:2,\nseg{}.ts\n", i);
    return out;
  }

  Clock& clock_;
  SteadyTime begun_;
};

class PlaybackCheck : public testing::Test {
 protected:
  PlaybackCheck() {
    site.pages["/pb.m3u8"] = {200,
                              "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n"
                              "#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=1280x720\nlive.m3u8\n"};
  }
  test::FakeClock clock{WallTime{seconds{1'700'000'000}}, true};
  Site site{clock};
};

TEST_F(PlaybackCheck, SeesALivePlaylistAdvance) {
  const auto report = check(site, clock, kUrl, {.watch = seconds{20}});

  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report.value().ok());
  EXPECT_TRUE(report.value().live);
  EXPECT_TRUE(report.value().advancing);
  ASSERT_EQ(report.value().variants.size(), 1U);
  EXPECT_EQ(report.value().variants[0].width, 1280);
  EXPECT_EQ(report.value().variants[0].segments_fetched, 3);
  EXPECT_NEAR(report.value().variants[0].advanced_s, 20, 2);
  EXPECT_EQ(report.value().watched, seconds{20});
}

TEST_F(PlaybackCheck, FindsAStall) {
  site.stops_growing_at = 2;

  const auto report = check(site, clock, kUrl, {.watch = seconds{20}});

  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report.value().ok());
  ASSERT_EQ(report.value().findings.size(), 1U);
  EXPECT_EQ(report.value().findings[0].code, "stalled");
  EXPECT_GT(report.value().variants[0].longest_stall_s, 15);
}

TEST_F(PlaybackCheck, FindsSegmentsThatAreAPage) {
  site.pages["/seg9.ts"] = {200, "<html>gone</html>"};

  const auto report = check(site, clock, kUrl);

  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report.value().ok());
  EXPECT_EQ(report.value().findings[0].code, "segment_not_media");
}

TEST_F(PlaybackCheck, FindsSegmentsThatAreMissing) {
  site.pages["/seg10.ts"] = {404, ""};

  const auto report = check(site, clock, kUrl);

  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report.value().ok());
  EXPECT_EQ(report.value().findings[0].code, "segment_missing");
}

TEST_F(PlaybackCheck, SaysNotLiveYetFor412) {
  site.pages["/pb.m3u8"] = {412, ""};

  const auto report = check(site, clock, kUrl);

  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::kPending);
  EXPECT_EQ(report.error().code, "not_live_yet");
  EXPECT_THAT(report.error().hint, HasSubstr("wait"));
}

TEST_F(PlaybackCheck, WaitsForTheStart) {
  site.pages["/pb.m3u8"] = {412, ""};

  const auto report = check(site, clock, kUrl, {.wait_for_start = seconds{5}});

  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::kPending);
  EXPECT_EQ(site.asked.size(), 6U);
}

TEST_F(PlaybackCheck, ReadsARecordingOnce) {
  site.pages["/pb.m3u8"] = {200,
                            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n"
                            "#EXTINF:1,\nc.ts\n#EXTINF:1,\nd.ts\n#EXT-X-ENDLIST\n"};

  const auto report = check(site, clock, kUrl, {.watch = seconds{20}, .max_segments = 2});

  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.value().ok());
  EXPECT_FALSE(report.value().live);
  EXPECT_EQ(report.value().watched, seconds{0});
  EXPECT_THAT(site.asked, testing::ElementsAre("/pb.m3u8", "/pb.m3u8", "/a.ts", "/d.ts"));
}

TEST_F(PlaybackCheck, RefusesAPageInPlaceOfAPlaylist) {
  site.pages["/pb.m3u8"] = {200, "<html>"};

  const auto report = check(site, clock, kUrl);

  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::kRemote);
  EXPECT_THAT(report.error().message, HasSubstr("stream.example/pb.m3u8"));
}

TEST_F(PlaybackCheck, HidesTheTokenOfASignedAddress) {
  site.pages["/pb.m3u8?token=eyJhbGciOi"] = site.pages["/pb.m3u8"];

  const auto report = check(site, clock, "https://stream.example/pb.m3u8?token=eyJhbGciOi");

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(describe(report.value()).dump().find("eyJ"), std::string::npos);
}

TEST(PlaybackFetch, FollowsARedirect) {
  test::FakeTransport transport;
  transport.answer(302, "", {{"Location", "/b.m3u8"}}).answer(200, "#EXTM3U");

  const auto answer = fetch(transport, "https://a.example/a.m3u8", seconds{1});

  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(transport.requests[1].url, "https://a.example/b.m3u8");
}

TEST(PlaybackFetch, GivesUpOnARedirectLoop) {
  test::FakeTransport transport;
  for (int i = 0; i < 6; ++i) transport.answer(302, "", {{"Location", "/a"}});

  const auto answer = fetch(transport, "https://a.example/a", seconds{1});

  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, "redirects");
}

}  // namespace
}  // namespace ts::playback
