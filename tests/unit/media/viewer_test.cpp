// SPDX-License-Identifier: Apache-2.0
#include "core/unique_fd.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/flv_to_hls.hpp"
#include "media/viewer_check.hpp"
#include "media/viewer_sheet.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace ts::media {
namespace {

namespace fs = std::filesystem;

class Viewer : public testing::Test {
 protected:
  void record(const test::MediaRecipe& recipe, bool append = false) {
    const auto flv = dir_.path() / "in.flv";
    test::make_media(flv, recipe);
    const UniqueFd input(::open(flv.c_str(), O_RDONLY | O_CLOEXEC));
    const auto totals =
        flv_to_hls(input.get(), {.directory = hls_, .append = append}, clock_, {}, {});
    ASSERT_TRUE(totals.ok()) << totals.error().message;
  }
  void complete() { ASSERT_TRUE(HlsWriter::complete(hls_).ok()); }
  Result<ViewerReport> check(ViewerCheckOptions options = {}) {
    return check_viewer(hls_.string(), options, clock_, {});
  }
  Result<ViewerSheet> sheet(const std::string& timeline) {
    return make_viewer_sheet(hls_.string(), {.timeline = parse_timeline(timeline).value()}, clock_,
                             {});
  }
  /// Overwrites the middle of a segment.
  void damage(const std::string& segment) const {
    std::fstream file(hls_ / segment, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<std::streamoff>(fs::file_size(hls_ / segment));
    for (std::streamoff at = size / 3; at < size * 2 / 3; at += 188) {
      file.seekp(at + 40);
      file.write("damaged damaged", 15);
    }
  }

  test::TempDir dir_;
  fs::path hls_ = dir_.path() / "hls";
  SystemClock clock_;
  Log log_;
  FfmpegLog ffmpeg_log_{log_};
};

constexpr const char* kTwoScenes =
    R"({"event":"program","tick":0,"scene":"wide","transition":"cut"}
{"event":"program","tick":90,"scene":"two","transition":"fade"}
{"event":"transition_end","tick":100,"scene":"two"}
{"event":"overlay_show","tick":120,"overlay":"name"}
{"event":"ended","frames":180,"lagged":0,"skipped":0,"gaps":0}
{"event":"half a li)";

TEST_F(Viewer, FindsNothingWrongWithAGoodRecording) {
  record({.frames = 180});
  complete();

  const auto report = check();

  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report.value().problems, std::vector<std::string>{});
  EXPECT_EQ(report.value().pictures.count(), 180U);
  EXPECT_NEAR(report.value().pictures.fps(), 30, 0.02);
  EXPECT_EQ(report.value().viewer.video->width, 320);
  EXPECT_EQ(report.value().viewer.audio->sample_rate, 48000);
  EXPECT_LT(std::fabs(*report.value().av_start_ms), 40);
  EXPECT_LT(std::fabs(*report.value().av_end_ms), 40);
  const auto& codes = report.value().pictures.codes();
  ASSERT_EQ(codes.seen().size(), 180U);
  EXPECT_EQ(codes.seen().front().second, 0U);
  EXPECT_EQ(codes.seen().back().second, 179U);
  EXPECT_EQ(codes.missing(), 0U);
}

TEST_F(Viewer, CountsFramesThatAReconnectLost) {
  record({.frames = 60});
  record({.frames = 60, .first_number = 75}, true);
  complete();

  const auto report = check();

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value().source.discontinuities, 1U);
  EXPECT_EQ(report.value().pictures.codes().missing(), 15U);
  EXPECT_EQ(report.value().problems, std::vector<std::string>{});
}

TEST_F(Viewer, StopsAtTheLengthAskedFor) {
  record({.frames = 180});
  complete();

  const auto report = check({.length = microseconds{2'000'000}});

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value().pictures.count(), 60U);
  EXPECT_LT(std::fabs(*report.value().av_end_ms), 40);
}

TEST_F(Viewer, NamesDamage) {
  record({.frames = 180});
  complete();
  damage("segment_00001.ts");

  const auto report = check();

  ASSERT_TRUE(report.ok());
  ASSERT_FALSE(report.value().problems.empty());
  EXPECT_NE(report.value().problems[0].find("damaged"), std::string::npos);
}

TEST_F(Viewer, NamesASegmentThatIsNotThere) {
  record({.frames = 180});
  complete();
  fs::remove(hls_ / "segment_00001.ts");

  const auto report = check();

  ASSERT_TRUE(report.ok());
  ASSERT_FALSE(report.value().problems.empty());
  EXPECT_NE(report.value().problems[0].find("segment_00001.ts: no such file"), std::string::npos)
      << report.value().problems[0];
  EXPECT_EQ(report.value().pictures.count(), 60U);
}

TEST_F(Viewer, SeesBlackStandstillAndSilence) {
  const auto flv = dir_.path() / "black.flv";
  test::shell(
      "timeout 120 ffmpeg -nostdin -v error -f lavfi -i color=black:s=320x180:r=30 -f lavfi "
      "-i anullsrc=r=48000 -t 4 -c:v libx264 -g 60 -preset ultrafast -c:a aac '" +
      flv.string() + "'");
  const UniqueFd input(::open(flv.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(flv_to_hls(input.get(), {.directory = hls_}, clock_, {}, {}).ok());
  complete();

  const auto report = check();

  ASSERT_TRUE(report.ok());
  EXPECT_DOUBLE_EQ(report.value().pictures.black_ratio(), 1);
  EXPECT_DOUBLE_EQ(report.value().pictures.frozen_ratio(), 1);
  EXPECT_DOUBLE_EQ(report.value().sound.silent_ratio(), 1);
  EXPECT_TRUE(report.value().pictures.codes().seen().empty());
}

TEST_F(Viewer, RefusesAnAddressThatIsNoPlaylist) {
  const auto missing = check();
  const auto other = check_viewer("ftp://host/live.m3u8", {}, clock_, {});

  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, ErrorKind::kUsage);
}

TEST_F(Viewer, TheSheetShowsEveryScene) {
  record({.frames = 180});
  complete();

  const auto made = sheet(kTwoScenes);

  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made.value().problems, std::vector<std::string>{});
  EXPECT_EQ(made.value().verdict,
            "ok: 180 pictures, numbered 0 to 179 without a gap, 2 of 2 scenes seen");
  ASSERT_FALSE(made.value().shown.empty());
  EXPECT_EQ(made.value().shown.front().scene, "wide");
  EXPECT_EQ(made.value().shown.back().scene, "two");
  EXPECT_EQ(made.value().shown.back().overlays, std::vector<std::string>{"name"});
  EXPECT_GT(made.value().sheet->width, 1000);
}

TEST_F(Viewer, TheSheetFailsOnASceneThatNeverCame) {
  record({.frames = 60});
  complete();

  const auto made = sheet(kTwoScenes);

  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made.value().verdict, "failed: never shown: two");
}

TEST_F(Viewer, TheSheetFailsOnAnotherPicture) {
  record({.frames = 60, .first_number = 5000});
  complete();

  const auto made = sheet(kTwoScenes);

  ASSERT_TRUE(made.ok());
  ASSERT_FALSE(made.value().problems.empty());
  EXPECT_EQ(made.value().problems[0], "frame 5059 is shown, but the compositor made only 180");
}

TEST_F(Viewer, TheSheetFailsOnLostFramesAndAcceptsThoseTheCompositorLeftOut) {
  record({.frames = 60});
  record({.frames = 60, .first_number = 120}, true);
  complete();
  const std::string scenes = R"({"event":"program","tick":0,"scene":"wide"})";

  const auto lost = sheet(scenes);
  const auto left_out = sheet(scenes + "\n" + R"({"event":"ended","frames":180,"skipped":60})");

  ASSERT_TRUE(lost.ok() && left_out.ok());
  EXPECT_EQ(lost.value().problems, std::vector<std::string>{"60 frames are missing, 3 may be"});
  EXPECT_EQ(left_out.value().problems, std::vector<std::string>{});
}

TEST(SceneTimeline, TellsTransitionsApart) {
  const auto timeline = parse_timeline(kTwoScenes).value();

  EXPECT_EQ(timeline.at(0)->label(0), "wide");
  EXPECT_EQ(timeline.at(95)->label(95), "wide → two");
  EXPECT_EQ(timeline.at(130)->label(130), "two");
  EXPECT_EQ(timeline.frames, 180U);
}

TEST(SceneTimeline, ReadsAPlainListToo) {
  const auto timeline =
      parse_timeline(R"([{"frame":0,"scene":"a"},{"frame":9,"scene":"b","overlays":["x"]}])");

  ASSERT_TRUE(timeline.ok());
  EXPECT_EQ(timeline.value().at(10)->overlays, std::vector<std::string>{"x"});
  EXPECT_FALSE(parse_timeline("no JSON").ok());
}

}  // namespace
}  // namespace ts::media
