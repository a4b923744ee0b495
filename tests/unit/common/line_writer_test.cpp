// SPDX-License-Identifier: Apache-2.0
#include "common/line_writer.hpp"

#include "core/unique_fd.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <string>

namespace ts::cli {
namespace {

class LineWriterTest : public testing::Test {
 protected:
  LineWriterTest() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe(ends.data()), 0);
    read_end_ = UniqueFd(ends[0]);
    write_end_ = UniqueFd(ends[1]);
  }
  /// The next line without its newline; waits for it.
  std::string next() {
    while (true) {
      const auto end = text_.find('\n');
      if (end != std::string::npos) {
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      std::array<char, 4096> buffer{};
      const ssize_t count = ::read(read_end_.get(), buffer.data(), buffer.size());
      if (count <= 0) return "";
      text_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  static std::string left_out(std::uint64_t count) { return fmt::format("{} left out\n", count); }

  UniqueFd read_end_;
  UniqueFd write_end_;
  std::string text_;
};

TEST_F(LineWriterTest, LinesArriveInOrder) {
  LineWriter writer(write_end_.get(), left_out);

  writer.write("one\n");
  writer.write("two\n");

  EXPECT_TRUE(writer.flush(seconds{20}));
  EXPECT_EQ(next(), "one");
  EXPECT_EQ(next(), "two");
}

TEST_F(LineWriterTest, NobodyWaitsForAReaderThatStandsStillAndWhatIsMissingIsCounted) {
  constexpr std::uint64_t kLines = 2000;
  LineWriter writer(write_end_.get(), left_out);
  const std::string filling(1000, '.');

  // 2 MB: a pipe and what may wait hold a sixth of it.
  for (std::uint64_t n = 0; n < kLines; ++n) writer.write(fmt::format("{} {}\n", n, filling));
  EXPECT_FALSE(writer.flush(milliseconds{0}));
  std::uint64_t came = 0;
  std::uint64_t missing = 0;
  std::uint64_t lowest = 0;
  while (came + missing < kLines) {
    const std::string line = next();
    const std::uint64_t number = std::stoull(line);
    if (line.find("left out") != std::string::npos) {
      missing += number;
      continue;
    }
    ASSERT_GE(number, lowest) << "in order, none twice";
    ASSERT_EQ(line, fmt::format("{} {}", number, filling));
    lowest = number + 1;
    ++came;
  }

  EXPECT_EQ(came + missing, kLines);
  EXPECT_GT(came, 0U);
  EXPECT_GT(missing, 0U);
  writer.write("after\n");
  EXPECT_EQ(next(), "after");
}

TEST_F(LineWriterTest, AReaderThatHasGoneHoldsNothingUp) {
  std::signal(SIGPIPE, SIG_IGN);  // as both programs do
  LineWriter writer(write_end_.get(), left_out);
  read_end_.reset();

  for (int n = 0; n < 2000; ++n) writer.write(std::string(1000, '.') + "\n");

  EXPECT_TRUE(writer.flush(seconds{20}));
}

}  // namespace
}  // namespace ts::cli
