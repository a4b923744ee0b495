// SPDX-License-Identifier: Apache-2.0
#include "scene/filter_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

std::string pad_color(std::uint32_t rgb) {
  const double r = (rgb >> 16U) & 255U;
  const double g = (rgb >> 8U) & 255U;
  const double b = rgb & 255U;
  // To YUV by BT.709, and back by BT.601.
  const double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const double u = (b - y) / 1.8556;
  const double v = (r - y) / 1.5748;
  const auto byte = [](double value) {
    return static_cast<std::uint32_t>(std::clamp(std::lround(value), 0L, 255L));
  };
  const std::uint32_t red = byte(y + 1.402 * v);
  const std::uint32_t green = byte(y - 0.344136 * u - 0.714136 * v);
  const std::uint32_t blue = byte(y + 1.772 * u);
  return filter_color(red << 16U | green << 8U | blue);
}

std::string color_source(std::uint32_t rgb, std::string_view size) {
  return fmt::format("color=c={}:{},format=rgb24,{}", filter_color(rgb), size, kToProgramColors);
}

}  // namespace ts::scene
