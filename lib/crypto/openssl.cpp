// SPDX-License-Identifier: Apache-2.0
#include "crypto/openssl_internal.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <stdexcept>

namespace ts::crypto {

OSSL_LIB_CTX* library_context() noexcept {
  static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  return context;
}

Status openssl_ready() {
  if (library_context() != nullptr) return ok_status();
  return Error{.kind = ErrorKind::kConfig,
               .message = "RSA keys cannot be used: " + last_openssl_error()};
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

}  // namespace ts::crypto
