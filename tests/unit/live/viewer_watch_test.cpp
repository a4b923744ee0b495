// SPDX-License-Identifier: Apache-2.0
#include "live/viewer_watch.hpp"

#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::live {
namespace {

using testing::HasSubstr;

constexpr std::string_view kMaster = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\npb/live.m3u8\n";

std::string media(int first, int target = 2) {
  return fmt::format(
      "#EXTM3U\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n"
      "#EXTINF:2,\n{}.ts\n#EXTINF:2,\n{}.ts\n",
      target, first, first, first + 1);
}

class ViewerWatchTest : public testing::Test {
 protected:
  void look_at(int first, int target = 2) {
    transport_.answer(200, std::string(kMaster)).answer(200, media(first, target));
    watch_.look({});
  }

  test::FakeClock clock_;
  test::FakeTransport transport_;
  ViewerWatch watch_{transport_, clock_, "https://stream.example/pb.m3u8"};
};

TEST_F(ViewerWatchTest, FollowsTheMastersFirstVariant) {
  look_at(1);

  ASSERT_EQ(transport_.requests.size(), 2U);
  EXPECT_EQ(transport_.requests[1].url, "https://stream.example/pb/live.m3u8");
}

TEST_F(ViewerWatchTest, SaysNothingWhileNewSegmentsCome) {
  for (int first = 1; first < 20; ++first) {
    look_at(first);
    clock_.advance(seconds(10));
    EXPECT_FALSE(watch_.change());
  }
}

TEST_F(ViewerWatchTest, TellsAStallOnceAndWhenItIsOver) {
  look_at(1);
  clock_.advance(seconds(13));
  look_at(1);

  const auto stalled = watch_.change();
  ASSERT_TRUE(stalled);
  EXPECT_TRUE(stalled->stalled);
  EXPECT_THAT(stalled->text, HasSubstr("stood still for 13 s"));
  EXPECT_FALSE(watch_.change());

  clock_.advance(seconds(7));
  look_at(2);
  const auto over = watch_.change();
  ASSERT_TRUE(over);
  EXPECT_FALSE(over->stalled);
  EXPECT_THAT(over->text, HasSubstr("goes on after 20 s"));
  EXPECT_FALSE(watch_.change());
}

TEST_F(ViewerWatchTest, NamesTheReasonWhenThePlaylistIsGone) {
  look_at(1);
  transport_.fail({.kind = ErrorKind::kRemote, .message = "no route to stream.example"});
  watch_.look({});
  clock_.advance(seconds(13));

  const auto stalled = watch_.change();

  ASSERT_TRUE(stalled);
  EXPECT_THAT(stalled->text, HasSubstr("(no route to stream.example)"));
}

TEST_F(ViewerWatchTest, IsAsPatientAsThreeSegmentsAreLong) {
  look_at(1, 6);
  clock_.advance(seconds(17));
  EXPECT_FALSE(watch_.change());

  clock_.advance(seconds(2));
  EXPECT_TRUE(watch_.change());
}

TEST_F(ViewerWatchTest, NoticesAPlaylistThatNeverCame) {
  transport_.answer(412).answer(412);
  watch_.look({});
  clock_.advance(seconds(13));

  EXPECT_TRUE(watch_.change());
}

}  // namespace
}  // namespace ts::live
