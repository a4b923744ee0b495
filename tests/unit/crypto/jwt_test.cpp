// SPDX-License-Identifier: Apache-2.0
#include "crypto/jwt.hpp"

#include "crypto/encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::crypto {
namespace {

// RFC 7515, appendix A.1: the header and claims carry CRLF and blanks, which must survive.
constexpr std::string_view kRfcHeader = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
constexpr std::string_view kRfcClaims =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
constexpr std::string_view kRfcKey =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
constexpr std::string_view kRfcToken =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

TEST(JwtHs256, IsTheRfcsToken) {
  const auto key = base64url_decode(kRfcKey);
  EXPECT_EQ(jwt_hs256(kRfcHeader, kRfcClaims, key.value()), kRfcToken);
}

TEST(JwtSplit, GivesTheExactTextsBack) {
  const auto parts = jwt_split(kRfcToken);

  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts.value().header, kRfcHeader);
  EXPECT_EQ(parts.value().claims, kRfcClaims);
  EXPECT_EQ(parts.value().signature.size(), 32U);
  EXPECT_TRUE(jwt_hs256_matches(parts.value(), base64url_decode(kRfcKey).value()));
  EXPECT_FALSE(jwt_hs256_matches(parts.value(), "another key"));
}

TEST(JwtSplit, RefusesOtherThanThreeSegments) {
  for (const char* token : {"", "a", "a.b", "a.b.c.d", "not a token"}) {
    const auto parts = jwt_split(token);
    ASSERT_FALSE(parts.ok()) << token;
    EXPECT_EQ(parts.error().code, "malformed");
  }
}

TEST(JwtSplit, RefusesPaddingAndBlanks) {
  for (const char* token :
       {"Zg==.Zg.Zg", "Zg.Zg.Zg=", " Zg.Zg.Zg", "Zg.Zg.Zg\n", "Bearer Zg.Zg.Zg"}) {
    const auto parts = jwt_split(token);
    ASSERT_FALSE(parts.ok()) << token;
    EXPECT_EQ(parts.error().code, "bad_base64");
  }
}

TEST(JwtHs256, AShortenedSignatureDoesNotMatch) {
  const std::string token = jwt_hs256("{}", "{}", "secret");
  const std::string cut = token.substr(0, token.size() - 3);

  const auto parts = jwt_split(cut);

  ASSERT_TRUE(parts.ok());
  EXPECT_FALSE(jwt_hs256_matches(parts.value(), "secret"));
}

TEST(JwtRs256, VerifiesWithThePublicKey) {
  const auto key = RsaPrivateKey::generate();
  ASSERT_TRUE(key.ok());
  const auto public_key = RsaPublicKey::parse(key.value().public_pem().value());
  ASSERT_TRUE(public_key.ok());

  const auto token = jwt_rs256(R"({"alg":"RS256"})", R"({"sub":"x"})", key.value());

  ASSERT_TRUE(token.ok());
  const auto parts = jwt_split(token.value());
  ASSERT_TRUE(parts.ok());
  EXPECT_TRUE(jwt_rs256_matches(parts.value(), public_key.value()));
  const std::string other_token = "e30" + token.value().substr(token.value().find('.'));
  const auto other = jwt_split(other_token);
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(jwt_rs256_matches(other.value(), public_key.value()));
}

}  // namespace
}  // namespace ts::crypto
