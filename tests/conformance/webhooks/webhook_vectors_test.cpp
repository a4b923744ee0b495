// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "support/vectors.hpp"
#include "webhook/event.hpp"
#include "webhook/webhook.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace ts::webhook {
namespace {

std::string text_of(const Json& json, const char* name) { return json.at(name).get<std::string>(); }

std::string body_of(const Json& test_case) {
  return crypto::base64_decode(text_of(test_case, "body_b64")).value();
}

WallTime now_of(const Json& test_case) {
  const double now = test_case.at("now").get<double>();
  return WallTime{milliseconds{static_cast<std::int64_t>(std::llround(now * 1000))}};
}

Credentials credentials_of(const Json& test_case) {
  Credentials credentials;
  if (test_case.contains("key")) credentials.livekit_key = text_of(test_case, "key");
  credentials.secrets.emplace_back(text_of(test_case, "secret"));
  return credentials;
}

TEST(LivekitWebhookVectors, VerdictReasonAndEvent) {
  const Json vectors = test::read_vectors("livekit/webhooks.json");
  ASSERT_EQ(vectors.at("cases").size(), 40U);
  int accepted = 0;
  int events = 0;
  for (const Json& test_case : vectors.at("cases")) {
    SCOPED_TRACE(text_of(test_case, "id"));
    Headers headers;
    for (const Json& header : test_case.at("headers")) {
      headers.emplace_back(header.at(0).get<std::string>(), header.at(1).get<std::string>());
    }
    const std::string body = body_of(test_case);
    const auto leeway = std::chrono::seconds{test_case.at("leeway_s").get<std::int64_t>()};

    for (const bool diagnose : {false, true}) {
      const auto verdict =
          verify(Provider::kLivekit, {.headers = headers, .body = body}, credentials_of(test_case),
                 now_of(test_case), {.leeway = leeway, .diagnose = diagnose});

      EXPECT_EQ(verdict.accepted, test_case.at("expect") == "accept") << verdict.detail;
      EXPECT_EQ(verdict.reason, text_of(test_case, "reason")) << verdict.detail;
    }
    if (test_case.at("expect") != "accept") continue;
    ++accepted;
    const auto event = parse_event(Provider::kLivekit, body);
    ASSERT_TRUE(event.ok()) << event.error().message;
    const Json& expected = test_case.at("event");
    EXPECT_EQ(event.value().type, text_of(expected, "event"));
    EXPECT_EQ(event.value().id, text_of(expected, "id"));
    EXPECT_EQ(event.value().dedupe_key, "livekit:" + text_of(expected, "id"));
    ASSERT_TRUE(event.value().created_at.has_value());
    EXPECT_EQ(std::to_string(event.value().created_at->time_since_epoch().count() / 1000),
              text_of(expected, "createdAt"));
    if (!expected.at("room").is_null()) {
      EXPECT_EQ(event.value().room, text_of(expected, "room"));
    }
    if (!expected.at("participant").is_null()) {
      EXPECT_EQ(event.value().participant, text_of(expected, "participant"));
    }
    if (!expected.at("track").is_null()) {
      EXPECT_EQ(event.value().track, text_of(expected, "track"));
    }
    if (const Json& egress = expected.at("egress"); !egress.is_null()) {
      EXPECT_EQ(event.value().egress, text_of(egress, "id"));
      EXPECT_EQ(event.value().status, text_of(egress, "status"));
      ASSERT_TRUE(event.value().started_at_ns.has_value());
      EXPECT_EQ(std::to_string(*event.value().started_at_ns), text_of(egress, "startedAtNs"));
    }
    if (const Json& ingress = expected.at("ingress"); !ingress.is_null()) {
      EXPECT_EQ(event.value().ingress, text_of(ingress, "id"));
      EXPECT_EQ(event.value().status, text_of(ingress, "status"));
    }
    ++events;

    // And back: what ts signs over the same body is accepted.
    const auto resigned =
        sign(Provider::kLivekit, body, credentials_of(test_case), now_of(test_case));
    ASSERT_TRUE(resigned.ok());
    EXPECT_TRUE(verify(Provider::kLivekit, {.headers = resigned.value(), .body = body},
                       credentials_of(test_case), now_of(test_case))
                    .accepted);
  }
  EXPECT_EQ(accepted, 17);
  EXPECT_EQ(events, accepted);
}

struct HmacFamily {
  Provider provider;
  const char* file;
  const char* verdict;      ///< Member that holds the expected verdict.
  const char* header_name;  ///< When a case names none.
  std::size_t cases;
  int valid;
};

void check_family(const HmacFamily& family) {
  const Json vectors = test::read_vectors(family.file);
  ASSERT_EQ(vectors.at("cases").size(), family.cases);
  int valid = 0;
  for (const Json& test_case : vectors.at("cases")) {
    SCOPED_TRACE(text_of(test_case, "id"));
    Headers headers{{"Content-Type", "application/json"}};
    if (!test_case.at("header").is_null()) {
      headers.emplace_back(test_case.value("header_name", family.header_name),
                           text_of(test_case, "header"));
    }
    const std::string body = body_of(test_case);
    const auto tolerance = std::chrono::seconds{test_case.at("tolerance_s").get<std::int64_t>()};
    const Json& expected = test_case.at(family.verdict);

    for (const bool diagnose : {false, true}) {
      const auto verdict =
          verify(family.provider, {.headers = headers, .body = body}, credentials_of(test_case),
                 now_of(test_case), {.tolerance = tolerance, .diagnose = diagnose});

      EXPECT_EQ(verdict.accepted, expected.at("valid").get<bool>()) << verdict.detail;
      EXPECT_EQ(verdict.reason, expected.value("reason", "ok")) << verdict.detail;
    }
    if (!expected.at("valid").get<bool>()) continue;
    ++valid;

    // And back: the header that ts writes at the signed time is the one that came.
    const auto at = verify(family.provider, {.headers = headers, .body = body},
                           credentials_of(test_case), now_of(test_case), {.tolerance = tolerance})
                        .signed_at;
    ASSERT_TRUE(at.has_value());
    const Secret secret(text_of(test_case, "secret"));
    const auto written = family.provider == Provider::kMux
                             ? mux_signature(body, secret, test::at_second(*at))
                             : cloudflare_signature(body, secret, test::at_second(*at));
    const auto tag = written.substr(written.rfind('=') + 1);
    EXPECT_NE(text_of(test_case, "header").find(tag), std::string::npos);
  }
  EXPECT_EQ(valid, family.valid);
}

TEST(MuxWebhookVectors, VerdictAndReason) {
  check_family({.provider = Provider::kMux,
                .file = "mux/webhook-signatures.json",
                .verdict = "recommended",
                .header_name = "mux-signature",
                .cases = 61,
                .valid = 25});
}

TEST(CloudflareWebhookVectors, VerdictAndReason) {
  check_family({.provider = Provider::kCloudflare,
                .file = "cloudflare/webhook-signatures.json",
                .verdict = "expect",
                .header_name = "Webhook-Signature",
                .cases = 31,
                .valid = 13});
}

}  // namespace
}  // namespace ts::webhook
