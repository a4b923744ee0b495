// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.hpp"

#include "crypto/openssl_internal.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

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

const EVP_MD* sha256_method() {
  static const EVP_MD* const method = [] {
    auto* const fetched = EVP_MD_fetch(library_context(), "SHA256", nullptr);
    if (fetched == nullptr) openssl_failed("SHA256");
    return fetched;
  }();
  return method;
}

MdContext new_digest() {
  MdContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) != 1) {
    openssl_failed("EVP_DigestInit");
  }
  return context;
}

Digest finish_digest(EVP_MD_CTX* context) {
  Digest digest{};
  unsigned length = 0;
  if (EVP_DigestFinal_ex(context, digest.data(), &length) != 1 || length != digest.size()) {
    openssl_failed("EVP_DigestFinal");
  }
  return digest;
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

MacContext new_mac() {
  auto* const method = EVP_MAC_fetch(library_context(), "HMAC", nullptr);
  if (method == nullptr) openssl_failed("HMAC");
  MacContext context(EVP_MAC_CTX_new(method));
  EVP_MAC_free(method);  // the context holds a reference
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
      OSSL_PARAM_construct_end(),
  };
  if (!context || EVP_MAC_CTX_set_params(context.get(), parameters) != 1) {
    openssl_failed("EVP_MAC_CTX_set_params");
  }
  return context;
}

}  // namespace

Digest sha256(std::string_view bytes) {
  // Making a context costs more than hashing a token: one per thread is kept.
  thread_local const MdContext context = new_digest();
  if (EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1) {
    openssl_failed("EVP_DigestUpdate");
  }
  return finish_digest(context.get());
}

Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  thread_local const MacContext context = new_mac();
  // A null key would mean "keep the last key".
  static constexpr unsigned char kNoKey = 0;
  const auto* const key_data = key.empty() ? &kNoKey : data_of(key);
  if (EVP_MAC_init(context.get(), key_data, key.size(), nullptr) != 1) {
    openssl_failed("EVP_MAC_init");
  }
  for (const auto part : parts) {
    if (EVP_MAC_update(context.get(), data_of(part), part.size()) != 1) {
      openssl_failed("EVP_MAC_update");
    }
  }
  Digest tag{};
  std::size_t length = 0;
  if (EVP_MAC_final(context.get(), tag.data(), &length, tag.size()) != 1 || length != tag.size()) {
    openssl_failed("EVP_MAC_final");
  }
  // The key's schedule does not stay behind in the kept context.
  if (EVP_MAC_init(context.get(), &kNoKey, 0, nullptr) != 1) openssl_failed("EVP_MAC_init");
  return tag;
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Sha256::Impl {
  MdContext context = new_digest();
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  if (EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) != 1) {
    openssl_failed("EVP_DigestUpdate");
  }
}

Digest Sha256::finish() {
  const auto digest = finish_digest(impl_->context.get());
  if (EVP_DigestInit_ex2(impl_->context.get(), sha256_method(), nullptr) != 1) {
    openssl_failed("EVP_DigestInit");
  }
  return digest;
}

}  // namespace ts::crypto
