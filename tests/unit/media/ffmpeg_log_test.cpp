// SPDX-License-Identifier: Apache-2.0
#include "media/ffmpeg_log.hpp"

#include "media/av_handles.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace ts::media {
namespace {

TEST(FfmpegLog, CutsUrlsToTheirHostBecausePathsHoldKeys) {
  EXPECT_EQ(without_url_paths("[rtmps] Cannot open rtmps://live.example:443/app/sk_us-1 (x)"),
            "[rtmps] Cannot open rtmps://live.example:443/… (x)");
  EXPECT_EQ(without_url_paths("a http://user:pw@h/p?q=1 b https://h2 c"),
            "a http://…@h/… b https://h2 c");
  EXPECT_EQ(without_url_paths("nothing here"), "nothing here");
}

TEST(FfmpegLog, RoutesMessagesWithTheirLevel) {
  const SystemClock clock;
  std::vector<std::string> lines;
  Log log(clock, LogLevel::kInfo, [&](const Log::Line& line) {
    lines.push_back(std::string(line.component) + ": " + std::string(line.text));
  });
  const FfmpegLog routed(log);

  av_log(nullptr, AV_LOG_ERROR, "open rtmp://h/app/%s failed\n", "secret-key");
  av_log(nullptr, AV_LOG_WARNING, "chatter\n");

  EXPECT_EQ(lines, std::vector<std::string>{"ffmpeg: open rtmp://h/… failed"});
}

TEST(AvError, NamesTheReasonAndWhatToDo) {
  const Error refused = av_error(AVERROR(ECONNREFUSED), "open output 'mux'");
  EXPECT_EQ(refused.kind, ErrorKind::kMedia);
  EXPECT_EQ(refused.message, "open output 'mux': connection refused");
  EXPECT_TRUE(refused.retryable);
  EXPECT_FALSE(refused.hint.empty());
}

}  // namespace
}  // namespace ts::media
