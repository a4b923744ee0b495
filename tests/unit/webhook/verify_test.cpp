// SPDX-License-Identifier: Apache-2.0
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/jwt.hpp"
#include "webhook/webhook.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ts::webhook {
namespace {

constexpr WallTime kVerifyNow{std::chrono::seconds{1772359200}};
constexpr std::string_view kBody = R"({"type":"video.asset.ready"})";

Credentials secrets(std::initializer_list<std::string_view> texts) {
  Credentials credentials{.livekit_key = "APIkey"};
  for (const auto text : texts) credentials.secrets.emplace_back(text);
  return credentials;
}

Verdict verify_mux(const Headers& headers, std::string_view body, const Credentials& credentials,
                   WallTime now = kVerifyNow) {
  return verify(Provider::kMux, {.headers = headers, .body = body}, credentials, now);
}

TEST(VerifyWebhook, TriesEverySecretOfARotation) {
  const auto credentials = secrets({"old", "new"});
  for (const std::size_t index : {0U, 1U}) {
    for (const auto provider : {Provider::kMux, Provider::kCloudflare}) {
      const auto headers = sign(provider, kBody, credentials, kVerifyNow, index);
      const auto verdict =
          verify(provider, {.headers = headers.value(), .body = kBody}, credentials, kVerifyNow);
      EXPECT_TRUE(verdict.accepted);
      EXPECT_EQ(verdict.secret_index, index);
    }
    const std::string event = R"({"event":"room_started"})";
    const auto headers = sign(Provider::kLivekit, event, credentials, kVerifyNow, index);
    const auto verdict = verify(Provider::kLivekit, {.headers = headers.value(), .body = event},
                                credentials, kVerifyNow);
    EXPECT_TRUE(verdict.accepted) << verdict.detail;
    EXPECT_EQ(verdict.secret_index, index);
  }
  EXPECT_EQ(verify_mux(sign(Provider::kMux, kBody, secrets({"third"}), kVerifyNow).value(), kBody,
                       credentials)
                .reason,
            "mismatch");
}

TEST(VerifyWebhook, AnEmptySecretNeverMatches) {
  const Headers headers{{"mux-signature", mux_signature(kBody, Secret(""), kVerifyNow)}};

  EXPECT_EQ(verify_mux(headers, kBody, secrets({""})).reason, "no-secret");
  EXPECT_EQ(verify_mux(headers, kBody, secrets({})).reason, "no-secret");
  EXPECT_EQ(verify_mux(headers, kBody, secrets({"", "real"})).reason, "mismatch");
}

TEST(VerifyWebhook, LooksThroughATwoSidedWindow) {
  const auto credentials = secrets({"secret"});
  const Headers headers = sign(Provider::kMux, kBody, credentials, kVerifyNow).value();
  const auto reason_at = [&](int offset) {
    return verify_mux(headers, kBody, credentials, kVerifyNow + std::chrono::seconds{offset})
        .reason;
  };
  EXPECT_EQ(reason_at(300), "ok");
  EXPECT_EQ(reason_at(301), "too-old");
  EXPECT_EQ(reason_at(-300), "ok");
  EXPECT_EQ(reason_at(-301), "too-new");
}

TEST(VerifyWebhook, TheLastTimeOfAHeaderCounts) {
  const auto credentials = secrets({"secret"});
  const std::string header = mux_signature(kBody, credentials.secrets[0], kVerifyNow);
  const auto reason_of = [&](const std::string& value) {
    return verify_mux({{"mux-signature", value}}, kBody, credentials).reason;
  };
  EXPECT_EQ(reason_of("t=1," + header), "ok");
  EXPECT_EQ(reason_of(header + ",t=1"), "mismatch");
  EXPECT_EQ(reason_of(header + ",t"), "bad-timestamp");
  EXPECT_EQ(reason_of(header + ",x"), "ok");
}

TEST(VerifyWebhook, SeveralHeadersCountAsOne) {
  const auto credentials = secrets({"secret"});
  const std::string good = mux_signature(kBody, credentials.secrets[0], kVerifyNow);
  const std::string time = good.substr(0, good.find(','));
  EXPECT_EQ(verify_mux({{"mux-signature", time + ",v1=00"}, {"x", "y"}, {"Mux-Signature", good}},
                       kBody, credentials)
                .reason,
            "ok");
}

TEST(VerifyWebhook, SurvivesTimesAtTheEndOfTheRange) {
  for (const char* time : {"9223372036854775807", "9223372036854775808", "18446744073709551615",
                           "18446744073709551616", "99999999999999999999999"}) {
    const Headers headers{{"mux-signature", std::string("t=") + time + ",v1=00"}};
    EXPECT_FALSE(verify_mux(headers, kBody, secrets({"secret"})).accepted) << time;
  }
}

TEST(VerifyWebhook, BoundsTheBody) {
  const auto credentials = secrets({"secret"});
  const std::string body(kMaxBodyBytes + 1, ' ');
  const Headers headers{{"mux-signature", mux_signature(body, credentials.secrets[0], kVerifyNow)}};

  EXPECT_EQ(verify_mux(headers, body, credentials).reason, "body-too-large");
  const std::string_view largest = std::string_view(body).substr(1);
  EXPECT_TRUE(
      verify_mux({{"mux-signature", mux_signature(largest, credentials.secrets[0], kVerifyNow)}},
                 largest, credentials)
          .accepted);
}

TEST(VerifyWebhook, TakesCloudflaresSharedSecretScheme) {
  const auto credentials = secrets({"old", "shared"});
  const auto check = [&](std::string_view value) {
    const Headers headers{{"CF-Webhook-Auth", std::string(value)}};
    return verify(Provider::kCloudflare, {.headers = headers, .body = kBody}, credentials,
                  kVerifyNow);
  };
  EXPECT_TRUE(check("shared").accepted);
  EXPECT_EQ(check("shared").secret_index, 1U);
  EXPECT_EQ(check("sharedx").reason, "mismatch");
  for (const char* nothing : {"", " "}) {
    EXPECT_EQ(check(nothing).reason, "no-header") << "a destination without a secret says nothing";
  }
  EXPECT_TRUE(verify(Provider::kCloudflare,
                     {.headers = sign_cloudflare_live(credentials).value(), .body = kBody},
                     credentials, kVerifyNow)
                  .accepted);
}

TEST(VerifyWebhook, ASharedSecretDoesNotReplaceASignature) {
  const auto credentials = secrets({"shared"});
  const Headers headers{{"cf-webhook-auth", "shared"},
                        {"webhook-signature", "time=1772359200,sig1=00"}};
  EXPECT_EQ(
      verify(Provider::kCloudflare, {.headers = headers, .body = kBody}, credentials, kVerifyNow)
          .reason,
      "mismatch");
}

TEST(VerifyWebhook, OfLivekitTellsAWrongSecretFromAnAlteredBody) {
  const std::string body = R"({"event":"room_started"})";
  const auto headers = sign(Provider::kLivekit, body, secrets({"right"}), kVerifyNow).value();
  const auto reason = [&](std::string_view received, const Credentials& credentials) {
    return verify(Provider::kLivekit, {.headers = headers, .body = received}, credentials,
                  kVerifyNow)
        .reason;
  };
  EXPECT_EQ(reason(body, secrets({"right"})), "ok");
  EXPECT_EQ(reason(body, secrets({"wrong"})), "bad_signature");
  EXPECT_EQ(reason(body + " ", secrets({"right"})), "checksum_mismatch");
  auto other_key = secrets({"right"});
  other_key.livekit_key = "APIother";
  EXPECT_EQ(reason(body, other_key), "wrong_issuer");
  other_key.livekit_key.clear();
  EXPECT_EQ(reason(body, other_key), "no-secret");
}

TEST(VerifyWebhook, OfLivekitRefusesBodiesThatAreNoEvent) {
  const auto credentials = secrets({"right"});
  for (const char* body :
       {R"({"event":5})", R"({"event":"x","room":[]})", "null", "\"text\"",
        R"({"event":"x","egressInfo":{"startedAt":"soon"}})", R"({"event":"x","job":{"id":5}})",
        R"({"event":"x","job":[]})", R"({"event":"x","job":{"state":{"startedAt":"soon"}}})",
        R"({"event":"x","egressInfo":{"web":{"url":"u"},"track":{}}})",
        R"({"event":"x","egressInfo":{"stream":{},"file":{}}})",
        R"({"event":"x","egressInfo":{"egress":{"template":{},"web":{}}}})",
        R"({"event":"x","egressInfo":{"roomComposite":{"fileOutputs":)"
        R"([{"s3":{},"gcp":{}}]}}})",
        R"({"event":"x","ingressInfo":{"video":{"preset":1,"options":{}}}})"}) {
    const auto headers = sign(Provider::kLivekit, body, credentials, kVerifyNow).value();
    EXPECT_EQ(
        verify(Provider::kLivekit, {.headers = headers, .body = body}, credentials, kVerifyNow)
            .reason,
        "body_not_event")
        << body;
  }
}

TEST(VerifyWebhook, OfLivekitTakesOneMemberOfAOneof) {
  const auto credentials = secrets({"right"});
  for (
      const char* body :
      {R"({"event":"x","job":{"id":"AJ_1","type":"JT_NEW","future":{"a":[1]},"room":{"name":"r"}}})",
       R"({"event":"x","egressInfo":{"web":{"url":"u","preset":1},"track":null,"file":{}}})",
       R"({"event":"x","egressInfo":{"egress":{"web":{"url":"u"},"advanced":{},"outputs":)"
       R"([{"file":{}},{"stream":{}}]}}})"}) {
    const auto headers = sign(Provider::kLivekit, body, credentials, kVerifyNow).value();
    const auto verdict =
        verify(Provider::kLivekit, {.headers = headers, .body = body}, credentials, kVerifyNow);
    EXPECT_TRUE(verdict.accepted) << body << ": " << verdict.detail;
  }
}

TEST(VerifyWebhook, OfLivekitKnowsTheDigestInOtherSpellings) {
  const auto credentials = secrets({"right"});
  const std::string body = R"({"event":"room_started","id":"5"})";
  const auto detail_of = [&](const std::string& digest) {
    const std::string claims = R"({"iss":"APIkey","exp":1772359500,"sha256":")" + digest + R"("})";
    const Headers headers{
        {"authorization", crypto::jwt_hs256(R"({"alg":"HS256"})", claims, credentials.secrets[0])}};
    const auto verdict = verify(Provider::kLivekit, {.headers = headers, .body = body}, credentials,
                                kVerifyNow, {.diagnose = true});
    EXPECT_EQ(verdict.accepted, verdict.reason == "ok");
    return verdict.accepted ? verdict.reason : verdict.reason + ": " + verdict.detail;
  };
  const auto digest = crypto::sha256(body);
  const std::string base64 = crypto::base64_encode(crypto::bytes_of(digest));
  std::string url = base64;
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  ASSERT_NE(url, base64) << "the body was chosen so";
  const auto same_digest = [](const std::string& spelling) {
    return "checksum_mismatch: the sha256 claim is the digest of this body, but in " + spelling +
           " instead of base64";
  };

  EXPECT_EQ(detail_of(base64), "ok");
  EXPECT_EQ(detail_of(crypto::hex_encode(crypto::bytes_of(digest))), same_digest("hex"));
  EXPECT_EQ(detail_of(url), same_digest("base64url"));
  EXPECT_EQ(detail_of(base64.substr(0, 43)),
            same_digest("base64 without its padding or with blanks"));
  EXPECT_EQ(detail_of(crypto::hex_encode(crypto::bytes_of(crypto::sha256(body + "x")))),
            "checksum_mismatch: the token is genuine, but of another body: it was altered on its "
            "way");
}

TEST(VerifyWebhook, OfLivekitSaysWhatToDoAboutAnOldOne) {
  const auto credentials = secrets({"right"});
  const std::string body = R"({"event":"room_started"})";
  const auto headers = sign(Provider::kLivekit, body, credentials, kVerifyNow).value();
  const auto late = verify(Provider::kLivekit, {.headers = headers, .body = body}, credentials,
                           kVerifyNow + std::chrono::hours{1});
  EXPECT_EQ(late.reason, "expired");
  EXPECT_NE(late.hint.find("ts webhook replay --resign"), std::string::npos) << late.hint;
  EXPECT_EQ(late.hint.find("token create"), std::string::npos) << "that is for tokens people mint";

  const Headers endless{
      {"authorization",
       crypto::jwt_hs256(R"({"alg":"HS256"})", R"({"iss":"APIkey"})", credentials.secrets[0])}};
  const auto verdict =
      verify(Provider::kLivekit, {.headers = endless, .body = body}, credentials, kVerifyNow);
  EXPECT_EQ(verdict.reason, "missing_exp");
  EXPECT_EQ(verdict.hint, "livekit-server's own have one: look at what signs these");
}

TEST(SignWebhook, NeedsASecret) {
  for (const auto provider : {Provider::kLivekit, Provider::kMux, Provider::kCloudflare}) {
    EXPECT_EQ(sign(provider, kBody, secrets({}), kVerifyNow).error().kind, ErrorKind::kConfig);
    EXPECT_EQ(sign(provider, kBody, secrets({"a"}), kVerifyNow, 1).error().kind,
              ErrorKind::kConfig);
  }
  EXPECT_FALSE(sign_cloudflare_live(secrets({})).ok());
}

TEST(GuessProvider, ByItsHeaders) {
  const auto guess = [](const Headers& headers) { return guess_provider({.headers = headers}); };
  EXPECT_EQ(guess({{"Mux-Signature", "x"}}), Provider::kMux);
  EXPECT_EQ(guess({{"webhook-signature", "x"}}), Provider::kCloudflare);
  EXPECT_EQ(guess({{"cf-webhook-auth", "x"}}), Provider::kCloudflare);
  EXPECT_EQ(guess({{"authorization", "x"}}), Provider::kLivekit);
  EXPECT_EQ(guess({{"cf-webhook-auth", ""}, {"authorization", "x"}}), Provider::kLivekit);
  EXPECT_EQ(guess({{"cf-webhook-auth", " "}}), std::nullopt);
  EXPECT_EQ(guess({{"Host", "x"}}), std::nullopt);
}

TEST(ParseProvider, SuggestsTheNearest) {
  EXPECT_EQ(parse_provider("mux").value(), Provider::kMux);
  EXPECT_EQ(parse_provider("livekt").error().hint, "did you mean livekit?");
}

}  // namespace
}  // namespace ts::webhook
