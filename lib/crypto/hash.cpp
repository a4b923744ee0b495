// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3 calls the plain SHA-256 functions deprecated, and has no others without a provider.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.hpp"

#include "crypto/openssl_internal.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

namespace ts::crypto {

OSSL_LIB_CTX* library_context() {
  static OSSL_LIB_CTX* const context = [] {
    auto* const made = OSSL_LIB_CTX_new();
    if (made == nullptr) openssl_failed("OSSL_LIB_CTX_new");
    return made;
  }();
  return context;
}

std::string last_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason given" : reason;
}

void openssl_failed(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + last_openssl_error());
}

namespace {

/// SHA-256 by itself. Through EVP the same compressions cost a library context with its provider
/// (1.5 ms at the start of every program that signs) and a third more for each token.
class Sha256State {
 public:
  Sha256State() noexcept { SHA256_Init(&state_); }
  ~Sha256State() { OPENSSL_cleanse(&state_, sizeof state_); }
  Sha256State(const Sha256State&) = delete;
  Sha256State& operator=(const Sha256State&) = delete;

  void update(const void* data, std::size_t size) noexcept { SHA256_Update(&state_, data, size); }
  /// Begins anew afterwards.
  Digest finish() noexcept {
    Digest digest{};
    SHA256_Final(digest.data(), &state_);
    SHA256_Init(&state_);
    return digest;
  }

 private:
  SHA256_CTX state_{};
};

}  // namespace

Digest sha256(std::string_view bytes) {
  Sha256State state;
  state.update(bytes.data(), bytes.size());
  return state.finish();
}

// RFC 2104.
Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  std::array<std::uint8_t, SHA256_CBLOCK> pad{};
  if (key.size() > pad.size()) {
    auto shorter = sha256(key);
    std::copy(shorter.begin(), shorter.end(), pad.begin());
    OPENSSL_cleanse(shorter.data(), shorter.size());
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  Sha256State state;
  for (auto& byte : pad) byte ^= 0x36U;
  state.update(pad.data(), pad.size());
  for (const auto part : parts) state.update(part.data(), part.size());
  const Digest inner = state.finish();
  for (auto& byte : pad) byte ^= 0x36U ^ 0x5CU;
  state.update(pad.data(), pad.size());
  state.update(inner.data(), inner.size());
  OPENSSL_cleanse(pad.data(), pad.size());
  return state.finish();
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Sha256::Impl {
  Sha256State state{};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) { impl_->state.update(bytes.data(), bytes.size()); }
Digest Sha256::finish() { return impl_->state.finish(); }

}  // namespace ts::crypto
