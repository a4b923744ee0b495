// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ts::test {

/// What FFmpeg's ebur128 filter says of a sound.
struct Ebur128 {
  double momentary = 0;   ///< The last line's.
  double short_term = 0;  ///< The last line's.
  double integrated = 0;
  double true_peak = 0;  ///< dBTP.
};

inline std::optional<double> number_after(const std::string& text, const std::string& key,
                                          std::size_t from = 0) {
  const auto at = text.find(key, from);
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(text.c_str() + at + key.size(), nullptr);
}

/// Judges any input of the ffmpeg program.
inline std::optional<Ebur128> ffmpeg_ebur128(const std::string& input) {
  const std::string command =
      "ffmpeg -nostdin -hide_banner " + input + " -af ebur128=peak=true -f null - 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) return std::nullopt;
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe.get())) {
    text.append(part.data(), got);
  }
  const auto last_line = text.rfind(" M:");
  const auto summary = text.find("Summary:");
  if (last_line == std::string::npos || summary == std::string::npos) return std::nullopt;
  const auto momentary = number_after(text, " M:", last_line);
  const auto short_term = number_after(text, " S:", last_line);
  const auto integrated = number_after(text, "I:", summary);
  const auto peak = number_after(text, "Peak:", summary);
  if (!momentary || !short_term || !integrated || !peak) return std::nullopt;
  return Ebur128{*momentary, *short_term, *integrated, *peak};
}

/// Judges 48 kHz interleaved stereo, by way of a raw file.
inline std::optional<Ebur128> ffmpeg_ebur128(const std::vector<float>& samples,
                                             const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(samples.data()),
            static_cast<std::streamsize>(samples.size() * sizeof(float)));
  out.close();
  return ffmpeg_ebur128("-f f32le -ar 48000 -ac 2 -i " + file.string());
}

}  // namespace ts::test
