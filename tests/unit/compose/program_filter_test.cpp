// SPDX-License-Identifier: Apache-2.0
#include "compose/program_filter.hpp"

#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::compose {
namespace {

using test::decode;
using test::Decoded;
using test::run_offline;
using test::TempDir;

/// A show of one color, through a filter.
std::string filtered_show(const std::string& filter, const std::string& color = "red") {
  return R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "1s", "filter": ")" +
         filter + R"(", "sources": {"a": {"color": ")" + color +
         R"("}}, "scenes": {"s": {"layout": "full", "slots": ["a"]}}})";
}

TEST(ProgramFilter, OneThatDelaysOrResizesIsRefusedWithTheReason) {
  const auto reason = [](const std::string& filter) {
    const Status status =
        check_program_filter(scene::parse_show(filtered_show(filter), "show", "").value());
    return status.ok() ? "" : status.error().message + " | " + status.error().hint;
  };

  EXPECT_EQ(reason("yadif"),
            "the program's filter cannot be used: it waits for 1 more picture before it gives one, "
            "and the sound would come too early | "
            "give it to the sources instead: their sound waits for it");
  EXPECT_NE(reason("bwdif").find("1 more picture "), std::string::npos) << reason("bwdif");
  EXPECT_NE(reason("atadenoise").find("5 more pictures"), std::string::npos);
  EXPECT_NE(reason("tmedian").find("2 more pictures"), std::string::npos);
  EXPECT_EQ(reason("crop=160:90"),
            "the program's filter cannot be used: its pictures are 160 x 90, the program's "
            "320 x 180 | put scale=320:180 at its end");
  for (const char* filter :
       {"", "negate", "hqdn3d", "tmix", "mpdecimate", "crop=160:90,scale=320:180"}) {
    EXPECT_EQ(reason(filter), "") << filter;
  }
}

TEST(ProgramFilter, AShowWithOneThatCannotBeUsedDoesNotStart) {
  const TempDir folder;

  const auto run =
      run_offline(filtered_show("atadenoise"), folder.path(), folder.path() / "out.mkv");

  ASSERT_FALSE(run.result.ok());
  EXPECT_NE(run.result.error().message.find("at $.filter"), std::string::npos);
  EXPECT_NE(run.result.error().message.find("more pictures"), std::string::npos);
}

TEST(ProgramFilter, OneThatLeavesOutWhatIsTheSameShowsThePictureBefore) {
  const TempDir folder;
  const auto out = folder.path() / "out.mkv";

  const auto run = run_offline(filtered_show("negate,mpdecimate", "#202020"), folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 30U);
  for (const std::size_t at : {0U, 1U, 29U}) {
    EXPECT_NEAR(d.luma(at, 0, 0, 320, 180), 255 - to_yuv(0x202020).y, 2) << at;
  }
}

}  // namespace
}  // namespace ts::compose
