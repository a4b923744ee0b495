// SPDX-License-Identifier: Apache-2.0
#include "livekit/ingress_client.hpp"

#include "harness.hpp"

#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

constexpr const char* kPublishing =
    R"({"items":[{"ingress_id":"IN_1","state":{"status":"ENDPOINT_PUBLISHING"}}]})";
constexpr const char* kInactive =
    R"({"items":[{"ingress_id":"IN_1","state":{"status":"ENDPOINT_INACTIVE"}}]})";

TEST(IngressClient, GivesTheAddressToPublishTo) {
  Harness harness;
  harness.transport.answer(200, R"({"ingress_id":"IN_1","stream_key":"abc",
                                    "url":"rtmp://host:1935/live/"})");

  const auto ingress =
      harness.ingress.create({.room_name = "main", .participant_identity = "program"});

  ASSERT_TRUE(ingress.ok());
  EXPECT_EQ(publish_target(ingress.value()).reveal(), "rtmp://host:1935/live/abc");
}

TEST(IngressClient, RefusesWhatTheServerWouldRefuse) {
  Harness harness;
  CreateIngressRequest pull{
      .input_type = IngressInput::kUrl, .room_name = "main", .participant_identity = "p"};
  const CreateIngressRequest untranscoded{
      .room_name = "main", .participant_identity = "p", .enable_transcoding = false};

  const auto nobody = harness.ingress.create({.room_name = "main"});
  const auto no_url = harness.ingress.create(pull);
  pull.url = Secret("file:///etc/passwd");
  const auto odd_url = harness.ingress.create(pull);
  const auto raw = harness.ingress.create(untranscoded);

  EXPECT_EQ(nobody.error().message, "the participant identity is empty");
  EXPECT_EQ(no_url.error().message, "an ingress that pulls needs a URL");
  EXPECT_EQ(odd_url.error().message, "the ingress URL is not http, https or srt");
  EXPECT_EQ(raw.error().message, "transcoding can be switched off for WHIP only");
  EXPECT_TRUE(harness.transport.requests.empty());
}

TEST(IngressClient, TakesNoAnswerWithoutAnId) {
  Harness harness;
  harness.transport.answer(200, "{}");

  const auto ingress = harness.ingress.create({.room_name = "main", .participant_identity = "p"});

  ASSERT_FALSE(ingress.ok());
  EXPECT_EQ(ingress.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(ingress.error().code, "bad_answer");
  EXPECT_EQ(ingress.error().hint, "it may have been made: run ts ingress list before trying again");
}

TEST(IngressClient, WaitsForThePublisher) {
  Harness harness;
  harness.transport.answer(200, kInactive).answer(503, "busy").answer(200, kPublishing);
  std::vector<std::string> seen;

  const auto ingress = harness.ingress.wait_for(
      "IN_1", IngressStatus::kPublishing, seconds{30}, {},
      [&](const IngressInfo& info) { seen.push_back(ingress_state_word(info.state->status)); });

  ASSERT_TRUE(ingress.ok()) << ingress.error().message;
  EXPECT_EQ(seen, (std::vector<std::string>{"inactive", "publishing"}));
}

TEST(IngressClient, NamesTheLastStateAtTheDeadline) {
  Harness harness;
  harness.transport.answer(200, kInactive).answer(200, kInactive).answer(200, kInactive);

  const auto ingress =
      harness.ingress.wait_for("IN_1", IngressStatus::kPublishing, milliseconds{500}, {});

  ASSERT_FALSE(ingress.ok());
  EXPECT_EQ(ingress.error().kind, ErrorKind::kDeadline);
  EXPECT_EQ(ingress.error().message, "ingress IN_1 is still inactive after 1 s");
}

TEST(IngressClient, ReadsEveryPageAndStopsAtARepeatedToken) {
  Harness harness;
  harness.transport
      .answer(200, R"({"items":[{"ingress_id":"IN_1"}],"next_page_token":{"token":"t1"}})")
      .answer(200, R"({"items":[{"ingress_id":"IN_2"}],"next_page_token":{"token":"t1"}})");

  const auto all = harness.ingress.list({});

  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all.value().size(), 2U);
  EXPECT_EQ(harness.transport.requests.at(1).body, R"({"pageToken":{"token":"t1"}})");
}

}  // namespace
}  // namespace ts::livekit
