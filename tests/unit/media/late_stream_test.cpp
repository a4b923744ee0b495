// SPDX-License-Identifier: Apache-2.0
#include "core/unique_fd.hpp"
#include "media/reader.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

namespace ts::media {
namespace {

constexpr std::size_t kHeader = 13;  // of the file, with the first "previous size"
constexpr std::size_t kTag = 11;
constexpr char kAudio = 8;
constexpr char kVideo = 9;

/// `flv` as an encoder sends it that has nothing of `late` for the first `from` ms, nor tells that
/// something will come.
std::string delayed(const std::string& flv, char late, unsigned from) {
  std::string out = flv.substr(0, kHeader);
  out[4] = late == kAudio ? 1 : 4;
  std::string description;
  for (std::size_t at = kHeader; at + kTag < flv.size();) {
    const auto byte = [&](std::size_t i) {
      return unsigned{static_cast<unsigned char>(flv[at + i])};
    };
    const std::size_t size = (byte(1) << 16U | byte(2) << 8U | byte(3)) + kTag + 4;
    const unsigned time = byte(4) << 16U | byte(5) << 8U | byte(6);
    const std::string tag = flv.substr(at, size);
    at += size;
    if (tag[0] != kAudio && tag[0] != kVideo) continue;  // the metadata
    if (tag[0] == late && tag[kTag + 1] == 0) {
      description = tag;
    } else if (tag[0] != late || time >= from) {
      if (tag[0] == late && !description.empty()) {
        for (std::size_t i = 4; i < 7; ++i) description[i] = tag[i];
        out += std::exchange(description, {});
      }
      out += tag;
    }
  }
  return out;
}

struct Heard {
  int pictures = 0;
  int sounds = 0;
  int late = 0;
};

Heard read_all(const std::string& flv, const std::filesystem::path& path, bool video_first) {
  std::ofstream(path, std::ios::binary) << flv;
  const UniqueFd input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  auto opened = Reader::open({.name = "camera", .low_latency = true, .flv_fd = input.get()}, {});
  if (!opened.ok()) {
    ADD_FAILURE() << opened.error().message;
    return {};
  }
  Reader& reader = *opened.value();
  EXPECT_EQ(reader.info().has_video, video_first);
  EXPECT_EQ(reader.info().has_audio, !video_first);
  Heard out;
  while (true) {
    const auto packet = reader.read();
    if (!packet.ok() || !packet.value()) break;
    out.late += packet.value()->late ? 1 : 0;
    reader.send(packet.value()->video, packet.value()->packet.get());
    while (reader.receive(true)) ++out.pictures;
    while (reader.receive(false)) ++out.sounds;
  }
  EXPECT_TRUE(reader.info().has_video && reader.info().has_audio);
  return out;
}

TEST(LateStream, OfAnRtmpCameraIsTakenWhenItComes) {
  const test::TempDir folder;
  const auto path = folder.path() / "whole.flv";
  test::make_media(path, {.frames = 120});
  std::ifstream in(path, std::ios::binary);
  const std::string flv{std::istreambuf_iterator<char>(in), {}};

  const Heard sound_late = read_all(delayed(flv, kAudio, 2000), folder.path() / "a.flv", true);
  EXPECT_EQ(sound_late.pictures, 120);
  EXPECT_NEAR(sound_late.sounds, 2 * 48'000 / 1024, 4);
  EXPECT_EQ(sound_late.late, 1);

  const Heard pictures_late = read_all(delayed(flv, kVideo, 2000), folder.path() / "v.flv", false);
  EXPECT_EQ(pictures_late.pictures, 60);
  EXPECT_NEAR(pictures_late.sounds, 4 * 48'000 / 1024, 4);
  EXPECT_EQ(pictures_late.late, 1);
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Everything of a transport stream, as from a camera.
struct Received {
  int pictures = 0;
  int sounds = 0;
  int late = 0;
  int untimed = 0;
  std::int64_t last_us = 0;  ///< Time of the last picture.
  InputInfo begin{};
  InputInfo end{};
  StreamFormat video{};
  StreamFormat audio{};
};

class LateTransportStream : public testing::Test {
 protected:
  /// A part of a recording of 6 s, with the streams `map` names.
  std::string part(const std::string& map, int from, int seconds,
                   const std::string& options = "-c copy") {
    if (!std::filesystem::exists(whole_)) {
      test::make_media(whole_, {.frames = 180, .gop = 30});
    }
    const auto path = folder_.path() / "part.ts";
    test::shell(
        fmt::format("ffmpeg -nostdin -v error -y -ss {} -t {} -i '{}' {} {} -muxdelay 0 "
                    "-output_ts_offset {} '{}'",
                    from, seconds, whole_.string(), map, options, from + 1, path.string()));
    return bytes_of(path);
  }
  Received receive(const std::string& ts) {
    // Not as a file: FFmpeg looks at its end, too.
    const auto path = folder_.path() / "camera";
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    std::filesystem::remove(path);
    Received out;
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 1) != 0) {
      ADD_FAILURE() << "no socket";
      return out;
    }
    const std::jthread camera([&] {
      const UniqueFd caller(::accept(listener.get(), nullptr, nullptr));
      for (std::size_t at = 0; at < ts.size();) {
        const auto sent = ::send(caller.get(), ts.data() + at, ts.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += static_cast<std::size_t>(sent);
      }
    });
    auto opened = Reader::open(
        {.url = "unix:" + path.string(), .is_file = false, .name = "camera", .low_latency = true},
        {});
    if (!opened.ok()) {
      ADD_FAILURE() << opened.error().message;
      return out;
    }
    Reader& reader = *opened.value();
    out.begin = reader.info();
    const auto take = [&] {
      while (const AvFrame frame = reader.receive(true)) {
        ++out.pictures;
        out.last_us =
            av_rescale_q(frame->pts, reader.time_base(true), {1, 1'000'000}) - reader.start_us();
      }
      while (reader.receive(false)) ++out.sounds;
    };
    while (true) {
      const auto packet = reader.read();
      if (!packet.ok() || !packet.value()) break;
      if (packet.value()->late) {
        ++out.late;
        // Enough for a recording that begins now.
        StreamFormat& format = packet.value()->video ? out.video : out.audio;
        format = reader.format(packet.value()->video);
      }
      out.untimed += packet.value()->packet->pts == AV_NOPTS_VALUE ? 1 : 0;
      reader.send(packet.value()->video, packet.value()->packet.get());
      take();
    }
    reader.send(true, nullptr);
    take();
    out.end = reader.info();
    return out;
  }

  const test::TempDir folder_;
  const std::filesystem::path whole_ = folder_.path() / "whole.mp4";
};

constexpr const char* kBoth = "-map 0:v -map 0:a -streamid 0:256 -streamid 1:257";

TEST_F(LateTransportStream, SoundIsTakenWhenItComes) {
  const auto got = receive(part("-map 0:v -streamid 0:256", 0, 3) + part(kBoth, 3, 3));
  EXPECT_FALSE(got.begin.has_audio);
  EXPECT_EQ(got.pictures, 180);
  EXPECT_NEAR(got.sounds, 3 * 48'000 / 1024, 4);
  EXPECT_EQ(got.late, 1);
  EXPECT_EQ(got.untimed, 0);
  EXPECT_TRUE(got.end.has_audio);
  ASSERT_TRUE(got.audio.parameters);
  EXPECT_EQ(got.audio.parameters->sample_rate, 48'000);
  EXPECT_EQ(got.audio.parameters->ch_layout.nb_channels, 2);
}

TEST_F(LateTransportStream, PicturesAreTakenWhenTheyCome) {
  const auto got = receive(part("-map 0:a -streamid 0:257", 0, 3) + part(kBoth, 3, 3));
  EXPECT_FALSE(got.begin.has_video);
  EXPECT_EQ(got.pictures, 90);
  EXPECT_NEAR(got.sounds, 6 * 48'000 / 1024, 6);
  EXPECT_EQ(got.late, 1);
  EXPECT_TRUE(got.end.has_video);
  ASSERT_TRUE(got.video.parameters);
  EXPECT_EQ(got.video.parameters->width, 320);
  EXPECT_GT(got.video.parameters->extradata_size, 0);
}

TEST_F(LateTransportStream, SoundThatWasAnnouncedIsTakenWhenItComes) {
  const std::string begin = part("-map 0:v -streamid 0:256", 0, 3);
  const std::string both = part(kBoth, 3, 3);
  // The tables with both streams from the beginning: what the muxer writes first.
  std::string tables;
  for (std::size_t at = 0; at + 188 <= both.size() && tables.size() < 3 * std::size_t{188};
       at += 188) {
    const auto byte = [&](std::size_t i) {
      return unsigned{static_cast<unsigned char>(both[at + i])};
    };
    const unsigned pid = (byte(1) & 0x1FU) << 8U | byte(2);
    if (pid == 0x11 || pid == 0 || pid == 0x1000) tables += both.substr(at, 188);
  }
  std::string media;
  for (std::size_t at = 0; at + 188 <= begin.size(); at += 188) {
    const auto byte = [&](std::size_t i) {
      return unsigned{static_cast<unsigned char>(begin[at + i])};
    };
    if (((byte(1) & 0x1FU) << 8U | byte(2)) == 256) media += begin.substr(at, 188);
  }
  const auto got = receive(tables + media + both);
  EXPECT_FALSE(got.begin.has_audio);
  EXPECT_EQ(got.pictures, 180);
  EXPECT_NEAR(got.sounds, 3 * 48'000 / 1024, 4);
  EXPECT_EQ(got.late, 1);
}

TEST_F(LateTransportStream, AnotherCodecUnderTheSameNumberIsDecoded) {
  const std::string first = part(kBoth, 0, 3);
  const std::string second =
      part(kBoth, 3, 3,
           "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=15 -c:a mp2");
  const auto got = receive(first + second);
  EXPECT_EQ(got.begin.video_codec, "h264");
  EXPECT_EQ(got.end.video_codec, "hevc");
  EXPECT_EQ(got.end.audio_codec, "mp2");
  // Noticed within a second or so, and seen from the next key frame.
  EXPECT_GE(got.pictures, 90 + 90 - 30 - 20);
  EXPECT_NEAR(static_cast<double>(got.last_us), 6e6, 2e5);
  EXPECT_GE(got.late, 2);
}

}  // namespace
}  // namespace ts::media
