// SPDX-License-Identifier: Apache-2.0
#include "media/hls_playlist.hpp"

#include <gtest/gtest.h>

namespace ts::media {
namespace {

TEST(HlsPlaylist, ComesBackFromItsOwnText) {
  HlsMediaPlaylist playlist;
  playlist.target_duration = seconds{2};
  playlist.media_sequence = 7;
  playlist.discontinuity_sequence = 1;
  playlist.segments = {{.uri = "a.ts",
                        .duration = microseconds{1'966'667},
                        .program_date_time = WallTime{milliseconds{1'700'000'000'123}}},
                       {.uri = "b.ts", .duration = microseconds{2'000'000}, .discontinuity = true}};

  const auto parsed = parse_hls(render_hls(playlist));

  ASSERT_TRUE(parsed.ok());
  const auto& media = std::get<HlsMediaPlaylist>(parsed.value());
  EXPECT_EQ(media.media_sequence, 7U);
  EXPECT_EQ(media.discontinuity_sequence, 1U);
  ASSERT_EQ(media.segments.size(), 2U);
  EXPECT_EQ(media.segments[0].duration, microseconds{1'966'667});
  EXPECT_EQ(media.segments[0].program_date_time, WallTime{milliseconds{1'700'000'000'123}});
  EXPECT_TRUE(media.segments[1].discontinuity);
  EXPECT_FALSE(media.ended);
}

TEST(HlsPlaylist, ReadsTheVariantsOfAMaster) {
  const auto parsed = parse_hls(
      "#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS=\"avc1.64001f,mp4a.40.2\","
      "RESOLUTION=1280x720\r\nrendition.m3u8?a=b\r\n");

  ASSERT_TRUE(parsed.ok());
  const auto& master = std::get<HlsMasterPlaylist>(parsed.value());
  ASSERT_EQ(master.variants.size(), 1U);
  EXPECT_EQ(master.variants[0].uri, "rendition.m3u8?a=b");
  EXPECT_EQ(master.variants[0].bandwidth, 2'500'000);
  EXPECT_EQ(master.variants[0].width, 1280);
  EXPECT_EQ(master.variants[0].codecs, "avc1.64001f,mp4a.40.2");
}

TEST(HlsPlaylist, ReadsDatesAsFfmpegWritesThem) {
  const auto parsed = parse_hls(
      "#EXTM3U\n#EXTINF:2,\n#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.500+0000\na.ts\n"
      "#EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXTINF:2,\nb.ts\n");

  ASSERT_TRUE(parsed.ok());
  const auto& segments = std::get<HlsMediaPlaylist>(parsed.value()).segments;
  EXPECT_EQ(segments[0].program_date_time, WallTime{milliseconds{1'700'000'000'500}});
  EXPECT_EQ(segments[1].program_date_time, std::nullopt);
}

TEST(HlsPlaylist, SaysWhatCameInstead) {
  const auto parsed = parse_hls("<html>404</html>");

  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().kind, ErrorKind::kMedia);
  EXPECT_NE(parsed.error().message.find("<html>404"), std::string::npos);
}

TEST(HlsPlaylist, RefusesADurationThatIsNoNumber) {
  EXPECT_FALSE(parse_hls("#EXTM3U\n#EXTINF:nan,\na.ts\n").ok());
  EXPECT_FALSE(parse_hls("#EXTM3U\n#EXTINF:-1,\na.ts\n").ok());
}

TEST(ResolveUri, FollowsTheRulesForUrlsAndFiles) {
  EXPECT_EQ(resolve_uri("https://h:8/a/b.m3u8?t=x/y", "c.ts"), "https://h:8/a/c.ts");
  EXPECT_EQ(resolve_uri("https://h:8/a/b.m3u8", "/c.ts"), "https://h:8/c.ts");
  EXPECT_EQ(resolve_uri("https://h/a/b.m3u8", "http://o/c.ts"), "http://o/c.ts");
  EXPECT_EQ(resolve_uri("https://h", "c.ts"), "https://h/c.ts");
  EXPECT_EQ(resolve_uri("/folder/x?y/live.m3u8", "c.ts"), "/folder/x?y/c.ts");
}

}  // namespace
}  // namespace ts::media
