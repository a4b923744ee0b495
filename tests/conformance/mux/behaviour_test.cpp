// SPDX-License-Identifier: Apache-2.0
// Retries, errors and paging, against the vendor's SDK where the facts agree with it.
#include "mux/client.hpp"
#include "support/api_vectors.hpp"

namespace ts::mux {
namespace {

class MuxBehaviour : public testing::TestWithParam<test::VectorCase> {};

/// How many of the SDK's tries the facts recommend: a POST is sent again only after 429 or 503, or
/// when the service asks for it.
std::size_t recommended_attempts(const Json& vector) {
  const auto sdk = vector["attempts"].get<std::size_t>();
  if (!vector["requests"].front().get<std::string>().starts_with("POST ")) return sdk;
  const Json& responses = vector["responses"];
  for (std::size_t i = 0; i + 1 < sdk; ++i) {
    const Json& response = responses[std::min(i, responses.size() - 1)];
    const int status = response.value("status", 0);
    const bool asked =
        response.contains("headers") && response["headers"].value("x-should-retry", "") == "true";
    if (status != 429 && status != 503 && !asked) return i + 1;
  }
  return sdk;
}

ErrorKind kind_of(int status) {
  if (status == 401 || status == 403) return ErrorKind::kAuth;
  if (status == 404) return ErrorKind::kNotFound;
  if (status == 400 || status == 422) return ErrorKind::kRemote;  // kUsage: nothing was sent
  return status < 500 && status != 408 && status != 429 ? ErrorKind::kConflict : ErrorKind::kRemote;
}

TEST_P(MuxBehaviour, IsTheRecommendedOne) {
  const Json& vector = GetParam().json;
  const auto now = vector["now"].is_number() ? vector["now"].get<double>() : 1'700'000'000.0;
  test::FakeClock clock(WallTime{milliseconds(static_cast<std::int64_t>(now * 1000))}, true);
  test::VectorTransport transport(vector["responses"], clock);
  net::RetryOptions retry{.max_retries = vector["max_retries"].get<int>()};
  retry.backoff.least_share = 1.0;
  MuxClient client(transport, clock, {.token_id = "id", .token_secret = Secret("secret")},
                   {.retry = retry, .pacing = false});

  const auto answer = client.call(vector["call"].get<std::string>(), vector["args"]);

  const std::size_t attempts = recommended_attempts(vector);
  const bool paged = vector.contains("items");
  if (paged) {
    // A page shorter than the limit may end the list one request early.
    ASSERT_LE(transport.requests.size(), attempts);
    ASSERT_GE(transport.requests.size() + 1, attempts);
  } else {
    ASSERT_EQ(transport.requests.size(), attempts);
  }
  for (std::size_t i = 0; i < transport.requests.size(); ++i) {
    EXPECT_EQ(transport.requests[i], vector["requests"][i].get<std::string>());
  }
  auto waits = test::recommended_waits(vector["waits_ms"]);
  if (!paged) {
    waits.resize(attempts - 1);
    EXPECT_EQ(transport.waits_ms(), waits);
  }
  if (attempts < vector["attempts"].get<std::size_t>()) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::kRemote);
    return;
  }
  if (vector.contains("error")) {
    ASSERT_FALSE(answer.ok());
    const Json& error = vector["error"];
    if (!error.contains("status") || !error["status"].is_number()) return;
    const int status = error["status"];
    EXPECT_EQ(answer.error().http_status, status);
    EXPECT_EQ(answer.error().kind, kind_of(status));
    if (error["body"].is_object() && error["body"].contains("error")) {
      for (const Json& message : error["body"]["error"]["messages"]) {
        EXPECT_NE(answer.error().message.find(message.get<std::string>()), std::string::npos);
      }
    }
    return;
  }
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  if (paged) {
    Json ids = Json::array();
    for (const Json& item : answer.value()) ids.push_back(item["id"]);
    EXPECT_EQ(ids, vector["items"]);
  } else if (!answer.value().is_null()) {
    EXPECT_EQ(answer.value(), vector["result"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, MuxBehaviour,
                         testing::ValuesIn(test::load_vectors("mux", "behaviour.json")),
                         test::vector_name);

}  // namespace
}  // namespace ts::mux
