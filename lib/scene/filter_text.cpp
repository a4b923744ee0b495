// SPDX-License-Identifier: Apache-2.0
#include "scene/filter_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>

namespace ts::scene {

std::string filter_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\'' || c == ':' || c == '%') out += '\\';
    out += c;
  }
  // The graph's own level: everything special once more.
  std::string graph;
  for (const char c : out) {
    if (std::string_view("\\'[],;").find(c) != std::string_view::npos) graph += '\\';
    graph += c;
  }
  return graph;
}

std::string filter_seconds(milliseconds time) {
  return fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000);
}

std::string filter_color(std::uint32_t rgb) { return fmt::format("0x{:06X}", rgb); }

std::string border_filters(int width, std::uint32_t rgb) {
  const double r = ((rgb >> 16U) & 255U) / 255.0;
  const double g = ((rgb >> 8U) & 255U) / 255.0;
  const double b = (rgb & 255U) / 255.0;
  const double luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const std::array<long, 3> wanted{std::lround(16 + 219 * luma),
                                   std::lround(128 + 224 * (b - luma) / 1.8556),
                                   std::lround(128 + 224 * (r - luma) / 1.5748)};
  const auto pad = [&](std::string_view color) {
    return fmt::format("pad=iw+{0}:ih+{0}:{1}:{1}:{2}", 2 * width, width, color);
  };
  // Without color BT.601, by which pad makes it, and BT.709 are the same.
  if (wanted[1] == 128 && wanted[2] == 128) return pad(filter_color(rgb));
  // Of strong colors some are none in BT.601. So the border is black, and all values are moved,
  // with the picture's moved the other way before, once around where they leave a byte.
  static constexpr std::array<long, 3> kBlack{16, 128, 128};
  const auto move = [&](int way) {
    std::string text = "lutyuv=";
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const long by = (256 + way * (wanted[i] - kBlack[i])) % 256;
      text += fmt::format("{}{}=mod(val+{}\\,256)", i == 0 ? "" : ":", "yuv"[i], by);
    }
    return text;
  };
  return fmt::format("{},{},{}", move(-1), pad("black"), move(1));
}

std::string color_source(std::uint32_t rgb, std::string_view size) {
  return fmt::format("color=c={}:{},format=rgb24,{}", filter_color(rgb), size, kToProgramColors);
}

}  // namespace ts::scene
