// SPDX-License-Identifier: Apache-2.0
#include "media/flv_to_hls.hpp"

#include "core/file.hpp"
#include "core/unique_fd.hpp"
#include "support/fake_clock.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

namespace ts::media {
namespace {

namespace fs = std::filesystem;

class FlvToHls : public testing::Test {
 protected:
  Result<IngestTotals> ingest(const fs::path& flv, bool append = false) {
    const UniqueFd input(::open(flv.c_str(), O_RDONLY | O_CLOEXEC));
    return flv_to_hls(input.get(), {.directory = out_, .append = append}, clock_, events_, {});
  }
  fs::path media(const std::string& name, const test::MediaRecipe& recipe) {
    const auto path = dir_.path() / name;
    test::make_media(path, recipe);
    return path;
  }
  [[nodiscard]] HlsMediaPlaylist playlist(const char* name) const {
    const auto text = read_file(out_ / name);
    EXPECT_TRUE(text.ok());
    return std::get<HlsMediaPlaylist>(parse_hls(text.value()).value());
  }
  /// The finished recording, for ffprobe (which would wait for more of an open one).
  [[nodiscard]] std::string recording() const {
    EXPECT_TRUE(HlsWriter::complete(out_).ok());
    return (out_ / kHlsRecordingName).string();
  }

  test::TempDir dir_;
  fs::path out_ = dir_.path() / "hls";
  test::FakeClock clock_;
  std::vector<std::string> tracks_;
  IngestEvents events_{.on_tracks = [this](const Tracks& t) { tracks_.push_back(describe(t)); },
                       .on_segment = {}};
};

bool strictly_rises(const std::vector<std::int64_t>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

TEST_F(FlvToHls, WritesEveryFrameIntoSegmentsThatEndAtKeyFrames) {
  const auto totals = ingest(media("in.flv", {.frames = 195}));
  ASSERT_TRUE(totals.ok()) << totals.error().message;
  ASSERT_TRUE(HlsWriter::complete(out_).ok());

  EXPECT_EQ(totals.value().video_packets, 195U);
  EXPECT_EQ(tracks_, std::vector<std::string>{"h264 320x180 + aac 48000 Hz, 2 channels"});
  const auto list = playlist(kHlsRecordingName);
  ASSERT_EQ(list.segments.size(), 4U);
  EXPECT_TRUE(list.ended);
  EXPECT_EQ(list.type, HlsMediaPlaylist::Type::kVod);
  EXPECT_EQ(list.segments[0].duration, microseconds{2'000'000});
  EXPECT_EQ(list.segments[2].duration, microseconds{2'000'000});
  EXPECT_NEAR(static_cast<double>(list.total_duration().count()), 6'500'000, 25'000);
  const auto pictures = test::packet_times(recording(), "v:0", "pts");
  EXPECT_EQ(pictures.size(), 195U);
  EXPECT_TRUE(strictly_rises(pictures));
  EXPECT_TRUE(strictly_rises(test::packet_times(recording(), "a:0", "dts")));
}

TEST_F(FlvToHls, EverySegmentCanBeDecodedAlone) {
  ASSERT_TRUE(ingest(media("in.flv", {})).ok());

  for (const auto& segment : playlist(kHlsRecordingName).segments) {
    const auto file = (out_ / segment.uri).string();
    const auto decoded = test::shell("timeout 30 ffmpeg -nostdin -v error -i '" + file +
                                     "' -f null - 2>&1; ffprobe -v error -count_frames -of "
                                     "csv=p=0 -select_streams v:0 -show_entries "
                                     "stream=nb_read_frames '" +
                                     file + "'");
    EXPECT_EQ(decoded.substr(0, 2), "60") << decoded;
  }
}

TEST_F(FlvToHls, ReorderedPicturesKeepTheirTimes) {
  const auto flv =
      media("in.flv", {.frames = 150, .gop = 30, .video_options = "-preset veryfast -bf 3"});
  const auto wanted = test::packet_times(flv.string(), "v:0", "pts");

  ASSERT_TRUE(ingest(flv).ok());

  const auto pts = test::packet_times(recording(), "v:0", "pts");
  ASSERT_EQ(pts.size(), wanted.size());
  for (std::size_t i = 0; i < pts.size(); ++i) {
    EXPECT_EQ(pts[i] - pts[0], (wanted[i] - wanted[0]) * 90) << i;
  }
  EXPECT_TRUE(strictly_rises(test::packet_times(recording(), "v:0", "dts")));
}

TEST_F(FlvToHls, ASecondPublishGoesOnAfterADiscontinuity) {
  ASSERT_TRUE(ingest(media("a.flv", {.frames = 90})).ok());
  clock_.advance(std::chrono::seconds{30});

  const auto second = ingest(media("b.flv", {.frames = 90, .first_number = 90}), true);

  ASSERT_TRUE(second.ok()) << second.error().message;
  ASSERT_TRUE(HlsWriter::complete(out_).ok());
  const auto list = playlist(kHlsRecordingName);
  ASSERT_EQ(list.segments.size(), 4U);
  EXPECT_TRUE(list.segments[2].discontinuity);
  EXPECT_FALSE(list.segments[3].discontinuity);
  EXPECT_EQ(*list.segments[2].program_date_time - *list.segments[0].program_date_time,
            std::chrono::seconds{30});
  const auto pts = test::packet_times(recording(), "v:0", "pts");
  EXPECT_EQ(pts.size(), 180U);
  EXPECT_TRUE(strictly_rises(pts));
  EXPECT_TRUE(strictly_rises(test::packet_times(recording(), "a:0", "pts")));
  EXPECT_LT(pts[90] - pts[89], 90 * 90);  // No hole: under 90 ms.
}

TEST_F(FlvToHls, TheLivePlaylistSlidesAndCountsDiscontinuities) {
  ASSERT_TRUE(ingest(media("a.flv", {.frames = 60})).ok());
  ASSERT_TRUE(ingest(media("b.flv", {.frames = 480}), true).ok());

  const auto live = playlist(kHlsLiveName);

  EXPECT_EQ(live.segments.size(), 6U);
  EXPECT_EQ(live.media_sequence, 3U);
  EXPECT_EQ(live.discontinuity_sequence, 1U);
  EXPECT_FALSE(live.ended);
}

TEST_F(FlvToHls, RefusesToGoOnWithACompleteRecording) {
  const auto flv = media("a.flv", {.frames = 60});
  ASSERT_TRUE(ingest(flv).ok());
  ASSERT_TRUE(HlsWriter::complete(out_).ok());

  const auto again = ingest(flv, true);

  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
}

TEST_F(FlvToHls, SoundAloneIsCutByTime) {
  ASSERT_TRUE(ingest(media("a.flv", {.frames = 165, .video = false})).ok());

  const auto list = playlist(kHlsRecordingName);

  EXPECT_EQ(tracks_, std::vector<std::string>{"aac 48000 Hz, 2 channels"});
  ASSERT_EQ(list.segments.size(), 3U);
  EXPECT_NEAR(static_cast<double>(list.total_duration().count()), 5'500'000, 50'000);
}

TEST_F(FlvToHls, PicturesAloneAreFine) {
  ASSERT_TRUE(ingest(media("v.flv", {.frames = 120, .audio = false})).ok());

  EXPECT_EQ(tracks_, std::vector<std::string>{"h264 320x180"});
  // FLV rounds every time to a millisecond.
  EXPECT_NEAR(static_cast<double>(playlist(kHlsRecordingName).total_duration().count()), 4'000'000,
              1'000);
}

TEST_F(FlvToHls, KeepsWhatCameBeforeThePublisherDied) {
  const auto flv = media("a.flv", {.frames = 180});
  fs::resize_file(flv, fs::file_size(flv) * 2 / 3);

  const auto totals = ingest(flv);

  ASSERT_TRUE(totals.ok());
  EXPECT_TRUE(totals.value().truncated);
  EXPECT_GE(totals.value().video_packets, 100U);
  EXPECT_EQ(test::packet_times(recording(), "v:0", "pts").size(), totals.value().video_packets);
}

TEST_F(FlvToHls, NamesACodecThatPlayersCannotUse) {
  const auto flv = media("mp3.flv", {.frames = 60, .audio_options = "-c:a libmp3lame -ar 44100"});

  const auto totals = ingest(flv);

  ASSERT_FALSE(totals.ok());
  EXPECT_EQ(totals.error().kind, ErrorKind::kMedia);
  EXPECT_EQ(totals.error().message, "audio codec MP3 is not supported here");
  EXPECT_EQ(totals.error().hint, "publish AAC");
}

TEST_F(FlvToHls, SaysThatAnEmptyStreamHadNoMedia) {
  const auto flv = dir_.path() / "empty.flv";
  std::string header;
  rtmp::FlvWriter::append_header(header);
  std::ofstream(flv, std::ios::binary) << header;

  const auto totals = ingest(flv);

  ASSERT_FALSE(totals.ok());
  EXPECT_EQ(totals.error().kind, ErrorKind::kMedia);
  EXPECT_FALSE(fs::exists(out_ / kHlsRecordingName));
}

TEST_F(FlvToHls, AFileThatMayNotGrowIsAnErrorAndLeavesNoHalfSegment) {
  const auto flv = media("a.flv", {.frames = 180, .width = 1280, .height = 720});
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 40'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);

  const auto totals = ingest(flv);

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(totals.ok());
  EXPECT_EQ(totals.error().kind, ErrorKind::kMedia);
  const auto files = std::distance(fs::directory_iterator(out_), fs::directory_iterator{});
  EXPECT_EQ(files, 0) << totals.error().message;
}

TEST_F(FlvToHls, StopsWhileItWaitsForInputAndKeepsTheLastSegment) {
  const auto flv = read_file(media("a.flv", {.frames = 30})).value();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  std::stop_source stop;
  Result<IngestTotals> totals = Error{};
  std::jthread feeder([&] {
    std::string_view rest = flv;
    while (!rest.empty()) {
      rest.remove_prefix(
          static_cast<std::size_t>(::write(write_end.get(), rest.data(), rest.size())));
    }
    // Once the pipe is empty everything has been taken in, and the reader waits for more.
    for (int left = 1; left > 0; std::this_thread::yield())
      ::ioctl(read_end.get(), FIONREAD, &left);
    stop.request_stop();
  });

  totals = flv_to_hls(read_end.get(), {.directory = out_}, clock_, events_, stop.get_token());

  ASSERT_TRUE(totals.ok()) << totals.error().message;
  EXPECT_EQ(totals.value().video_packets, 30U);
  EXPECT_TRUE(fs::exists(out_ / "segment_00000.ts"));
}

}  // namespace
}  // namespace ts::media
