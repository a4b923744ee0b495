// SPDX-License-Identifier: Apache-2.0
#include "core/unique_fd.hpp"
#include "media/reader.hpp"
#include "support/media.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
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

}  // namespace
}  // namespace ts::media
