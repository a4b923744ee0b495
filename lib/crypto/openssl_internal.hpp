// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace ts::crypto {

/// Frees an OpenSSL object whose free function takes its pointer.
template <auto FreeFunction>
struct Free {
  template <typename T>
  void operator()(T* object) const noexcept {
    FreeFunction(object);
  }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;

/// Our own library context: unlike the default one it never reads openssl.cnf, which costs a third
/// of a millisecond at start, and TLS keeps the administrator's settings. Never freed. Null when
/// OpenSSL is not installed.
OSSL_LIB_CTX* library_context() noexcept;

/// kConfig where OpenSSL is not installed: it is loaded on first use.
Status openssl_ready();

/// OpenSSL's reason for its last failure, and clears the queue.
std::string last_openssl_error();

/// Throws std::runtime_error: a primitive failed although its input cannot be wrong.
[[noreturn]] void openssl_failed(const char* what);

}  // namespace ts::crypto
