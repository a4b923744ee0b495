// SPDX-License-Identifier: Apache-2.0
#include "state_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

using testing::ElementsAre;

TEST(LiveKitRooms, CloseAfterTheEmptyTimeoutWhenNobodyEverJoined) {
  LiveKitFixture fixture;
  fixture.room("CreateRoom", {{"name", "stage"}, {"emptyTimeout", 60}});
  fixture.clock.advance(seconds{59});
  fixture.service.tick();
  EXPECT_EQ(fixture.room("ListRooms", Json::object())["rooms"].size(), 1U);

  fixture.clock.advance(seconds{1});
  fixture.service.tick();

  EXPECT_EQ(fixture.room("ListRooms", Json::object())["rooms"].size(), 0U);
  EXPECT_THAT(events_in(fixture.service.take_effects()),
              ElementsAre("room_started", "room_finished"));
}

TEST(LiveKitRooms, StayAsTheyAreWhenTheyAreCreatedAgain) {
  LiveKitFixture fixture;
  const auto first = fixture.room("CreateRoom", {{"name", "stage"}, {"metadata", "m"}});

  const auto again = fixture.room("CreateRoom", {{"name", "stage"},
                                                 {"metadata", std::string(600'000, 'x')},
                                                 {"departureTimeout", 90},
                                                 {"roomPreset", "none"}});

  EXPECT_EQ(fixture.last.status, 200);
  EXPECT_EQ(again, first);
}

TEST(LiveKitRooms, CloseAfterTheDepartureTimeoutOfTheLastParticipant) {
  LiveKitFixture fixture;
  fixture.publish(1);
  fixture.service.publish_ended(1, "");
  fixture.clock.advance(seconds{19});
  fixture.service.tick();
  EXPECT_EQ(fixture.room("ListRooms", Json::object())["rooms"].size(), 1U);

  fixture.clock.advance(seconds{1});
  fixture.service.tick();

  EXPECT_EQ(fixture.room("ListRooms", Json::object())["rooms"].size(), 0U);
}

TEST(LiveKitRooms, StayOpenWhileSomebodyPublishes) {
  LiveKitFixture fixture;
  fixture.publish(1);

  fixture.clock.advance(std::chrono::hours{5});
  fixture.service.tick();

  EXPECT_EQ(fixture.room("ListRooms", Json::object())["rooms"][0]["num_publishers"], 1);
}

TEST(LiveKitRooms, TellAPublishersWholeLifeInOrder) {
  LiveKitFixture fixture;

  fixture.publish(1);
  fixture.service.publish_ended(1, "");

  EXPECT_THAT(events_in(fixture.service.take_effects()),
              ElementsAre("ingress_started", "room_started", "participant_joined",
                          "track_published", "track_published", "track_unpublished",
                          "track_unpublished", "participant_left", "ingress_ended"));
}

TEST(LiveKitRooms, KickThePublisherOfARemovedParticipant) {
  LiveKitFixture fixture;
  fixture.publish(7);
  forget(fixture.service.take_effects());

  fixture.room("RemoveParticipant", {{"room", "stage"}, {"identity", "cam-7"}});

  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<PublisherKick>(effects).size(), 1U);
  EXPECT_EQ(only<PublisherKick>(effects)[0]->publish, 7U);
  EXPECT_EQ(fixture.room("ListParticipants", {{"room", "stage"}})["participants"].size(), 0U);
}

TEST(LiveKitRooms, GiveAnIdentityToTheNewerOfTwoSessions) {
  LiveKitFixture fixture;
  std::vector<std::string> keys;
  for (int i = 0; i < 2; ++i) {
    keys.push_back(fixture.ingress(
        "CreateIngress", {{"room_name", "stage"}, {"participant_identity", "same"}})["stream_key"]);
  }
  ASSERT_TRUE(fixture.service.publish_begins(keys[0], 1).ok());
  fixture.service.publish_described(1, camera());
  forget(fixture.service.take_effects());

  ASSERT_TRUE(fixture.service.publish_begins(keys[1], 2).ok());
  fixture.service.publish_described(2, camera());

  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<PublisherKick>(effects).size(), 1U);
  EXPECT_EQ(only<PublisherKick>(effects)[0]->publish, 1U);
  EXPECT_EQ(fixture.room("ListParticipants", {{"room", "stage"}})["participants"].size(), 1U);
}

TEST(LiveKitRooms, MuteOneTrackAndRefuseToUnmuteIt) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  forget(fixture.service.take_effects());

  const auto muted = fixture.room(
      "MutePublishedTrack",
      {{"room", "stage"}, {"identity", "cam-1"}, {"track_sid", audio}, {"muted", true}});
  EXPECT_EQ(muted["track"]["muted"], true);
  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<TrackMute>(effects).size(), 1U);
  EXPECT_FALSE(only<TrackMute>(effects)[0]->video);

  const auto back = fixture.room(
      "MutePublishedTrack",
      {{"room", "stage"}, {"identity", "cam-1"}, {"track_sid", audio}, {"muted", false}});
  EXPECT_EQ(fixture.last.status, 412);
  EXPECT_EQ(back["msg"], "twirp error unknown: remote unmute not enabled");
}

TEST(LiveKitRooms, ReplaceTheWholePermissionSet) {
  LiveKitFixture fixture;
  fixture.publish(1);

  const auto after = fixture.room(
      "UpdateParticipant",
      {{"room", "stage"}, {"identity", "cam-1"}, {"permission", {{"canPublish", true}}}});

  EXPECT_EQ(after["permission"]["can_publish"], true);
  EXPECT_EQ(after["permission"]["can_publish_data"], false);
}

TEST(LiveKitRooms, DeleteAnAttributeThatIsSetToNothing) {
  LiveKitFixture fixture;
  fixture.publish(1);
  fixture.room(
      "UpdateParticipant",
      {{"room", "stage"}, {"identity", "cam-1"}, {"attributes", {{"a", "1"}, {"b", "2"}}}});

  const auto after = fixture.room(
      "UpdateParticipant", {{"room", "stage"}, {"identity", "cam-1"}, {"attributes", {{"a", ""}}}});

  EXPECT_EQ(after["attributes"], Json::parse(R"({"b":"2"})"));
}

TEST(LiveKitIngress, RefusesAnUnknownADisabledAndABusyKey) {
  LiveKitFixture fixture;
  const auto made =
      fixture.ingress("CreateIngress", {{"room_name", "stage"}, {"participant_identity", "cam"}});
  const auto key = made["stream_key"].get<std::string>();
  const auto id = made["ingress_id"].get<std::string>();

  EXPECT_EQ(fixture.service.publish_begins("nobody", 1).error().kind, ErrorKind::kAuth);
  ASSERT_TRUE(fixture.service.publish_begins(key, 2).ok());
  EXPECT_EQ(fixture.service.publish_begins(key, 3).error().kind, ErrorKind::kConflict);
  fixture.service.publish_ended(2, "");
  fixture.ingress("UpdateIngress", {{"ingress_id", id}, {"enabled", false}});
  EXPECT_EQ(fixture.service.publish_begins(key, 4).error().message, "session is disabled");
}

TEST(LiveKitIngress, ShowsWhatThePublisherSends) {
  LiveKitFixture fixture;
  fixture.publish(1);

  const auto state = fixture.ingress("ListIngress", Json::object())["items"][0]["state"];

  EXPECT_EQ(state["status"], "ENDPOINT_PUBLISHING");
  EXPECT_EQ(state["video"]["width"], 1280);
  EXPECT_EQ(state["audio"]["sample_rate"], 48'000);
  EXPECT_EQ(state["tracks"].size(), 2U);
}

TEST(LiveKitCalls, AreRefusedWithoutTheGrant) {
  LiveKitFixture fixture;
  auto grants = everything("other");
  grants.room_create = false;

  const auto created = fixture.service.call("RoomService", "CreateRoom", R"({"name":"x"})", grants);
  const auto listed =
      fixture.service.call("RoomService", "ListParticipants", R"({"room":"stage"})", grants);
  const auto anonymous = fixture.service.call("Egress", "ListEgress", "{}", std::nullopt);

  for (const auto& reply : {created, listed, anonymous}) {
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.body, R"({"code":"unauthenticated","msg":"permissions denied"})");
  }
}

TEST(LiveKitCalls, NameTheArgumentThatIsTooLong) {
  LiveKitFixture fixture;

  const auto answer =
      fixture.room("UpdateParticipant",
                   {{"room", "stage"}, {"identity", "nobody"}, {"name", std::string(257, 'x')}});

  EXPECT_EQ(fixture.last.status, 400);
  EXPECT_EQ(answer["meta"]["argument"], "name length exceeds limits");
}

TEST(LiveKitCalls, SayWhichRouteTheyDoNotKnow) {
  LiveKitFixture fixture;

  const auto reply = fixture.room("Dance", Json::object());

  EXPECT_EQ(fixture.last.status, 404);
  EXPECT_EQ(reply["code"], "bad_route");
  EXPECT_EQ(reply["meta"]["twirp_invalid_route"], "POST /twirp/livekit.RoomService/Dance");
}

}  // namespace
}  // namespace ts::sandbox
