// SPDX-License-Identifier: Apache-2.0
#include "state_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LiveKitEgress, ForwardsTheTracksThatWereNamedToTheSandboxsOwnIngest) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  forget(fixture.service.take_effects());

  const auto started = fixture.start(video, audio);
  fixture.service.tick();

  EXPECT_EQ(started["status"], "EGRESS_STARTING");
  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<RelayStart>(effects).size(), 1U);
  const auto& relay = *only<RelayStart>(effects)[0];
  EXPECT_EQ(relay.publish, 1U);
  EXPECT_TRUE(relay.audio && relay.video);
  EXPECT_EQ(relay.url.reveal(), "rtmp://127.0.0.1:1935/app/abcdefghijkl");
  EXPECT_EQ(fixture.egress_now(started["egress_id"])["status"], "EGRESS_ACTIVE");
}

TEST(LiveKitEgress, TakesOneTrackAloneWhenOnlyOneIsNamed) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  forget(fixture.service.take_effects());

  fixture.egress("StartTrackCompositeEgress",
                 {{"room_name", "stage"},
                  {"video_track_id", video},
                  {"stream_outputs", {{{"urls", {"rtmp://127.0.0.1/live/k"}}}}}});
  fixture.service.tick();

  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<RelayStart>(effects).size(), 1U);
  EXPECT_FALSE(only<RelayStart>(effects)[0]->audio);
  EXPECT_TRUE(only<RelayStart>(effects)[0]->video);
}

TEST(LiveKitEgress, StaysActiveWithoutAStartTimeUntilTheFarEndAccepts) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id = fixture.start(video, audio)["egress_id"].get<std::string>();
  fixture.service.tick();
  EXPECT_EQ(fixture.egress_now(id)["stream_results"][0]["started_at"], "0");

  fixture.service.relay_connected(1);

  EXPECT_NE(fixture.egress_now(id)["stream_results"][0]["started_at"], "0");
}

TEST(LiveKitEgress, FailsWhenItsTrackDoesNotComeInThirtySeconds) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto id = fixture.start("TR_none", "")["egress_id"].get<std::string>();
  fixture.clock.advance(seconds{30});

  fixture.service.tick();

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_FAILED");
  EXPECT_EQ(now["error"], "track TR_none not found");
  EXPECT_EQ(now["error_code"], 404);
  EXPECT_NE(now["ended_at"], "0");
}

TEST(LiveKitEgress, FailsWithItsLastOutputAndKeepsTheReason) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id =
      fixture
          .start(video, audio,
                 {"rtmp://127.0.0.1/live/one", "rtmp://127.0.0.1/live/two"})["egress_id"]
          .get<std::string>();
  fixture.service.tick();

  fixture.service.relay_ended(1, "connection refused");
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ACTIVE");
  EXPECT_EQ(fixture.egress_now(id)["stream_results"][0]["status"], "FAILED");
  fixture.service.relay_ended(2, "no route");

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_FAILED");
  EXPECT_EQ(now["error"], "no route");
  EXPECT_EQ(now["error_code"], 503);
}

TEST(LiveKitEgress, EndsWhenItsSourceCloses) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id = fixture.start(video, audio)["egress_id"].get<std::string>();
  fixture.service.tick();
  forget(fixture.service.take_effects());

  fixture.service.publish_ended(1, "");
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ENDING");
  fixture.service.relay_ended(1, "");

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_COMPLETE");
  EXPECT_EQ(now["details"], "End reason: Source closed");
  EXPECT_EQ(now["stream_results"][0]["status"], "FINISHED");
}

TEST(LiveKitEgress, StopsAndIsNotStoppedTwice) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id = fixture.start(video, audio)["egress_id"].get<std::string>();
  fixture.service.tick();

  EXPECT_EQ(fixture.egress("StopEgress", {{"egress_id", id}})["status"], "EGRESS_ENDING");
  const auto again = fixture.egress("StopEgress", {{"egress_id", id}});

  EXPECT_EQ(fixture.last.status, 412);
  EXPECT_EQ(again["msg"], "egress with status EGRESS_ENDING cannot be stopped");
}

TEST(LiveKitEgress, NeverShowsAStreamKey) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);

  const auto started = fixture.start(video, audio);
  fixture.service.tick();
  const auto effects = fixture.service.take_effects();

  EXPECT_EQ(started["stream_results"][0]["url"], "rtmps://global-live.mux.com:443/app/{abc...jkl}");
  EXPECT_EQ(started["track_composite"]["stream_outputs"][0]["urls"][0], "mux://{abc...jkl}");
  for (const auto* due : only<WebhookDue>(effects)) {
    EXPECT_THAT(due->body, testing::Not(HasSubstr("abcdefghijkl")));
  }
  EXPECT_THAT(dump_json(fixture.service.describe()), testing::Not(HasSubstr("abcdefghijkl")));
}

TEST(LiveKitEgress, AddsAndRemovesOutputsWhileItRuns) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id = fixture.start(video, audio)["egress_id"].get<std::string>();
  fixture.service.tick();
  forget(fixture.service.take_effects());

  fixture.egress("UpdateStream",
                 {{"egress_id", id}, {"add_output_urls", {"rtmp://127.0.0.1/live/more"}}});
  EXPECT_EQ(only<RelayStart>(fixture.service.take_effects()).size(), 1U);
  // Either spelling removes: the shorthand, or what it stands for.
  fixture.egress("UpdateStream",
                 {{"egress_id", id},
                  {"remove_output_urls", {"rtmps://global-live.mux.com:443/app/abcdefghijkl"}}});
  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<RelayStop>(effects).size(), 1U);
  fixture.service.relay_ended(1, "");
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ACTIVE");
  fixture.egress("UpdateStream",
                 {{"egress_id", id}, {"remove_output_urls", {"rtmp://127.0.0.1/live/more"}}});
  fixture.service.relay_ended(2, "");

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_COMPLETE");
  EXPECT_EQ(now["details"], "End reason: All streams stopped");
}

TEST(LiveKitEgress, EndsWithItsRoom) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id = fixture.start(video, audio)["egress_id"].get<std::string>();
  fixture.service.tick();
  forget(fixture.service.take_effects());

  fixture.room("DeleteRoom", {{"room", "stage"}});
  fixture.service.relay_ended(1, "");

  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_COMPLETE");
  EXPECT_THAT(events_in(fixture.service.take_effects()),
              testing::IsSupersetOf({"egress_updated", "egress_ended", "room_finished"}));
}

TEST(LiveKitEgress, IsListedForADay) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto id = fixture.start("TR_none", "")["egress_id"].get<std::string>();
  fixture.egress("StopEgress", {{"egress_id", id}});
  fixture.clock.advance(std::chrono::hours{23});
  fixture.service.tick();
  EXPECT_EQ(fixture.egress("ListEgress", Json::object())["items"].size(), 1U);

  fixture.clock.advance(std::chrono::hours{1});
  fixture.service.tick();

  EXPECT_EQ(fixture.egress("ListEgress", Json::object())["items"].size(), 0U);
}

TEST(LiveKitEgress, WritesFilesAndSegmentsBelowItsOwnFolder) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto started =
      fixture.egress("StartParticipantEgress",
                     {{"room_name", "stage"},
                      {"identity", "cam-1"},
                      {"file_outputs", {{{"filepath", "../../{room_name}/{publisher_identity}"}}}},
                      {"segment_outputs", {{{"filename_prefix", "/hls/{room_name}"}}}}});
  const auto id = started["egress_id"].get<std::string>();
  EXPECT_EQ(started["file_results"][0]["filename"], "stage/cam-1.mp4");
  forget(fixture.service.take_effects());
  fixture.service.tick();

  const auto effects = fixture.service.take_effects();
  const auto relays = only<RelayStart>(effects);
  ASSERT_EQ(relays.size(), 2U);
  EXPECT_EQ(relays[0]->file, "stage/cam-1.mp4");
  EXPECT_EQ(relays[1]->folder, "hls/stage.hls");
  fixture.service.relay_connected(relays[0]->relay);
  fixture.egress("StopEgress", {{"egress_id", id}});
  fixture.clock.advance(seconds{1});
  fixture.service.relay_ended(relays[0]->relay, "", {.bytes = 1234, .files = 0});
  fixture.service.relay_ended(relays[1]->relay, "", {.bytes = 99, .files = 3});

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_COMPLETE");
  EXPECT_EQ(now["file_results"][0]["size"], "1234");
  EXPECT_EQ(now["file_results"][0]["duration"], "1000000000");
  EXPECT_EQ(now["segment_results"][0]["segment_count"], "3");
  EXPECT_TRUE(now["stream_results"].empty());
}

TEST(LiveKitEgress, TakesStillsAndCountsThem) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto started =
      fixture.egress("StartParticipantEgress", {{"room_name", "stage"},
                                                {"identity", "cam-1"},
                                                {"image_outputs",
                                                 {{{"filename_prefix", "stills/{room_name}"},
                                                   {"capture_interval", 5},
                                                   {"width", 640},
                                                   {"filename_suffix", "IMAGE_SUFFIX_TIMESTAMP"},
                                                   {"disable_manifest", true}}}}});
  const auto id = started["egress_id"].get<std::string>();
  EXPECT_EQ(started["image_results"][0]["filename_prefix"], "stills/stage");
  forget(fixture.service.take_effects());
  fixture.service.tick();

  const auto effects = fixture.service.take_effects();
  const auto relays = only<RelayStart>(effects);
  ASSERT_EQ(relays.size(), 1U);
  const StillsWanted& stills = relays[0]->stills;
  EXPECT_EQ(stills.prefix, "stills/stage");
  EXPECT_EQ(stills.interval, seconds{5});
  EXPECT_EQ(stills.width, 640);
  EXPECT_EQ(stills.naming, "timestamp");
  EXPECT_FALSE(stills.manifest);
  fixture.service.relay_connected(relays[0]->relay);
  fixture.service.relay_wrote(relays[0]->relay, {.bytes = 42, .files = 3});
  EXPECT_EQ(fixture.egress_now(id)["image_results"][0]["image_count"], "3");
  fixture.egress("StopEgress", {{"egress_id", id}});
  fixture.service.relay_ended(relays[0]->relay, "", {.bytes = 99, .files = 7});

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_COMPLETE");
  EXPECT_EQ(now["image_results"][0]["image_count"], "7");
}

TEST(LiveKitEgress, OfAFileThatCannotBeWrittenFailsWithTheReason) {
  LiveKitFixture fixture;
  const auto [video, audio] = fixture.publish(1);
  const auto id = fixture
                      .egress("StartTrackCompositeEgress", {{"room_name", "stage"},
                                                            {"video_track_id", video},
                                                            {"file", {{"filepath", "x.mp4"}}}})
                      .value("egress_id", "");
  fixture.service.tick();

  fixture.service.relay_ended(1, "the disk is full");

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_FAILED");
  EXPECT_EQ(now["error"], "the disk is full");
  EXPECT_EQ(now["file"]["filename"], "x.mp4");
}

TEST(LiveKitEgress, LeavesWhatNeedsAWorkerAloneAsWithoutOne) {
  LiveKitFixture fixture;
  fixture.publish(1);
  fixture.publish(2);
  const auto start = [&](Json request) {
    request["room_name"] = "stage";
    fixture.egress("StartRoomCompositeEgress", request);
    return fixture.last.status;
  };
  const Json file{{{"filepath", "x.mp4"}}};

  EXPECT_EQ(start({{"file_outputs", {{{"filepath", "x"}, {"s3", {{"bucket", "b"}}}}}}}), 503);
  EXPECT_EQ(start({{"image_outputs", {{{"filename_prefix", "x"}, {"s3", {{"bucket", "b"}}}}}}}),
            503);
  EXPECT_EQ(start({{"image_outputs", {{{"filename_prefix", "x"}}}}, {"audio_only", true}}), 400);
  EXPECT_EQ(start({{"file_outputs", file}, {"custom_base_url", "https://example.org"}}), 503);
  EXPECT_EQ(start({{"file_outputs", file}, {"advanced", {{"video_codec", "VP8"}}}}), 503);
  EXPECT_EQ(start({{"file_outputs", file}, {"advanced", {{"width", 641}}}}), 400);
  EXPECT_EQ(start({{"file_outputs", file}}), 200);
}

}  // namespace
}  // namespace ts::sandbox
