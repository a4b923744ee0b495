// SPDX-License-Identifier: Apache-2.0
// Tokens from strangers: accepted only if the signature is that of our key over the very bytes
// given, with HS256 and an expiry; unreadable ones never crash an inspection.
#include "fuzz/fuzz.hpp"

#include "crypto/jwt.hpp"
#include "livekit/access_token.hpp"

#include <string>

namespace {

using ts::fuzz::require;

constexpr std::string_view kSecret = "a-secret-of-32-characters-or-more";

void check(std::string_view token) {
  static const ts::Secret kKey(kSecret);
  const ts::WallTime now{ts::seconds{1'700'000'000}};
  const auto verdict = ts::livekit::verify_token(token, "APIkey", kKey, now);
  const auto parts = ts::crypto::jwt_split(token);
  if (verdict.accepted()) {
    require(parts.ok());
    require(ts::crypto::jwt_hs256_matches(parts.value(), kSecret));
    require(parts.value().header.find("HS256") != std::string::npos);
    require(parts.value().claims.find("exp") != std::string::npos);
  } else {
    require(!verdict.detail.empty());
  }
}

}  // namespace

/// The input as it is, or as header and claims (around the first line feed; no header is the usual
/// one) with a right signature, so that the reading behind the signature is reached too. One way of
/// reading for an input, so that many inputs are tried; the length says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ts::fuzz::as_text(data, size);
  std::string token(text);
  if (const auto line = text.find('\n'); line != std::string_view::npos && size % 4 != 0) {
    const auto header = line == 0 ? R"({"alg":"HS256","typ":"JWT"})" : text.substr(0, line);
    token = ts::crypto::jwt_hs256(header, text.substr(line + 1), kSecret);
  }
  if (size % 4 < 3) {
    check(token);
    return 0;
  }
  static_cast<void>(ts::livekit::inspect_token(token));
  static_cast<void>(ts::livekit::unverified_issuer(token));
  return 0;
}
