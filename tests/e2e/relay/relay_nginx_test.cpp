// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "frame/frame_code.hpp"
#include "support/media.hpp"
#include "support/nginx_rtmp.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace ts {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 320;
constexpr int kHeight = 180;

/// The numbers burnt into the pictures of a file, as the ffmpeg command decodes it; -1: unreadable.
std::vector<std::int64_t> numbers_in(const fs::path& file) {
  const auto raw = test::shell("timeout 120 ffmpeg -nostdin -v error -i '" + file.string() +
                               "' -map v -vsync passthrough -f rawvideo -pix_fmt gray -");
  constexpr std::size_t kPicture = std::size_t{kWidth} * kHeight;
  std::vector<std::int64_t> numbers;
  for (std::size_t at = 0; at + kPicture <= raw.size(); at += kPicture) {
    const frame::LumaView luma{.data = reinterpret_cast<const std::uint8_t*>(raw.data() + at),
                               .stride = kWidth,
                               .width = kWidth,
                               .height = kHeight};
    const auto code = frame::read_frame_code(luma);
    numbers.push_back(code ? std::int64_t{*code} : -1);
  }
  return numbers;
}

/// Hash of the coded bytes of every frame of one track, decoding nothing.
std::string coded_hashes(const fs::path& file, const std::string& track) {
  return test::shell("timeout 120 ffmpeg -nostdin -v error -i '" + file.string() + "' -map 0:" +
                     track + " -c copy -f framehash - | sed 's/.*,//' | grep -v '^#'");
}

std::vector<std::int64_t> count_from(std::int64_t first, std::size_t count) {
  std::vector<std::int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

/// The last line of `event` for `output` among JSON lines.
Json line_of(const std::string& lines, const std::string& event, const std::string& output) {
  Json found;
  for (const auto line : split(lines, '\n')) {
    const auto json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.value("event", "") == event &&
        json.value("output", "") == output) {
      found = json;
    }
  }
  return found;
}

class RelayToNginx : public testing::Test {
 protected:
  void SetUp() override { test::make_media(source_, {.frames = 120, .first_number = 7}); }

  /// ffmpeg publishes the source at its own pace into the relay, whose outputs are `commands`.
  std::string relay(const std::string& commands, const std::string& options = "") {
    std::ofstream(dir_.path() / "control") << commands;
    return test::shell(
        fmt::format("timeout 120 ffmpeg -nostdin -v error -re -i '{}' -c copy -f flv - | timeout "
                    "120 '{}' relay "
                    "--control-fd 3 {} 3<'{}' 2>'{}' || true",
                    source_.string(), TS_MEDIA_PROGRAM, options, (dir_.path() / "control").string(),
                    (dir_.path() / "stderr").string()));
  }

  test::TempDir dir_;
  fs::path source_ = dir_.path() / "source.flv";
  test::NginxRtmp nginx_{dir_.path()};
};

TEST_F(RelayToNginx, NginxReceivesTheVerySameFrames) {
  const auto lines =
      relay(fmt::format("{{\"op\":\"add\",\"id\":\"a\",\"url\":\"{}\"}}\n", nginx_.url("one")));

  const auto recording = nginx_.finished_recording("one");
  EXPECT_EQ(numbers_in(recording), count_from(7, 120));
  EXPECT_EQ(coded_hashes(recording, "v"), coded_hashes(source_, "v"));
  const auto finished = line_of(lines, "finished", "a");
  EXPECT_EQ(finished.value("dropped", -1), 0) << lines;
  EXPECT_EQ(finished.value("retries", -1), 0) << lines;
}

TEST_F(RelayToNginx, TwoOutputsGetItWhileAThirdFailsAndItsKeyStaysSecret) {
  const auto lines =
      relay(fmt::format("{{\"op\":\"add\",\"id\":\"a\",\"url\":\"{}\"}}\n", nginx_.url("one")) +
            fmt::format("{{\"op\":\"add\",\"id\":\"b\",\"url\":\"{}\"}}\n", nginx_.url("two")) +
            "{\"op\":\"add\",\"id\":\"c\",\"url\":\"rtmp://127.0.0.1:1/live/VERYSECRET\"}\n");

  EXPECT_EQ(numbers_in(nginx_.finished_recording("one")), count_from(7, 120));
  EXPECT_EQ(numbers_in(nginx_.finished_recording("two")), count_from(7, 120));
  const auto failed = line_of(lines, "failed", "c");
  EXPECT_EQ(failed["error"].value("kind", ""), "remote") << lines;
  EXPECT_EQ(lines.find("VERYSECRET"), std::string::npos);
  EXPECT_EQ(read_file(dir_.path() / "stderr").value().find("VERYSECRET"), std::string::npos);
}

TEST_F(RelayToNginx, PicturesAloneCanBeSent) {
  relay(fmt::format("{{\"op\":\"add\",\"id\":\"a\",\"url\":\"{}\"}}\n", nginx_.url("one")),
        "--audio=false");

  const auto recording = nginx_.finished_recording("one");
  EXPECT_EQ(numbers_in(recording), count_from(7, 120));
  EXPECT_TRUE(test::packet_times(recording.string(), "a", "pts").empty());
}

TEST(IngestProgram, ALivePublishBecomesARecordingThatPlaysWhole) {
  const test::TempDir dir;
  const auto source = dir.path() / "source.flv";
  test::make_media(source, {.frames = 120});
  const auto folder = (dir.path() / "hls").string();

  const auto lines = test::shell(fmt::format(
      "timeout 120 ffmpeg -nostdin -v error -re -i '{0}' -c copy -f flv - | timeout 120 "
      "'{1}' ingest --dir '{2}' && '{1}' ingest --dir '{2}' --complete",
      source.string(), TS_MEDIA_PROGRAM, folder));

  EXPECT_NE(lines.find("\"event\":\"started\""), std::string::npos);
  EXPECT_NE(lines.find("\"event\":\"completed\""), std::string::npos);
  EXPECT_EQ(numbers_in(folder + "/recording.m3u8"), count_from(0, 120));
  const auto report = test::shell(fmt::format("'{}' check '{}' --json", TS_MEDIA_PROGRAM, folder));
  EXPECT_TRUE(Json::parse(report, nullptr, false).value("ok", false)) << report;
}

TEST(CheckProgram, SaysHowALiveStreamStopped) {
  const test::TempDir dir;
  std::ofstream(dir.path() / "live.m3u8") << "#EXTM3U\n#EXT-X-TARGETDURATION:1\n";

  const auto answer = test::shell(fmt::format("'{}' check '{}' --for 60s --json 2>&1; echo exit $?",
                                              TS_MEDIA_PROGRAM, dir.path().string()));

  EXPECT_NE(answer.find("the playlist has not advanced for 10 s"), std::string::npos) << answer;
  EXPECT_NE(answer.find("exit 10"), std::string::npos) << answer;
}

}  // namespace
}  // namespace ts
