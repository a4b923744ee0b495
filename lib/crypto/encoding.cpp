// SPDX-License-Identifier: Apache-2.0
#include "crypto/encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace ts::crypto {
namespace {

constexpr std::string_view kStandardDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> values_of(std::string_view digits) {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kStandardValues = values_of(kStandardDigits);
constexpr auto kUrlValues = values_of(kUrlDigits);

constexpr std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

Error bad_base64(std::string message) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .code = "bad_base64"};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string base64_encode(std::string_view bytes, Alphabet alphabet, Padding padding) {
  const auto digits = alphabet == Alphabet::kStandard ? kStandardDigits : kUrlDigits;
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t group =
        byte_at(bytes, at) << 16U | byte_at(bytes, at + 1) << 8U | byte_at(bytes, at + 2);
    text.push_back(digits[group >> 18U]);
    text.push_back(digits[group >> 12U & 63U]);
    text.push_back(digits[group >> 6U & 63U]);
    text.push_back(digits[group & 63U]);
  }
  const std::size_t rest = bytes.size() - at;
  if (rest != 0) {
    const std::uint32_t group =
        byte_at(bytes, at) << 16U | (rest == 2 ? byte_at(bytes, at + 1) << 8U : 0U);
    text.push_back(digits[group >> 18U]);
    text.push_back(digits[group >> 12U & 63U]);
    if (rest == 2) text.push_back(digits[group >> 6U & 63U]);
    if (padding == Padding::kRequired) text.append(3 - rest, '=');
  }
  return text;
}

std::string base64_encode(std::string_view bytes) {
  return base64_encode(bytes, Alphabet::kStandard, Padding::kRequired);
}

std::string base64url_encode(std::string_view bytes) {
  return base64_encode(bytes, Alphabet::kUrl, Padding::kForbidden);
}

Result<std::string> base64_decode(std::string_view text, Alphabet alphabet, Padding padding) {
  const auto& values = alphabet == Alphabet::kStandard ? kStandardValues : kUrlValues;
  if (padding == Padding::kRequired) {
    if (text.size() % 4 != 0) {
      return bad_base64(fmt::format("base64 of {} characters is no multiple of four", text.size()));
    }
    if (text.ends_with("==")) {
      text.remove_suffix(2);
    } else if (text.ends_with('=')) {
      text.remove_suffix(1);
    }
  }
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  std::size_t digits = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::uint8_t value = values[static_cast<unsigned char>(text[at])];
    if (value == kNoDigit) {
      return bad_base64(fmt::format("character {} is no {} digit{}", at + 1,
                                    alphabet == Alphabet::kUrl ? "base64url" : "base64",
                                    text[at] == '=' ? " (padding does not belong here)" : ""));
    }
    group = group << 6U | value;
    if (++digits == 4) {
      bytes.push_back(static_cast<char>(group >> 16U & 255U));
      bytes.push_back(static_cast<char>(group >> 8U & 255U));
      bytes.push_back(static_cast<char>(group & 255U));
      group = 0;
      digits = 0;
    }
  }
  if (digits == 1) return bad_base64("the last base64 digit stands alone");
  if (digits == 2) bytes.push_back(static_cast<char>(group >> 4U & 255U));
  if (digits == 3) {
    bytes.push_back(static_cast<char>(group >> 10U & 255U));
    bytes.push_back(static_cast<char>(group >> 2U & 255U));
  }
  return bytes;
}

Result<std::string> base64url_decode(std::string_view text) {
  return base64_decode(text, Alphabet::kUrl, Padding::kForbidden);
}

std::string hex_encode(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<std::uint8_t>(byte);
    text.push_back(kDigits[value >> 4U]);
    text.push_back(kDigits[value & 15U]);
  }
  return text;
}

Result<std::string> hex_decode(std::string_view text) {
  const auto bad_hex = [](std::string message) {
    return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .code = "bad_hex"};
  };
  if (text.size() % 2 != 0) return bad_hex("an odd number of hexadecimal digits");
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) {
      return bad_hex(fmt::format("character {} is no hexadecimal digit", at + (high < 0 ? 1 : 2)));
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

}  // namespace ts::crypto
