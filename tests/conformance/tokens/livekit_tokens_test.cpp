// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "crypto/jwt.hpp"
#include "livekit/access_token.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace ts::livekit {
namespace {

using test::at_second;

const Json& vectors() {
  static const Json json = test::read_vectors("livekit/tokens.json");
  return json;
}

/// The lifetime of a case's inputs; nullopt when it is refused.
std::optional<std::chrono::seconds> ttl_of(const Json& inputs) {
  if (!inputs.contains("ttl")) return kDefaultTokenTtl;
  const Json& ttl = inputs.at("ttl");
  if (ttl.is_number()) return std::chrono::seconds{ttl.get<std::int64_t>()};
  const auto parsed = parse_token_ttl(ttl.get<std::string>());
  return parsed.ok() ? std::optional(parsed.value()) : std::nullopt;
}

/// The inputs of a mint case as the file of grants that people write, then as a request.
Result<SignedToken> mint(const Json& test_case) {
  Json file = test_case.at("inputs");
  const auto ttl = ttl_of(file);
  file.erase("ttl");
  if (!ttl) return Error{.kind = ErrorKind::kUsage, .message = "lifetime refused"};
  TS_TRY(auto claims, claims_from_grant_file(file.dump(), "inputs"));
  const TokenRequest request{.claims = std::move(claims), .ttl = *ttl};
  return sign_token(request, test_case.at("key").get<std::string>(),
                    Secret(test_case.at("secret").get<std::string>()),
                    at_second(test_case.at("now").get<std::int64_t>()));
}

/// ts is stricter than the SDK here on purpose: such a token is useless from its first second, or
/// the wish for no lifetime silently becomes six hours.
bool has_no_lifetime(const Json& test_case) {
  const Json& inputs = test_case.at("inputs");
  return inputs.contains("ttl") && inputs.at("ttl").is_number() &&
         inputs.at("ttl").get<std::int64_t>() <= 0;
}

TokenVerdict verify(const Json& test_case, const Json& check, const std::string& jwt) {
  return verify_token(jwt, test_case.at("key").get<std::string>(),
                      Secret(test_case.at("secret").get<std::string>()),
                      at_second(check.at("now").get<std::int64_t>()),
                      {.leeway = std::chrono::seconds{check.at("leeway_s").get<std::int64_t>()}});
}

TEST(LivekitTokenVectors, HoldTheCasesTheySay) {
  ASSERT_EQ(vectors().at("cases").size(), 59U);
  EXPECT_EQ(vectors().at("count"), 59);
}

TEST(LivekitTokenVectors, MintTheSameHeaderAndClaims) {
  int minted = 0;
  for (const Json& test_case : vectors().at("cases")) {
    if (test_case.at("op") != "mint") continue;
    SCOPED_TRACE(test_case.at("id").get<std::string>());
    const auto token = mint(test_case);
    if (test_case.at("outcome") == "error" || has_no_lifetime(test_case)) {
      EXPECT_FALSE(token.ok());
      ++minted;
      continue;
    }
    ASSERT_TRUE(token.ok()) << token.error().message;
    const auto parts = crypto::jwt_split(token.value().jwt);
    ASSERT_TRUE(parts.ok());
    // nlohmann::json compares objects without regard to member order.
    EXPECT_EQ(nlohmann::json::parse(parts.value().header),
              nlohmann::json::parse(test_case.at("header").dump()));
    EXPECT_EQ(nlohmann::json::parse(parts.value().claims),
              nlohmann::json::parse(test_case.at("claims").dump()));
    ++minted;
  }
  EXPECT_EQ(minted, 20);
}

TEST(LivekitTokenVectors, VerifyTheSdksTokensAndOurs) {
  int checks = 0;
  for (const Json& test_case : vectors().at("cases")) {
    if (test_case.at("op") != "mint" || !test_case.contains("verify")) continue;
    SCOPED_TRACE(test_case.at("id").get<std::string>());
    for (const Json& check : test_case.at("verify")) {
      const bool accept = check.at("expect") == "accept";
      EXPECT_EQ(verify(test_case, check, test_case.at("jwt").get<std::string>()).accepted(), accept)
          << check.dump();
      if (!has_no_lifetime(test_case)) {
        EXPECT_EQ(verify(test_case, check, mint(test_case).value().jwt).accepted(), accept)
            << check.dump();
      }
      ++checks;
    }
  }
  EXPECT_EQ(checks, 25);
}

TEST(LivekitTokenVectors, VerifyTheCraftedTokensWithTheirReasons) {
  int checks = 0;
  for (const Json& test_case : vectors().at("cases")) {
    if (test_case.at("op") != "verify") continue;
    SCOPED_TRACE(test_case.at("id").get<std::string>());
    const auto verdict = verify(test_case, test_case, test_case.at("jwt").get<std::string>());
    EXPECT_EQ(verdict.accepted(), test_case.at("expect") == "accept");
    // "sdk_only_reject": the server's model has no word for what only the SDK refuses.
    const auto reason = test_case.at("reason").get<std::string>();
    if (reason == "sdk_only_reject") {
      EXPECT_FALSE(verdict.accepted());
    } else {
      EXPECT_EQ(to_string(verdict.fault), reason) << verdict.detail;
    }
    EXPECT_EQ(verdict.detail.empty(), verdict.accepted());
    ++checks;
  }
  EXPECT_EQ(checks, 39);
}

TEST(LivekitTokenVectors, WarnOfWhatFailsAtTheJoin) {
  int warned = 0;
  for (const Json& test_case : vectors().at("cases")) {
    if (test_case.at("id") != "shared/verify/join-empty-identity") continue;
    const auto verdict = verify(test_case, test_case, test_case.at("jwt").get<std::string>());
    ASSERT_EQ(verdict.warnings.size(), 1U);
    EXPECT_EQ(verdict.warnings.front(),
              "the server will refuse the join: the token has no identity");
    ++warned;
  }
  EXPECT_EQ(warned, 1);
}

}  // namespace
}  // namespace ts::livekit
