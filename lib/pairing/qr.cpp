// SPDX-License-Identifier: Apache-2.0
#include "pairing/qr.hpp"

#include <fmt/format.h>
#include <qrcodegen/qrcodegen.hpp>

#include <cstdint>

namespace ts::pairing {
namespace {

constexpr int kQuietZone = 4;

}  // namespace

Result<QrCode> QrCode::encode(std::string_view text) {
  try {
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const auto code = qrcodegen::QrCode::encodeBinary(bytes, qrcodegen::QrCode::Ecc::LOW);
    const int size = code.getSize();
    std::vector<bool> modules;
    modules.reserve(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) modules.push_back(code.getModule(x, y));
    }
    return QrCode(size, std::move(modules));
  } catch (const qrcodegen::data_too_long&) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{} bytes do not fit into a QR code", text.size()),
                 .hint = "shorten the text: a code holds 2953 bytes at most"};
  }
}

bool QrCode::is_dark(int x, int y) const noexcept {
  if (x < 0 || y < 0 || x >= size_ || y >= size_) return false;
  return modules_[static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) +
                  static_cast<std::size_t>(x)];
}

std::string qr_to_terminal(const QrCode& code) {
  std::string out;
  for (int y = -kQuietZone; y < code.size() + kQuietZone; y += 2) {
    int last = -1;
    for (int x = -kQuietZone; x < code.size() + kQuietZone; ++x) {
      const bool top = code.is_dark(x, y);
      const bool bottom = code.is_dark(x, y + 1);
      const int colors = (top ? 2 : 0) + (bottom ? 1 : 0);
      if (colors != last) {
        out += fmt::format("\033[38;5;{};48;5;{}m", top ? 16 : 231, bottom ? 16 : 231);
        last = colors;
      }
      out += "▀";
    }
    out += "\033[0m\n";
  }
  return out;
}

std::string qr_to_svg(const QrCode& code, int module_pixels) {
  const int side = code.size() + 2 * kQuietZone;
  std::string path;
  for (int y = 0; y < code.size(); ++y) {
    for (int x = 0; x < code.size(); ++x) {
      if (!code.is_dark(x, y)) continue;
      int run = 1;
      while (code.is_dark(x + run, y)) ++run;
      path += fmt::format("M{},{}h{}v1h-{}z", x + kQuietZone, y + kQuietZone, run, run);
      x += run;
    }
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{0}\" "
      "viewBox=\"0 0 {1} {1}\" shape-rendering=\"crispEdges\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<path d=\"{2}\" fill=\"#000000\"/>\n</svg>\n",
      side * module_pixels, side, path);
}

}  // namespace ts::pairing
