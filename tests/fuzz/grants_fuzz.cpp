// SPDX-License-Identifier: Apache-2.0
// Claims of genuine tokens and files of grants: what is accepted can be explained and signed again.
#include "fuzz/fuzz.hpp"

#include "core/json.hpp"
#include "core/secret.hpp"
#include "crypto/jwt.hpp"
#include "livekit/access_token.hpp"
#include "livekit/access_token_internal.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ts::Secret kSecret("fuzzing secret of thirty-two bytes");
  constexpr ts::WallTime kNow{std::chrono::seconds{1760000000}};
  const auto text = ts::fuzz::as_text(data, size);

  // The short way of reading claims accepts what the long way accepts, and reads the same.
  if (ts::livekit::Claims quick; ts::livekit::scan_claims(text, quick)) {
    const auto json = ts::parse_json(text, "claims");
    ts::fuzz::require(json.ok());
    const auto slow = ts::livekit::claims_from_json(json.value(), ts::livekit::ClaimSource::kToken,
                                                    ts::ErrorKind::kUsage);
    ts::fuzz::require(slow.ok());
    const auto& claims = slow.value();
    ts::fuzz::require(
        quick.issuer == claims.issuer && quick.identity == claims.identity &&
        quick.name == claims.name && quick.metadata == claims.metadata &&
        quick.attributes == claims.attributes && quick.kind == claims.kind &&
        quick.sha256 == claims.sha256 && quick.room_preset == claims.room_preset &&
        quick.expires_at == claims.expires_at && quick.not_before == claims.not_before &&
        quick.issued_at == claims.issued_at && quick.sip.has_value() == claims.sip.has_value() &&
        quick.video.has_value() == claims.video.has_value());
    if (claims.video) {
      ts::fuzz::require(ts::livekit::to_json(*quick.video) == ts::livekit::to_json(*claims.video));
      std::string written;
      ts::livekit::append_json(written, *claims.video);
      ts::fuzz::require(written == ts::dump_json(ts::livekit::to_json(*claims.video)));
    }
  }
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
