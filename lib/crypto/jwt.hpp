// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "crypto/rsa.hpp"

#include <string>
#include <string_view>

namespace ts::crypto {

/// A compact JWT whose header and claims are exactly these texts: the caller decides every byte
/// (member order, spacing) by the JSON text it passes.
std::string jwt_hs256(std::string_view header_json, std::string_view claims_json,
                      std::string_view secret);
inline std::string jwt_hs256(std::string_view header_json, std::string_view claims_json,
                             const Secret& secret) {
  return jwt_hs256(header_json, claims_json, secret.reveal());
}
Result<std::string> jwt_rs256(std::string_view header_json, std::string_view claims_json,
                              const RsaPrivateKey& key);

/// A JWT taken apart, its signature not checked.
struct JwtParts {
  std::string header{};            ///< Decoded JSON text, not parsed.
  std::string claims{};            ///< Decoded JSON text, not parsed.
  std::string signature{};         ///< Raw bytes.
  std::string_view signing_input;  ///< "header.claims" as received; points into the given text.
};

/// Takes a compact JWT apart: exactly three segments of strict base64url without padding.
///
/// @param token  must outlive the result.
/// @return kUsage with the code "malformed" or "bad_base64".
Result<JwtParts> jwt_split(std::string_view token);

/// Whether the signature belongs to the signing input; constant time.
bool jwt_hs256_matches(const JwtParts& parts, std::string_view secret);
bool jwt_rs256_matches(const JwtParts& parts, const RsaPublicKey& key);

}  // namespace ts::crypto
