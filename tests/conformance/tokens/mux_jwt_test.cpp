// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/jwt.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ts::crypto {
namespace {

// The bytes of the signature; which claims a call makes is tested with the Mux library.
TEST(MuxJwtVectors, AreTheExactStringsOfTheSdk) {
  const Json vectors = test::read_vectors("mux/jwt.json");
  std::map<std::string, Json> keys;
  for (const Json& key : vectors.at("keys")) keys[key.at("id").get<std::string>()] = key;
  ASSERT_EQ(vectors.at("cases").size(), 30U);
  int signed_cases = 0;
  for (const Json& test_case : vectors.at("cases")) {
    if (!test_case.contains("jwt") || !test_case.at("jwt").is_string()) continue;
    SCOPED_TRACE(test_case.at("id").get<std::string>());
    const Json& key = keys.at(test_case.at("key").get<std::string>());
    const std::string pkcs1 = key.at("pkcs1_pem").get<std::string>();
    const std::string pkcs8 = key.at("pkcs8_pem").get<std::string>();
    for (const auto& form : {pkcs1, pkcs8, base64_encode(pkcs1), base64_encode(pkcs8)}) {
      const auto private_key = RsaPrivateKey::parse(Secret(form));
      ASSERT_TRUE(private_key.ok()) << private_key.error().message;
      const auto jwt =
          jwt_rs256(test_case.at("header_text").get<std::string>(),
                    test_case.at("claims_text").get<std::string>(), private_key.value());
      ASSERT_TRUE(jwt.ok());
      EXPECT_EQ(jwt.value(), test_case.at("jwt").get<std::string>());
    }
    const auto public_key = RsaPublicKey::parse(key.at("public_pem").get<std::string>());
    ASSERT_TRUE(public_key.ok());
    const auto jwt = test_case.at("jwt").get<std::string>();
    EXPECT_TRUE(jwt_rs256_matches(jwt_split(jwt).value(), public_key.value()));
    ++signed_cases;
  }
  EXPECT_EQ(signed_cases, 24);
}

}  // namespace
}  // namespace ts::crypto
