// SPDX-License-Identifier: Apache-2.0
// Requests, retries and errors, against the vendor's SDK where the facts agree with it.
#include "cloudflare/client.hpp"
#include "support/api_vectors.hpp"
#include "support/fake_transport.hpp"

namespace ts::cloudflare {
namespace {

class CloudflareRequests : public testing::TestWithParam<test::VectorCase> {};

std::string header(const test::FakeTransport::Seen& seen, std::string_view name) {
  for (const auto& [key, value] : seen.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST_P(CloudflareRequests, AreTheSdksOnTheWire) {
  const Json& vector = GetParam().json;
  const Json& file = GetParam().file;
  test::FakeTransport transport;
  transport.answer(200, R"({"success":true,"errors":[],"messages":[],"result":{}})");
  test::FakeClock clock;
  CloudflareClient client(
      transport, clock,
      {.account_id = "unused", .api_token = Secret(file["token"].get<std::string>())},
      {.base_url = file["base_url"]});

  const auto answer = client.call(vector["call"].get<std::string>(), vector["args"]);

  if (vector.contains("error")) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::kUsage);
    EXPECT_TRUE(transport.requests.empty());
    return;
  }
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_EQ(transport.requests.size(), 1U);
  const auto& seen = transport.requests.front();
  const std::string query = vector["query"];
  EXPECT_EQ(seen.method, vector["method"].get<std::string>());
  EXPECT_EQ(seen.url, "https://api.cloudflare.com" + vector["path"].get<std::string>() +
                          (query.empty() ? "" : "?" + query));
  EXPECT_EQ(seen.body, vector["body_text"].is_null() ? "" : vector["body_text"].get<std::string>());
  const Json& headers = vector["headers"];
  EXPECT_EQ(header(seen, "accept"), headers["accept"].get<std::string>());
  EXPECT_EQ(header(seen, "content-type"),
            headers["content-type"].is_null() ? "" : headers["content-type"].get<std::string>());
  EXPECT_EQ(seen.has_body, !headers["content-length"].is_null());
  EXPECT_EQ(seen.authorization, headers["authorization"].get<std::string>());
  if (headers["idempotency-key"].is_string()) {
    EXPECT_EQ(header(seen, "idempotency-key"), headers["idempotency-key"].get<std::string>());
  } else {
    // The facts ask for a key with every creation, where the SDK sends none.
    const bool creates = vector["call"] == "stream.liveInputs.create";
    EXPECT_EQ(header(seen, "idempotency-key").empty(), !creates);
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, CloudflareRequests,
                         testing::ValuesIn(test::load_vectors("cloudflare", "requests.json")),
                         test::vector_name);

class CloudflareBehaviour : public testing::TestWithParam<test::VectorCase> {};

/// A POST without an idempotency key is sent again only after 429 or 503.
std::size_t recommended_attempts(const Json& vector) {
  const auto sdk = vector["attempts"].get<std::size_t>();
  const bool bare_post = vector["requests"].front().get<std::string>().starts_with("POST ") &&
                         vector["call"] != "stream.liveInputs.create";
  if (!bare_post) return sdk;
  const Json& responses = vector["responses"];
  for (std::size_t i = 0; i + 1 < sdk; ++i) {
    const int status = responses[std::min(i, responses.size() - 1)].value("status", 0);
    if (status != 429 && status != 503) return i + 1;
  }
  return sdk;
}

TEST_P(CloudflareBehaviour, IsTheRecommendedOne) {
  const Json& vector = GetParam().json;
  test::FakeClock clock(WallTime{seconds{1'700'000'000}}, true);
  test::VectorTransport transport(vector["responses"], clock);
  net::RetryOptions retry;
  retry.backoff.least_share = 1.0;
  CloudflareClient client(transport, clock, {.account_id = "a", .api_token = Secret("token")},
                          {.retry = retry});

  const auto answer = client.call(vector["call"].get<std::string>(), vector["args"]);

  const std::size_t attempts = recommended_attempts(vector);
  ASSERT_EQ(transport.requests.size(), attempts);
  for (std::size_t i = 0; i < attempts; ++i) {
    EXPECT_EQ(transport.requests[i], vector["requests"][i].get<std::string>());
  }
  auto waits = test::recommended_waits(vector["waits_ms"]);
  waits.resize(attempts - 1);
  EXPECT_EQ(transport.waits_ms(), waits);
  const Json& last = vector["responses"][std::min(attempts, vector["responses"].size()) - 1];
  const bool refused =
      last.contains("reset") || last["status"].get<int>() >= 300 ||
      (last.contains("body") && last["body"].is_object() && !last["body"].value("success", true));
  ASSERT_EQ(answer.ok(), !refused);
  if (!refused) {
    if (!answer.value().is_null()) {
      EXPECT_EQ(answer.value(), vector["result"]);
    }
    return;
  }
  if (!last.contains("body") || !last["body"].is_object()) return;
  for (const Json& error : last["body"].value("errors", Json::array())) {
    EXPECT_NE(answer.error().message.find(error["message"].get<std::string>()), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, CloudflareBehaviour,
                         testing::ValuesIn(test::load_vectors("cloudflare", "behaviour.json")),
                         test::vector_name);

}  // namespace
}  // namespace ts::cloudflare
