// SPDX-License-Identifier: Apache-2.0
#include "media/stream_picture.hpp"

#include "core/unique_fd.hpp"
#include "media/flv_to_hls.hpp"
#include "support/fake_clock.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace ts::media {
namespace {

/// Eight seconds of numbered pictures, 30 a second, in segments of two seconds.
class StreamPicture : public testing::Test {
 protected:
  void SetUp() override {
    const auto flv = dir_.path() / "in.flv";
    test::make_media(flv, {.frames = 240});
    const UniqueFd input(::open(flv.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(flv_to_hls(input.get(), {.directory = folder_}, clock_, {}, {}).ok());
  }
  PictureRequest request(const std::string& name) {
    PictureRequest out;
    out.folder = folder_;
    out.out = dir_.path() / name;
    return out;
  }
  /// The numbers burnt into the pictures of a file that are 320 wide.
  static std::vector<int> numbers(const std::filesystem::path& file) {
    const auto luma = test::shell(
        fmt::format("ffmpeg -v error -i '{}' -f rawvideo -pix_fmt gray -", file.string()));
    constexpr std::size_t kSize = std::size_t{320} * 180;
    std::vector<int> out;
    for (std::size_t at = 0; at + kSize <= luma.size(); at += kSize) {
      const auto number =
          frame::read_frame_code({.data = reinterpret_cast<const std::uint8_t*>(luma.data()) + at,
                                  .stride = 320,
                                  .width = 320,
                                  .height = 180});
      out.push_back(number ? static_cast<int>(*number) : -1);
    }
    return out;
  }

  test::TempDir dir_;
  std::filesystem::path folder_ = dir_.path() / "hls";
  test::FakeClock clock_;
};

TEST_F(StreamPicture, IsTheFrameShownAtThatTime) {
  auto wanted = request("at.png");
  wanted.time = milliseconds{3'510};
  const auto made = make_picture(wanted, {});
  ASSERT_TRUE(made.ok()) << made.error().message;

  EXPECT_EQ(numbers(wanted.out), std::vector<int>{105});
  EXPECT_EQ(made.value().width, 320);
  EXPECT_NEAR(static_cast<double>(made.value().duration.count()), 8'000, 50);
}

TEST_F(StreamPicture, WithoutATimeIsTheNewestEvenWhileTheRecordingGrows) {
  const auto wanted = request("new.jpg");
  ASSERT_TRUE(make_picture(wanted, {}).ok());

  EXPECT_EQ(numbers(wanted.out), std::vector<int>{239});
}

TEST_F(StreamPicture, MovesFrameByFrameAcrossSegments) {
  auto wanted = request("moving.gif");
  wanted.kind = PictureRequest::Kind::kAnimation;
  wanted.time = milliseconds{1'500};
  wanted.length = milliseconds{1'000};
  wanted.fps = 10;
  ASSERT_TRUE(make_picture(wanted, {}).ok());

  EXPECT_EQ(numbers(wanted.out), (std::vector<int>{45, 48, 51, 54, 57, 60, 63, 66, 69, 72}));
}

TEST_F(StreamPicture, StoryboardSaysWhereItsTilesLie) {
  auto wanted = request("board.png");
  wanted.kind = PictureRequest::Kind::kStoryboard;
  const auto made = make_picture(wanted, {});
  ASSERT_TRUE(made.ok()) << made.error().message;

  EXPECT_EQ(made.value().tile_width, 256);
  EXPECT_EQ(made.value().tile_height, 144);
  EXPECT_EQ(made.value().width, 5 * 256);
  ASSERT_GE(made.value().tiles.size(), 4U);
  EXPECT_EQ(made.value().tiles[1], milliseconds{2'000});
}

TEST_F(StreamPicture, TurnsScalesAndCuts) {
  auto wanted = request("small.png");
  wanted.width = 100;
  wanted.height = 100;
  wanted.fit = PictureRequest::Fit::kCrop;
  wanted.rotate = 90;
  EXPECT_EQ(make_picture(wanted, {}).value().height, 100);
  wanted.fit = PictureRequest::Fit::kPreserve;
  EXPECT_EQ(make_picture(wanted, {}).value().width, 56);
}

TEST_F(StreamPicture, RefusesWhatCannotBe) {
  auto wanted = request("x.bmp");
  EXPECT_EQ(make_picture(wanted, {}).error().kind, ErrorKind::kUsage);
  wanted = request("x.png");
  wanted.rotate = 45;
  EXPECT_EQ(make_picture(wanted, {}).error().kind, ErrorKind::kUsage);
  wanted = request("x.png");
  wanted.time = milliseconds{60'000};
  EXPECT_EQ(make_picture(wanted, {}).error().kind, ErrorKind::kNotFound);
  wanted.folder = dir_.path() / "none";
  EXPECT_FALSE(make_picture(wanted, {}).ok());
}

}  // namespace
}  // namespace ts::media
