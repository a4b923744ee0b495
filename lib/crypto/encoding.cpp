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
constexpr std::uint32_t kNoDigit = 0x80000000U;

/// What each character says as the first, second, third and last digit of a group of 24 bits.
using DigitValues = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr DigitValues values_of(std::string_view digits) {
  DigitValues values{};
  for (std::size_t place = 0; place < values.size(); ++place) {
    values[place].fill(kNoDigit);
    for (std::size_t i = 0; i < digits.size(); ++i) {
      values[place][static_cast<unsigned char>(digits[i])] = static_cast<std::uint32_t>(i)
                                                             << (18U - 6U * place);
    }
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
  const char* const digits =
      (alphabet == Alphabet::kStandard ? kStandardDigits : kUrlDigits).data();
  const std::size_t rest = bytes.size() % 3;
  const std::size_t tail = rest == 0 ? 0 : padding == Padding::kRequired ? 4 : rest + 1;
  std::string text(bytes.size() / 3 * 4 + tail, '=');
  char* out = text.data();
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t group =
        byte_at(bytes, at) << 16U | byte_at(bytes, at + 1) << 8U | byte_at(bytes, at + 2);
    *out++ = digits[group >> 18U];
    *out++ = digits[group >> 12U & 63U];
    *out++ = digits[group >> 6U & 63U];
    *out++ = digits[group & 63U];
  }
  if (rest != 0) {
    const std::uint32_t group =
        byte_at(bytes, at) << 16U | (rest == 2 ? byte_at(bytes, at + 1) << 8U : 0U);
    *out++ = digits[group >> 18U];
    *out++ = digits[group >> 12U & 63U];
    if (rest == 2) *out = digits[group >> 6U & 63U];
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
  const std::size_t rest = text.size() % 4;
  std::string bytes(text.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1), '\0');
  char* out = bytes.data();
  const auto value_at = [&](std::size_t at, std::size_t place) {
    return values[place][static_cast<unsigned char>(text[at])];
  };
  // One look at the end finds whether there was a wrong character.
  std::uint32_t seen = 0;
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    const std::uint32_t group =
        value_at(at, 0) | value_at(at + 1, 1) | value_at(at + 2, 2) | value_at(at + 3, 3);
    seen |= group;
    *out++ = static_cast<char>(group >> 16U & 255U);
    *out++ = static_cast<char>(group >> 8U & 255U);
    *out++ = static_cast<char>(group & 255U);
  }
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < rest; ++i) last |= value_at(at + i, i);
  if (((seen | last) & kNoDigit) != 0) {
    std::size_t bad = 0;
    while (value_at(bad, 0) != kNoDigit) ++bad;
    return bad_base64(fmt::format("character {} is no {} digit{}", bad + 1,
                                  alphabet == Alphabet::kUrl ? "base64url" : "base64",
                                  text[bad] == '=' ? " (padding does not belong here)" : ""));
  }
  if (rest == 1) return bad_base64("the last base64 digit stands alone");
  if (rest >= 2) *out++ = static_cast<char>(last >> 16U & 255U);
  if (rest == 3) *out = static_cast<char>(last >> 8U & 255U);
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
