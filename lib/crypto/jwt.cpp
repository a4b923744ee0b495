// SPDX-License-Identifier: Apache-2.0
#include "crypto/jwt.hpp"

#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"

namespace ts::crypto {
namespace {

std::string signing_input(std::string_view header_json, std::string_view claims_json) {
  std::string input = base64url_encode(header_json);
  input.push_back('.');
  input.append(base64url_encode(claims_json));
  return input;
}

}  // namespace

std::string jwt_hs256(std::string_view header_json, std::string_view claims_json,
                      std::string_view secret) {
  std::string token = signing_input(header_json, claims_json);
  const auto tag = hmac_sha256(secret, token);
  token.push_back('.');
  token.append(base64url_encode(bytes_of(tag)));
  return token;
}

Result<std::string> jwt_rs256(std::string_view header_json, std::string_view claims_json,
                              const RsaPrivateKey& key) {
  std::string token = signing_input(header_json, claims_json);
  TS_TRY(const auto signature, key.sign(token));
  token.push_back('.');
  token.append(base64url_encode(signature));
  return token;
}

Result<JwtParts> jwt_split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the token is not three segments joined by dots",
                 .code = "malformed"};
  }
  const auto decode = [](std::string_view segment, std::string_view name) {
    return base64url_decode(segment).with_context(name);
  };
  JwtParts parts{.signing_input = token.substr(0, second)};
  TS_TRY(parts.header, decode(token.substr(0, first), "the token's header"));
  TS_TRY(parts.claims, decode(token.substr(first + 1, second - first - 1), "the token's claims"));
  TS_TRY(parts.signature, decode(token.substr(second + 1), "the token's signature"));
  return parts;
}

bool jwt_hs256_matches(const JwtParts& parts, std::string_view secret) {
  return constant_time_equal(bytes_of(hmac_sha256(secret, parts.signing_input)), parts.signature);
}

bool jwt_rs256_matches(const JwtParts& parts, const RsaPublicKey& key) {
  return key.verify(parts.signing_input, parts.signature);
}

}  // namespace ts::crypto
