// SPDX-License-Identifier: Apache-2.0
#include "playback/playlist.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::playback {
namespace {

using testing::HasSubstr;

TEST(ParsePlaylist, ReadsVariantsWithTheirResolutionAndSound) {
  const auto playlist = parse_playlist(
      "#EXTM3U\r\n#EXT-X-VERSION:5\r\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aud\",NAME=\"a, b\",DEFAULT=YES,URI=\"audio.m3u8\"\r\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=2500000,RESOLUTION=1280x720,FRAME-RATE=30.000,"
      "CODECS=\"avc1.64001f,mp4a.40.2\",AUDIO=\"aud\"\r\nrendition.m3u8\r\n");

  ASSERT_TRUE(playlist.ok()) << playlist.error().message;
  ASSERT_TRUE(playlist.value().master.has_value());
  const Variant& variant = playlist.value().master->variants.front();
  EXPECT_EQ(variant.width, 1280);
  EXPECT_EQ(variant.height, 720);
  EXPECT_EQ(variant.bandwidth, 2'500'000);
  EXPECT_EQ(variant.codecs, "avc1.64001f,mp4a.40.2");
  EXPECT_EQ(variant.uri, "rendition.m3u8");
  EXPECT_EQ(playlist.value().master->renditions.front().name, "a, b");
}

TEST(ParsePlaylist, NumbersSegmentsFromTheMediaSequence) {
  const auto playlist = parse_playlist(
      "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:41\n"
      "#EXT-X-DISCONTINUITY-SEQUENCE:2\n#EXTINF:4.0,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:3.5,t\n"
      "b.ts\n#EXT-X-ENDLIST\n");

  ASSERT_TRUE(playlist.ok()) << playlist.error().message;
  const MediaPlaylist& media = *playlist.value().media;
  EXPECT_EQ(media.segments[0].sequence, 41);
  EXPECT_EQ(media.segments[1].sequence, 42);
  EXPECT_EQ(media.segments[1].discontinuity_sequence, 3);
  EXPECT_DOUBLE_EQ(media.duration_s(), 7.5);
  EXPECT_TRUE(media.ended);
}

TEST(ParsePlaylist, DatesTheLiveEdgeFromTheLastDate) {
  const auto playlist = parse_playlist(
      "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:00.000Z\n"
      "#EXTINF:2,\na.ts\n#EXTINF:1.5,\nb.ts\n");

  ASSERT_TRUE(playlist.ok()) << playlist.error().message;
  ASSERT_TRUE(playlist.value().media->live_edge().has_value());
  EXPECT_EQ(format_rfc3339(*playlist.value().media->live_edge()), "2026-11-20T10:00:03.500Z");
}

TEST(ParsePlaylist, ContinuesAByteRangeWhereTheLastEnded) {
  const auto playlist = parse_playlist(
      "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2,\n"
      "#EXT-X-BYTERANGE:100@50\nall.mp4\n#EXTINF:2,\n#EXT-X-BYTERANGE:70\nall.mp4\n");

  ASSERT_TRUE(playlist.ok()) << playlist.error().message;
  const auto& segments = playlist.value().media->segments;
  EXPECT_EQ(segments[1].byte_range->first, 150U);
  EXPECT_EQ(segments[1].byte_range->second, 70U);
  EXPECT_EQ(segments[1].map_uri, "init.mp4");
}

struct Bad {
  const char* name;
  const char* text;
  const char* reason;
};

class BadPlaylist : public testing::TestWithParam<Bad> {};

TEST_P(BadPlaylist, IsRefusedWithItsLine) {
  const auto playlist = parse_playlist(GetParam().text);

  ASSERT_FALSE(playlist.ok());
  EXPECT_EQ(playlist.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(playlist.error().code, "bad_playlist");
  EXPECT_THAT(playlist.error().message, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    ParsePlaylist, BadPlaylist,
    testing::Values(
        Bad{"Html", "<html>", "line 1: it does not begin with #EXTM3U"},
        Bad{"Empty", "", "it is empty"}, Bad{"OnlyHeader", "#EXTM3U\n", "neither variants nor"},
        Bad{"NoTarget", "#EXTM3U\n#EXTINF:2,\na.ts\n", "no target duration"},
        Bad{"NoDuration", "#EXTM3U\n#EXT-X-TARGETDURATION:2\na.ts\n", "line 3: a segment without"},
        Bad{"Dangling", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n", "without an address"},
        Bad{"Mixed", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
            "mixes"},
        Bad{"Duration", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:nan,\na.ts\n", "no number"},
        Bad{"Negative", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:-1,\na.ts\n", "no number"},
        Bad{"Sequence", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n", "whole number"},
        Bad{"Quote", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"x\nv\n", "malformed"},
        Bad{"NoBandwidth", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"x\"\nv\n", "BANDWIDTH"},
        Bad{"Date", "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:noon\n", "date"},
        Bad{"Utf8", "#EXTM3U\n\xFF\n", "UTF-8"}),
    [](const testing::TestParamInfo<Bad>& bad) { return bad.param.name; });

TEST(ParsePlaylist, RefusesMoreThanAMebibyte) {
  const auto playlist = parse_playlist("#EXTM3U\n" + std::string((1U << 20U), '#'));

  ASSERT_FALSE(playlist.ok());
  EXPECT_THAT(playlist.error().message, HasSubstr("larger than 1 MiB"));
}

TEST(ResolveUrl, FollowsTheExamplesOfRfc3986) {
  const std::string base = "http://a/b/c/d?q";

  EXPECT_EQ(resolve_url(base, "g").value(), "http://a/b/c/g");
  EXPECT_EQ(resolve_url(base, "./g/").value(), "http://a/b/c/g/");
  EXPECT_EQ(resolve_url(base, "/g").value(), "http://a/g");
  EXPECT_EQ(resolve_url(base, "//g").value(), "http://g/");
  EXPECT_EQ(resolve_url(base, "?y").value(), "http://a/b/c/d?y");
  EXPECT_EQ(resolve_url(base, "g?y#s").value(), "http://a/b/c/g?y");
  EXPECT_EQ(resolve_url(base, "..").value(), "http://a/b/");
  EXPECT_EQ(resolve_url(base, "../../../g").value(), "http://a/g");
  EXPECT_EQ(resolve_url(base, "https://x/y").value(), "https://x/y");
}

TEST(ResolveUrl, RefusesWhatIsNotHttp) {
  const auto file = resolve_url("https://a/b", "file:///etc/passwd");

  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().kind, ErrorKind::kRemote);
}

}  // namespace
}  // namespace ts::playback
