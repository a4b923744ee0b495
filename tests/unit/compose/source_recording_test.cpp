// SPDX-License-Identifier: Apache-2.0
#include "compose/source_recording.hpp"

#include "core/unique_fd.hpp"
#include "media/reader.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

namespace ts::compose {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeader = 13;  // of an FLV file, with the first "previous size"
constexpr std::size_t kTag = 11;
constexpr int kPictures = 60;  // in 2 s

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Gives every tag of an FLV file another time.
std::string retimed(std::string flv, const std::function<int(int)>& time_of) {
  for (std::size_t at = kHeader; at + kTag < flv.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(flv[at + i]); };
    const int time = time_of(byte(4) << 16 | byte(5) << 8 | byte(6));
    const std::size_t size =
        std::size_t{byte(1)} << 16U | std::size_t{byte(2)} << 8U | std::size_t{byte(3)};
    for (const unsigned i : {0U, 1U, 2U}) {
      flv[at + 4 + i] = static_cast<char>(time >> (16U - 8U * i) & 255);
    }
    at += kTag + size + 4;
  }
  return flv;
}

/// What follows in the same connection: without the file's own beginning.
std::string behind(const std::string& flv, int offset_ms) {
  return retimed(flv, [&](int time) { return time + offset_ms; }).substr(kHeader);
}

class SourceRecordingTest : public testing::Test {
 protected:
  fs::path iso() const { return folder_.path() / "iso"; }

  fs::path media(const std::string& name, int width = 320, int height = 180) {
    const fs::path path = folder_.path() / name;
    test::make_media(path, {.frames = kPictures, .gop = 30, .width = width, .height = height});
    return path;
  }

  /// Records what comes out of a connection; `at` is called before every packet.
  void record(const media::OpenOptions& options, const std::function<void()>& at = {}) {
    auto opened = media::Reader::open(options, {});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    SourceRecording recording({.folder = iso().string(),
                               .name = "camera",
                               .now = [this] { return now_; },
                               .on_trouble = [this](const auto& why) { told_.push_back(why); }});
    recording.begin(*opened.value());
    while (true) {
      const auto packet = opened.value()->read();
      ASSERT_TRUE(packet.ok()) << packet.error().message;
      if (!packet.value()) break;
      if (at) at();
      if (packet.value()->late) recording.begin_anew(*opened.value());
      recording.write(*packet.value());
      // What comes as another codec is noticed by the decoders.
      opened.value()->send(packet.value()->video, packet.value()->packet.get());
      while (opened.value()->receive(packet.value()->video)) continue;
    }
    recording.end();
  }
  void record_flv(const std::string& flv, const std::function<void()>& at = {}) {
    const fs::path path = folder_.path() / "sent.flv";
    std::ofstream(path, std::ios::binary) << flv;
    const UniqueFd input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    record({.name = "camera", .low_latency = true, .flv_fd = input.get()}, at);
  }
  void record_ts(const std::string& ts) {
    const fs::path path = folder_.path() / "sent.ts";
    std::ofstream(path, std::ios::binary) << ts;
    record({.url = path.string(), .name = "camera", .low_latency = true});
  }

  /// A recording that is whole: nothing in it troubles FFmpeg.
  struct File {
    int streams = 0;
    int pictures = 0;
    int sounds = 0;
    int width = 0;
    double first = 0;  ///< Time of the first picture.
  };
  File file(const std::string& name) const {
    const std::string path = (iso() / name).string();
    // Where two times come to lie in one picture's is no concern of the recording.
    const std::string said = test::shell("ffmpeg -nostdin -v error -i '" + path +
                                         "' -f null - 2>&1 | sed '/^.null @/d; /Last message/d'");
    EXPECT_EQ(said, "") << name;
    File out;
    const Json found = test::probe(path, "-show_streams -count_packets");
    for (const auto& stream : found["streams"]) {
      ++out.streams;
      const int count = std::stoi(stream["nb_read_packets"].get<std::string>());
      if (stream["codec_type"] == "video") {
        out.pictures += count;
        out.width = stream["width"].get<int>();
      } else {
        out.sounds += count;
      }
    }
    const auto times = test::packet_times(path, "v:0", "pts");
    if (!times.empty()) out.first = static_cast<double>(times.front()) / 1000;
    return out;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(iso()), fs::directory_iterator()));
  }

  void SetUp() override { fs::create_directory(iso()); }

  test::TempDir folder_;
  ProgramTime now_{};
  std::vector<std::string> told_;
};

TEST_F(SourceRecordingTest, GoesOnInAnotherFileWhenTheClockBeginsAnew) {
  const std::string flv = bytes_of(media("a.flv"));
  record_flv(flv + behind(flv, 1000));
  ASSERT_EQ(files(), 2U);
  for (const char* name : {"camera.mkv", "camera-2.mkv"}) {
    const File one = file(name);
    EXPECT_EQ(one.streams, 2);
    EXPECT_EQ(one.pictures, kPictures) << name;
    EXPECT_NEAR(one.sounds, 2 * 48'000 / 1024, 4) << name;
    EXPECT_LT(one.first, 0.1) << name;
  }
  EXPECT_TRUE(told_.empty());
}

TEST_F(SourceRecordingTest, HeadersThatComeAgainChangeNothing) {
  const std::string flv = bytes_of(media("a.flv"));
  record_flv(flv + behind(flv, 2100));
  ASSERT_EQ(files(), 1U);
  const File one = file("camera.mkv");
  EXPECT_EQ(one.streams, 2);
  EXPECT_EQ(one.pictures, 2 * kPictures);
}

TEST_F(SourceRecordingTest, GoesOnInAnotherFileWhenTheHeadersAreOthers) {
  const std::string small = bytes_of(media("a.flv"));
  const std::string large = bytes_of(media("b.flv", 480, 270));
  record_flv(small + behind(large, 2100));
  ASSERT_EQ(files(), 2U);
  const File first = file("camera.mkv");
  EXPECT_EQ(first.pictures, kPictures);
  EXPECT_EQ(first.width, 320);
  const File second = file("camera-2.mkv");
  EXPECT_EQ(second.pictures, kPictures);
  EXPECT_EQ(second.width, 480);
  EXPECT_NEAR(second.sounds, 2 * 48'000 / 1024, 4);
}

TEST_F(SourceRecordingTest, GoesOnInAnotherFileWhenTransportStreamsBecomeLarger) {
  const auto part = [&](const char* name, int width, int height, int offset) {
    const fs::path from = media(std::string(name) + ".mp4", width, height);
    const fs::path path = folder_.path() / (std::string(name) + ".ts");
    test::shell(fmt::format("ffmpeg -nostdin -v error -i '{}' -c copy -output_ts_offset {} '{}'",
                            from.string(), offset, path.string()));
    return bytes_of(path);
  };
  const std::string small = part("a", 320, 180, 0);
  record_ts(small + part("b", 320, 180, 2) + part("c", 480, 270, 4));
  ASSERT_EQ(files(), 2U);
  const File first = file("camera.mkv");
  EXPECT_EQ(first.pictures, 2 * kPictures);
  EXPECT_EQ(first.width, 320);
  const File second = file("camera-2.mkv");
  EXPECT_EQ(second.pictures, kPictures);
  EXPECT_EQ(second.width, 480);
}

TEST_F(SourceRecordingTest, TimesThatRepeatOrTrembleCostNothing) {
  const std::string flv = bytes_of(media("a.flv"));
  record_flv(retimed(flv, [](int time) {
    if (time > 500 && time < 700) return 500;  // again and again
    return time > 1000 && time < 1100 ? time - 80 : time;
  }));
  ASSERT_EQ(files(), 1U);
  const File one = file("camera.mkv");
  EXPECT_EQ(one.pictures, kPictures);
  EXPECT_NEAR(one.sounds, 2 * 48'000 / 1024, 4);
}

TEST_F(SourceRecordingTest, OnlyTheSoundsClockBeginsAnew) {
  const std::string flv = bytes_of(media("a.flv"));
  std::string sent = flv;
  // Sound after the first half second: as if from the beginning of a day.
  for (std::size_t at = kHeader; at + kTag < sent.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sent[at + i]); };
    const std::size_t size =
        std::size_t{byte(1)} << 16U | std::size_t{byte(2)} << 8U | std::size_t{byte(3)};
    const unsigned time = unsigned{byte(4)} << 16U | unsigned{byte(5)} << 8U | byte(6);
    if (sent[at] == 8 && time < 700) sent[at + 4] = 1;  // 65 s later
    at += kTag + size + 4;
  }
  record_flv(sent);
  int pictures = 0;
  int sounds = 0;
  for (const auto& entry : fs::directory_iterator(iso())) {
    const File one = file(entry.path().filename().string());
    pictures += one.pictures;
    sounds += one.sounds;
  }
  EXPECT_EQ(pictures, kPictures);
  // What came before the next key frame had no file.
  EXPECT_GT(sounds, 60);
}

TEST_F(SourceRecordingTest, TriesAgainAfterTroubleAndTellsOfIt) {
  const std::string flv = bytes_of(media("a.flv"));
  fs::remove(iso());
  int packets = 0;
  record_flv(flv + behind(flv, 2100) + behind(flv, 4200), [&] {
    // Trouble passes after a second; the disk is there again from then on.
    if (++packets == 60) {
      EXPECT_EQ(told_.size(), 1U);
      fs::create_directory(iso());
    }
    now_ += milliseconds{20};
  });
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_NE(told_[0].find("camera"), std::string::npos) << told_[0];
  EXPECT_EQ(told_[1], "");
  ASSERT_EQ(files(), 1U);
  // All but what came until the first key frame two seconds later.
  EXPECT_GE(file("camera.mkv").pictures, kPictures);
}

}  // namespace
}  // namespace ts::compose
