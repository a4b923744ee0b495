// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"

#include "core/assert.hpp"
#include "crypto/encoding.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>

namespace ts::crypto {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    // The kernel's generator directly: OpenSSL's costs a millisecond to set up.
    const ssize_t got = getrandom(bytes.data() + filled, count - filled, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::runtime_error("the system gives no random bytes");
    }
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string random_text(std::size_t length, std::string_view alphabet) {
  TS_ASSERT(alphabet.size() >= 2 && alphabet.size() <= 256);
  // Values from `limit` up would favor the first characters and are thrown away.
  const std::size_t limit = 256 - 256 % alphabet.size();
  std::string text;
  text.reserve(length);
  while (text.size() < length) {
    for (const char byte : random_bytes(length - text.size())) {
      const auto value = static_cast<std::uint8_t>(byte);
      if (value < limit) text.push_back(alphabet[value % alphabet.size()]);
    }
  }
  return text;
}

std::string random_alphanumeric(std::size_t length) {
  return random_text(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
  std::string text = hex_encode(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace ts::crypto
