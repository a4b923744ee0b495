// SPDX-License-Identifier: Apache-2.0
// Claims of genuine tokens and files of grants: what is accepted can be explained and signed again.
#include "fuzz/fuzz.hpp"

#include "core/secret.hpp"
#include "crypto/jwt.hpp"
#include "livekit/access_token.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ts::Secret kSecret("fuzzing secret of thirty-two bytes");
  constexpr ts::WallTime kNow{std::chrono::seconds{1760000000}};
  const auto text = ts::fuzz::as_text(data, size);

  // As the claims of a genuine token.
  const auto jwt = ts::crypto::jwt_hs256(R"({"alg":"HS256"})", text, kSecret);
  const auto genuine = ts::livekit::verify_token(jwt, "APIkey", kSecret, kNow);
  ts::fuzz::require(genuine.fault != ts::livekit::TokenFault::kBadSignature);
  ts::fuzz::require(genuine.fault != ts::livekit::TokenFault::kBadBase64);
  if (genuine.accepted()) {
    ts::fuzz::require(genuine.claims.issuer == "APIkey");
    static_cast<void>(ts::livekit::explain(genuine.claims));
    const ts::livekit::TokenRequest request{.claims = genuine.claims};
    if (ts::livekit::check_token_request(request).ok()) {
      ts::fuzz::require(ts::livekit::sign_token(request, "APIkey", kSecret, kNow).ok());
    }
  }
  // As a file of grants.
  static_cast<void>(ts::livekit::claims_from_grant_file(text, "grants"));
  return 0;
}
