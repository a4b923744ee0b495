// SPDX-License-Identifier: Apache-2.0
#include "livekit/grants.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

TEST(VideoGrantJson, WritesAnExplicitFalseOfATriState) {
  VideoGrant grant{.room_join = true, .room = "main"};
  grant.can_publish = false;
  grant.can_subscribe = true;
  grant.can_update_own_metadata = false;

  EXPECT_EQ(dump_json(to_json(grant)),
            R"({"roomJoin":true,"room":"main","canPublish":false,"canSubscribe":true,)"
            R"("canUpdateOwnMetadata":false})");
}

TEST(VideoGrantJson, WritesAFalseThatWasSaid) {
  EXPECT_EQ(dump_json(to_json(VideoGrant{.room_create = false, .hidden = true})),
            R"({"roomCreate":false,"hidden":true})");

  const auto read = video_grant_from_json(Json::parse(R"({"recorder":false,"roomList":null})"),
                                          UnknownGrants::kRefuse);

  ASSERT_TRUE(read.ok());
  EXPECT_EQ(dump_json(to_json(read.value())), R"({"recorder":false})");
}

TEST(VideoGrantJson, OmitsWhatIsNotSet) { EXPECT_EQ(dump_json(to_json(VideoGrant{})), "{}"); }

TEST(VideoGrantJson, ReadsEveryMemberItWrites) {
  VideoGrant grant{.room_create = true,
                   .room_list = true,
                   .room_record = true,
                   .room_admin = true,
                   .room_join = true,
                   .ingress_admin = true,
                   .hidden = true,
                   .recorder = true,
                   .agent = true,
                   .room = "a",
                   .can_publish = false,
                   .can_subscribe = false,
                   .can_publish_data = true,
                   .can_publish_sources = {"camera", "screen_share"},
                   .can_update_own_metadata = true,
                   .can_subscribe_metrics = true,
                   .can_manage_agent_session = false,
                   .destination_room = "b"};
  const Json written = to_json(grant);
  ASSERT_EQ(written.size(), 18U);

  const auto read = video_grant_from_json(written, UnknownGrants::kRefuse);

  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_json(read.value()), written);
}

TEST(VideoGrantJson, RefusesAMistypedGrantWithTheNearestName) {
  const auto read =
      video_grant_from_json(Json::parse(R"({"canPublsh":true})"), UnknownGrants::kRefuse);

  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(read.error().message, "at $.video: LiveKit has no grant 'canPublsh'");
  EXPECT_EQ(read.error().hint, "did you mean canPublish?");
}

TEST(VideoGrantJson, OfOthersMayHoldMore) {
  EXPECT_TRUE(
      video_grant_from_json(Json::parse(R"({"futureGrant":[1]})"), UnknownGrants::kIgnore).ok());
}

TEST(VideoGrantJson, RefusesWrongTypesWithThePath) {
  const auto read = video_grant_from_json(Json::parse(R"({"canPublishSources":["camera",1]})"),
                                          UnknownGrants::kIgnore);

  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message,
            "at $.video.canPublishSources[1]: expected a string, found a number");
  EXPECT_FALSE(
      video_grant_from_json(Json::parse(R"({"roomJoin":"true"})"), UnknownGrants::kIgnore).ok());
  EXPECT_FALSE(video_grant_from_json(Json::parse("[]"), UnknownGrants::kIgnore).ok());
}

TEST(VideoGrantMeaning, OfAbsentTriStates) {
  VideoGrant grant;
  EXPECT_TRUE(grant.may_publish());
  EXPECT_TRUE(grant.may_subscribe());
  EXPECT_TRUE(grant.may_publish_data());

  grant.can_publish = false;
  EXPECT_FALSE(grant.may_publish_data()) << "absent canPublishData follows canPublish";
  EXPECT_FALSE(grant.may_publish_source("camera"));

  grant.can_publish = true;
  grant.can_publish_sources = {"microphone"};
  EXPECT_TRUE(grant.may_publish_source("microphone"));
  EXPECT_FALSE(grant.may_publish_source("camera"));
}

TEST(Roles, AreTheDocumentedPresets) {
  EXPECT_EQ(dump_json(to_json(role_grant(Role::kCamera, "r"))),
            R"({"roomJoin":true,"room":"r","canPublish":true,"canSubscribe":false,)"
            R"("canPublishData":true,"canPublishSources":["camera","microphone"]})");
  EXPECT_EQ(dump_json(to_json(role_grant(Role::kSwitcher, "r"))),
            R"({"roomJoin":true,"room":"r","canPublish":true,"canSubscribe":true,)"
            R"("canPublishData":true,"canUpdateOwnMetadata":true})");
  EXPECT_EQ(dump_json(to_json(role_grant(Role::kViewer, "r"))),
            R"({"roomJoin":true,"room":"r","canPublish":false,"canSubscribe":true,)"
            R"("canPublishData":false})");
  EXPECT_EQ(dump_json(to_json(role_grant(Role::kOverlay, "r"))),
            R"({"roomJoin":true,"room":"r","canPublish":false,"canSubscribe":true,)"
            R"("canPublishData":true,"hidden":true})");
  EXPECT_EQ(dump_json(to_json(role_grant(Role::kAdmin, "r"))),
            R"({"roomCreate":true,"roomList":true,"roomRecord":true,"roomAdmin":true,)"
            R"("room":"r","ingressAdmin":true})");
  EXPECT_FALSE(role_grant(Role::kAdmin, "").room_admin);
}

TEST(Roles, SuggestTheNearest) {
  const auto role = parse_role("camra");
  ASSERT_FALSE(role.ok());
  EXPECT_EQ(role.error().hint, "did you mean camera?");
  EXPECT_EQ(parse_role("overlay").value(), Role::kOverlay);
}

TEST(MissingGrants, AreNamed) {
  VideoGrant grant{.room_admin = true, .room = "main"};
  EXPECT_EQ(missing_room_admin(grant, "main"), "");
  EXPECT_EQ(missing_room_admin(grant, "Main"), "roomAdmin for room 'Main'");
  EXPECT_EQ(missing_room_create(grant), "roomCreate");
  EXPECT_EQ(missing_room_list(grant), "roomList");
  EXPECT_EQ(missing_room_record(grant), "roomRecord");
  EXPECT_EQ(missing_ingress_admin(grant), "ingressAdmin");
  EXPECT_EQ(missing_room_record(role_grant(Role::kAdmin, "")), "");
}

}  // namespace
}  // namespace ts::livekit
