// SPDX-License-Identifier: Apache-2.0
// What the client puts on the wire, against what the vendor's SDK does.
#include "crypto/encoding.hpp"
#include "mux/client.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"
#include "support/api_vectors.hpp"
#include "support/fake_transport.hpp"

namespace ts::mux {
namespace {

class MuxRequests : public testing::TestWithParam<test::VectorCase> {};

std::string header(const test::FakeTransport::Seen& seen, std::string_view name) {
  for (const auto& [key, value] : seen.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST_P(MuxRequests, AreTheSdksOnTheWire) {
  const Json& vector = GetParam().json;
  const Json& file = GetParam().file;
  test::FakeTransport transport;
  transport.answer(200, R"({"data":[]})");
  test::FakeClock clock;
  MuxClient client(
      transport, clock,
      {.token_id = file["token_id"], .token_secret = Secret(std::string(file["token_secret"]))},
      {.base_url = file["base_url"], .pacing = false});

  const auto answer = client.call(vector["call"].get<std::string>(), vector["args"]);

  if (vector.contains("error")) {
    EXPECT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::kUsage);
    EXPECT_TRUE(transport.requests.empty());
    return;
  }
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_EQ(transport.requests.size(), 1U);
  const auto& seen = transport.requests.front();
  const std::string query = vector["query"];
  EXPECT_EQ(seen.method, vector["method"].get<std::string>());
  EXPECT_EQ(seen.url, file["base_url"].get<std::string>() + vector["path"].get<std::string>() +
                          (query.empty() ? "" : "?" + query));
  if (vector["body_text"].is_null()) {
    EXPECT_EQ(seen.body, "");
  } else {
    EXPECT_EQ(seen.body, vector["body_text"].get<std::string>());
  }
  const Json& headers = vector["headers"];
  EXPECT_EQ(header(seen, "accept"), headers["accept"].get<std::string>());
  EXPECT_EQ(header(seen, "content-type"),
            headers["content-type"].is_null() ? "" : headers["content-type"].get<std::string>());
  EXPECT_EQ(seen.has_body, !headers["content-length"].is_null());
  const std::string basic = seen.authorization.substr(std::string("Basic ").size());
  EXPECT_EQ("Basic " + crypto::base64_encode(basic), headers["authorization"].get<std::string>());
}

/// The body the facts ask for where the SDK sends what it is given: names of today, and a reconnect
/// window always.
Json recommended(Json body) {
  const auto rename = [](Json& object) {
    if (!object.contains("playback_policy")) return;
    Json policies = object["playback_policy"];
    if (policies.is_string()) policies = Json::array({policies});
    object["playback_policies"] = policies;
    object.erase("playback_policy");
  };
  rename(body);
  if (body.contains("playback_policies") && body["playback_policies"].is_string()) {
    body["playback_policies"] = Json::array({body["playback_policies"]});
  }
  if (body.contains("new_asset_settings")) rename(body["new_asset_settings"]);
  for (const auto& [name, mode] :
       {std::pair{"reduced_latency", "reduced"}, std::pair{"low_latency", "low"}}) {
    if (!body.contains(name)) continue;
    if (body[name] == true && !body.contains("latency_mode")) body["latency_mode"] = mode;
    body.erase(name);
  }
  if (!body.contains("reconnect_window")) body["reconnect_window"] = 60;
  return body;
}

/// Member order carries no meaning on the wire.
nlohmann::json unordered(const Json& json) { return nlohmann::json::parse(json.dump()); }

TEST_P(MuxRequests, AreMadeFromTypedWishesToo) {
  const Json& vector = GetParam().json;
  const std::string call = vector["call"];
  if (vector.contains("error") || !call.starts_with("video.liveStreams.")) return;
  const Json& last = vector["args"].empty() ? Json() : vector["args"].back();

  if (call.ends_with(".create")) {
    const auto wish = read_new_live_stream(last);
    ASSERT_TRUE(wish.ok()) << wish.error().message;
    EXPECT_EQ(unordered(to_body(wish.value())), unordered(recommended(vector["body"])));
    const bool clash = last.value("test", false) && last.contains("max_continuous_duration");
    EXPECT_EQ(validate(wish.value()).ok(), !clash);
  } else if (call.ends_with(".update")) {
    const auto update = read_live_stream_update(last);
    ASSERT_TRUE(update.ok()) << update.error().message;
    EXPECT_EQ(unordered(to_body(update.value())), unordered(vector["body"]));
    EXPECT_TRUE(validate(update.value()).ok());
  } else if (call.ends_with(".createSimulcastTarget")) {
    const auto target = read_new_simulcast_target(last);
    ASSERT_TRUE(target.ok()) << target.error().message;
    EXPECT_EQ(unordered(to_body(target.value())), unordered(vector["body"]));
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, MuxRequests,
                         testing::ValuesIn(test::load_vectors("mux", "requests.json")),
                         test::vector_name);

}  // namespace
}  // namespace ts::mux
