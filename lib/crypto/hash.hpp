// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ts::crypto {

/// 32 raw bytes: a SHA-256 digest or an HMAC-SHA-256 tag.
using Digest = std::array<std::uint8_t, 32>;

/// The bytes of a digest as text, for the encoders.
inline std::string_view bytes_of(const Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest sha256(std::string_view bytes);

/// HMAC-SHA-256 of `parts`, one after the other. The key is any byte string.
Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts);
inline Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  return hmac_sha256(key, {bytes});
}

/// Whether two byte strings are the same, in a time that depends on their lengths only. The
/// lengths are no secret: a difference returns at once.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

/// SHA-256 of bytes that arrive in pieces. One owner; not thread-safe.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void update(std::string_view bytes);
  /// The digest of all bytes so far; begins anew afterwards.
  Digest finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::crypto
