// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ts::pairing {

/// A QR code: square, dark or light modules, no border.
class QrCode {
 public:
  /// Encodes text with the lowest error correction that the smallest fitting size leaves room for.
  /// @return kUsage when it is longer than a QR code can hold (2,953 bytes).
  static Result<QrCode> encode(std::string_view text);

  /// Modules along one side: 21 to 177.
  [[nodiscard]] int size() const noexcept { return size_; }
  /// Coordinates outside are light.
  [[nodiscard]] bool is_dark(int x, int y) const noexcept;

 private:
  QrCode(int size, std::vector<bool> modules) : size_(size), modules_(std::move(modules)) {}

  int size_ = 0;
  std::vector<bool> modules_{};
};

/// For a terminal: two modules a character, with the quiet zone of four that scanners need. Black
/// and white are named outright (256-color codes 16 and 231), so that it reads on light and dark
/// terminals alike.
std::string qr_to_terminal(const QrCode& code);

/// Black on white, `module_pixels` to a module.
std::string qr_to_svg(const QrCode& code, int module_pixels = 8);

}  // namespace ts::pairing
