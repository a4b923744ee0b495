// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "frame/frame_code.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ts::test {

/// What `make_media` encodes: numbered pictures (frame codes) on a moving gray, and a tone.
struct MediaRecipe {
  int frames = 180;
  int first_number = 0;
  int fps = 30;
  int gop = 60;
  int width = 320;
  int height = 180;
  bool video = true;
  bool audio = true;
  std::string video_options = "-preset ultrafast -tune zerolatency";
  std::string audio_options = "-c:a aac -b:a 64k -ar 48000 -ac 2";
};

/// Runs a shell command. @return its standard output; a failure is a test
/// failure.
inline std::string shell(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "popen failed: " << command;
    return out;
  }
  std::array<char, 4096> buffer{};
  while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), count);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return out;
}

/// Writes raw 4:2:0 pictures with their numbers burnt in.
inline void write_numbered_pictures(const std::filesystem::path& path, const MediaRecipe& recipe) {
  const auto width = static_cast<std::size_t>(recipe.width);
  const auto luma = width * static_cast<std::size_t>(recipe.height);
  std::vector<char> picture(luma * 3 / 2);
  std::ofstream out(path, std::ios::binary);
  for (int n = 0; n < recipe.frames; ++n) {
    std::fill(picture.begin(), picture.end(), static_cast<char>(-128));
    for (std::size_t i = 0; i < luma; ++i) {
      const auto column = static_cast<int>(i % width);
      picture[i] = static_cast<char>(64 + (column + 4 * (n + recipe.first_number)) % 128);
    }
    const frame::MutableLuma plane{.data = reinterpret_cast<std::uint8_t*>(picture.data()),
                                   .stride = recipe.width,
                                   .width = recipe.width,
                                   .height = recipe.height};
    frame::draw_frame_code(plane, static_cast<std::uint64_t>(n + recipe.first_number));
    out.write(picture.data(), static_cast<std::streamsize>(picture.size()));
  }
}

/// Encodes H.264 and AAC with the ffmpeg command; the format follows from the file name.
inline void make_media(const std::filesystem::path& path, const MediaRecipe& recipe = {}) {
  const auto raw = path.string() + ".yuv";
  std::string inputs;
  std::string outputs;
  if (recipe.video) {
    write_numbered_pictures(raw, recipe);
    inputs += fmt::format(" -f rawvideo -pix_fmt yuv420p -s {}x{} -r {} -i '{}'", recipe.width,
                          recipe.height, recipe.fps, raw);
    outputs += fmt::format(" -c:v libx264 {} -g {} -keyint_min {} -sc_threshold 0",
                           recipe.video_options, recipe.gop, recipe.gop);
  }
  if (recipe.audio) {
    inputs += fmt::format(" -f lavfi -t {} -i sine=frequency=440:sample_rate=48000",
                          static_cast<double>(recipe.frames) / recipe.fps);
    outputs += " " + recipe.audio_options;
  }
  shell(fmt::format("timeout 120 ffmpeg -nostdin -v error -y{}{} '{}'", inputs, outputs,
                    path.string()));
  std::error_code ignored;
  std::filesystem::remove(raw, ignored);
}

/// ffprobe's answer as JSON; `options` such as "-show_streams -show_format".
inline Json probe(const std::string& url, const std::string& options) {
  const auto text =
      shell(fmt::format("timeout 120 ffprobe -v error -of json {} '{}'", options, url));
  return Json::parse(text, nullptr, false);
}

/// The `member` ("pts", "dts") of every packet of one stream ("v:0", "a:0"), in file order.
inline std::vector<std::int64_t> packet_times(const std::string& url, const std::string& stream,
                                              const std::string& member) {
  const auto json =
      probe(url, "-show_packets -show_entries packet=" + member + " -select_streams " + stream);
  std::vector<std::int64_t> times;
  for (const auto& packet : json["packets"]) {
    if (packet.contains(member)) times.push_back(packet[member].get<std::int64_t>());
  }
  return times;
}

}  // namespace ts::test
