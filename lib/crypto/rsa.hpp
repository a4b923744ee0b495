// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace ts::crypto {

/// An RSA private key. Immutable, movable; `sign` may be called from several threads.
class RsaPrivateKey {
 public:
  /// Reads PEM (PKCS#1 or PKCS#8) or base64 of such a PEM, as Mux hands keys out. Base64 of DER is
  /// refused, and so are encrypted keys (nobody is asked for a passphrase) and keys under 2048
  /// bits.
  /// @return kConfig saying which of these it was.
  static Result<RsaPrivateKey> parse(const Secret& text);
  /// A fresh key, for the sandbox and tests. `bits` from 2048 to 4096.
  static Result<RsaPrivateKey> generate(int bits = 2048);

  RsaPrivateKey(RsaPrivateKey&&) noexcept;
  RsaPrivateKey& operator=(RsaPrivateKey&&) noexcept;
  RsaPrivateKey(const RsaPrivateKey&) = delete;
  RsaPrivateKey& operator=(const RsaPrivateKey&) = delete;
  ~RsaPrivateKey();

  /// RSASSA-PKCS1-v1_5 with SHA-256 (RS256): raw bytes, the same for the same input.
  [[nodiscard]] Result<std::string> sign(std::string_view bytes) const;
  /// PEM, "BEGIN PUBLIC KEY".
  [[nodiscard]] Result<std::string> public_pem() const;
  /// PEM, "BEGIN RSA PRIVATE KEY" (PKCS#1), the form inside Mux's base64.
  [[nodiscard]] Result<Secret> private_pem() const;

 private:
  struct Impl;
  explicit RsaPrivateKey(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// An RSA public key. Immutable, movable; `verify` may be called from several threads.
class RsaPublicKey {
 public:
  /// Reads PEM ("BEGIN PUBLIC KEY" or "BEGIN RSA PUBLIC KEY") or base64 of it. @return kConfig.
  static Result<RsaPublicKey> parse(std::string_view text);

  RsaPublicKey(RsaPublicKey&&) noexcept;
  RsaPublicKey& operator=(RsaPublicKey&&) noexcept;
  RsaPublicKey(const RsaPublicKey&) = delete;
  RsaPublicKey& operator=(const RsaPublicKey&) = delete;
  ~RsaPublicKey();

  /// Whether `signature` is an RS256 signature of `bytes` by this key.
  [[nodiscard]] bool verify(std::string_view bytes, std::string_view signature) const;

 private:
  struct Impl;
  explicit RsaPublicKey(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::crypto
