// SPDX-License-Identifier: Apache-2.0
#include "livekit/room_client.hpp"

#include "harness.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

TEST(RoomClient, ReturnsTheRoomItMade) {
  Harness harness;
  harness.transport.answer(200, R"({"sid":"RM_1","name":"main","empty_timeout":300,
                                    "creation_time":"1790000000","metadata":""})");

  const auto room = harness.rooms.create({.name = "main"});

  ASSERT_TRUE(room.ok());
  EXPECT_EQ(room.value().sid, "RM_1");
  EXPECT_EQ(room.value().creation_time, 1'790'000'000);
}

TEST(RoomClient, SaysThatARoomDoesNotExist) {
  Harness harness;
  harness.transport.answer(200, R"({"rooms":[]})");

  const auto room = harness.rooms.get("main");

  ASSERT_FALSE(room.ok());
  EXPECT_EQ(room.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(room.error().message, "there is no room 'main'");
}

TEST(RoomClient, RefusesNamesTheServerWouldRefuse) {
  Harness harness;

  const auto empty = harness.rooms.create({.name = ""});
  const auto longer = harness.rooms.create({.name = std::string(257, 'x')});
  const auto metadata =
      harness.rooms.update_metadata("main", std::string((std::size_t{512} << 10U) + 1, 'x'));

  EXPECT_EQ(empty.error().message, "the room name is empty");
  EXPECT_EQ(longer.error().message, "the room name has 257 bytes, at most 256 are allowed");
  EXPECT_EQ(metadata.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(harness.transport.requests.empty());
}

TEST(RoomClient, RefusesATrackIdWithASlash) {
  Harness harness;

  const auto muted = harness.rooms.mute("main", "cam", "TR_/../x", true);

  ASSERT_FALSE(muted.ok());
  EXPECT_EQ(muted.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(harness.transport.requests.empty());
}

TEST(RoomClient, GivesEachMessageItsOwnNonce) {
  Harness harness;
  harness.transport.answer(200).answer(200);

  ASSERT_TRUE(harness.rooms.send_data({.room = "main", .data = "x"}).ok());
  ASSERT_TRUE(harness.rooms.send_data({.room = "main", .data = "x"}).ok());

  const Json first = Json::parse(harness.transport.requests.at(0).body);
  const Json second = Json::parse(harness.transport.requests.at(1).body);
  EXPECT_EQ(first.at("nonce").get<std::string>().size(), 24U);
  EXPECT_NE(first.at("nonce"), second.at("nonce"));
}

TEST(RoomClient, ExplainsThatUnmutingIsSwitchedOff) {
  Harness harness;
  harness.transport.answer(412,
                           R"({"code":"failed_precondition","msg":"remote unmute not enabled"})");

  const auto muted = harness.rooms.mute("main", "cam", "TR_1", false);

  ASSERT_FALSE(muted.ok());
  EXPECT_EQ(muted.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(muted.error().hint, "set room.enable_remote_unmute in the server's configuration");
}

TEST(RoomClient, SendsTheSubscriptionsAndTheRpcAsAsked) {
  Harness harness;
  harness.transport.answer(200).answer(200, R"({"payload":"pong"})");

  ASSERT_TRUE(harness.rooms
                  .update_subscriptions(
                      {.room = "main", .identity = "v", .track_sids = {"TR_1"}, .subscribe = true})
                  .ok());
  const auto answer = harness.rooms.perform_rpc({.room = "main",
                                                 .destination_identity = "cam",
                                                 .method = "ping",
                                                 .response_timeout_ms = 500});

  EXPECT_EQ(harness.transport.requests.at(0).body,
            R"({"room":"main","identity":"v","trackSids":["TR_1"],"subscribe":true})");
  EXPECT_EQ(
      harness.transport.requests.at(1).body,
      R"({"room":"main","destinationIdentity":"cam","method":"ping","responseTimeoutMs":500})");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.value(), "pong");
}

TEST(RoomClient, AsksForBothRoomsOfAMove) {
  Harness harness;
  harness.transport.answer(200).answer(200);
  const ParticipantTransfer transfer{
      .room = "waiting", .identity = "cam", .destination_room = "main"};

  ASSERT_TRUE(harness.rooms.move_participant(transfer).ok());
  ASSERT_TRUE(harness.rooms.forward_participant(transfer).ok());

  for (const auto& request : harness.transport.requests) {
    EXPECT_EQ(request.body, R"({"room":"waiting","identity":"cam","destinationRoom":"main"})");
  }
  EXPECT_TRUE(harness.transport.requests.at(0).url.ends_with(".RoomService/MoveParticipant"))
      << harness.transport.requests.at(0).url;
  EXPECT_TRUE(harness.transport.requests.at(1).url.ends_with(".RoomService/ForwardParticipant"));
}

TEST(RoomClient, RefusesAMoveToTheSameRoomAndAnOverlongPayload) {
  Harness harness;

  const auto same =
      harness.rooms.move_participant({.room = "a", .identity = "cam", .destination_room = "a"});
  const auto large = harness.rooms.perform_rpc({.room = "a",
                                                .destination_identity = "cam",
                                                .method = "m",
                                                .payload = std::string(15 * 1024 + 1, 'x')});

  ASSERT_FALSE(same.ok());
  EXPECT_EQ(same.error().kind, ErrorKind::kUsage);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(harness.transport.requests.empty());
}

}  // namespace
}  // namespace ts::livekit
