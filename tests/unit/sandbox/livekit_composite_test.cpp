// SPDX-License-Identifier: Apache-2.0
#include "state_fixture.hpp"

#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

/// The composite has come back as publish 100, with picture and sound.
void come_back(LiveKitFixture& fixture, const CompositeStart& start) {
  const auto url = start.url.reveal();
  ASSERT_TRUE(fixture.service.composite_begins(url.substr(url.rfind('/') + 1), 100).ok());
  fixture.service.publish_described(100, camera());
}

std::vector<std::string> identities(const CompositeView& view) {
  std::vector<std::string> out;
  for (const auto& member : view.members) out.push_back(member.identity);
  return out;
}

using Names = std::vector<std::string>;

TEST(LiveKitComposite, WaitsForSomebodyToPublish) {
  LiveKitFixture fixture;
  fixture.room("CreateRoom", {{"name", "stage"}});
  const auto id = fixture.compose();
  fixture.clock.advance(seconds{120});
  fixture.service.tick();
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_STARTING");
  EXPECT_TRUE(only<CompositeStart>(fixture.service.take_effects()).empty());

  fixture.publish(1);

  EXPECT_EQ(only<CompositeStart>(fixture.service.take_effects()).size(), 1U);
}

TEST(LiveKitComposite, ForwardsWhatComesBackOfTheCompositor) {
  LiveKitFixture fixture;
  fixture.publish(1);
  fixture.publish(2);
  const auto id = fixture.compose({{"preset", "H264_1080P_30"}, {"layout", "speaker"}});
  fixture.service.tick();
  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<CompositeStart>(effects).size(), 1U);
  const auto& start = *only<CompositeStart>(effects)[0];
  EXPECT_EQ(identities(start.view), (Names{"cam-1", "cam-2"}));
  EXPECT_EQ(start.view.layout, "speaker");
  EXPECT_EQ(start.format.width, 1920);
  EXPECT_EQ(start.format.video_bits_per_s, 4'500'000);
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_STARTING");

  come_back(fixture, start);

  const auto relays = fixture.service.take_effects();
  ASSERT_EQ(only<RelayStart>(relays).size(), 1U);
  EXPECT_EQ(only<RelayStart>(relays)[0]->publish, 100U);
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ACTIVE");
}

TEST(LiveKitComposite, IsOpenToNobodyElse) {
  LiveKitFixture fixture;
  fixture.publish(1);
  fixture.compose();
  fixture.service.tick();

  EXPECT_FALSE(fixture.service.composite_begins("guessed", 100).ok());
  EXPECT_FALSE(fixture.service.composite_begins("", 100).ok());
}

TEST(LiveKitComposite, TakesTheEncodingOptionsOverTheDefaults) {
  LiveKitFixture fixture;
  fixture.publish(1);
  fixture.compose({{"advanced",
                    {{"width", 640},
                     {"height", 360},
                     {"framerate", 15},
                     {"video_bitrate", 800},
                     {"key_frame_interval", 1.5}}}});
  fixture.service.tick();

  const auto effects = fixture.service.take_effects();
  ASSERT_EQ(only<CompositeStart>(effects).size(), 1U);
  const auto& format = only<CompositeStart>(effects)[0]->format;
  EXPECT_EQ(format.width, 640);
  EXPECT_EQ(format.height, 360);
  EXPECT_EQ(format.frame_rate, 15);
  EXPECT_EQ(format.video_bits_per_s, 800'000);
  EXPECT_EQ(format.audio_bits_per_s, 128'000);
  EXPECT_EQ(format.key_interval, milliseconds{1500});
}

TEST(LiveKitComposite, FollowsWhoComesWhoGoesAndTheLayout) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto id = fixture.compose();
  fixture.service.tick();
  come_back(fixture, *only<CompositeStart>(fixture.service.take_effects())[0]);

  fixture.publish(2);
  fixture.service.tick();
  const auto joined = fixture.service.take_effects();
  ASSERT_EQ(only<CompositeChange>(joined).size(), 1U);
  EXPECT_EQ(identities(only<CompositeChange>(joined)[0]->view), (Names{"cam-1", "cam-2"}));
  fixture.egress("UpdateLayout", {{"egress_id", id}, {"layout", "single-speaker"}});
  const auto changed = fixture.service.take_effects();
  ASSERT_EQ(only<CompositeChange>(changed).size(), 1U);
  EXPECT_EQ(only<CompositeChange>(changed)[0]->view.layout, "single-speaker");
  fixture.service.publish_ended(1, "");
  const auto left = fixture.service.take_effects();
  ASSERT_EQ(only<CompositeChange>(left).size(), 1U);
  EXPECT_EQ(identities(only<CompositeChange>(left)[0]->view), (Names{"cam-2"}));
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ACTIVE");
}

TEST(LiveKitComposite, EndsWhenTheLastPublisherLeaves) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto id = fixture.compose();
  fixture.service.tick();
  come_back(fixture, *only<CompositeStart>(fixture.service.take_effects())[0]);
  forget(fixture.service.take_effects());

  fixture.service.publish_ended(1, "");
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ENDING");
  fixture.service.relay_ended(1, "");

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_COMPLETE");
  EXPECT_EQ(now["details"], "End reason: Source closed");
  EXPECT_EQ(only<CompositeStop>(fixture.service.take_effects()).size(), 1U);
}

TEST(LiveKitComposite, OfADeadCompositorIsAFailedEgress) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto id = fixture.compose();
  fixture.service.tick();
  const auto effects = fixture.service.take_effects();
  const auto& start = *only<CompositeStart>(effects)[0];
  come_back(fixture, start);

  fixture.service.publish_ended(100, "");
  // Its outputs end with it; why they do is the compositor's to say.
  fixture.service.relay_ended(only<RelayStart>(fixture.service.take_effects())[0]->relay, "");
  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ACTIVE");
  fixture.service.composite_over(start.composite, "the compositor ended by signal 9", true);

  const auto now = fixture.egress_now(id);
  EXPECT_EQ(now["status"], "EGRESS_FAILED");
  EXPECT_EQ(now["error"], "the compositor ended by signal 9");
  EXPECT_EQ(now["error_code"], 500);
  EXPECT_EQ(now["details"], "End reason: Process killed");
}

TEST(LiveKitComposite, StoppedBeforeItCouldStartIsAborted) {
  LiveKitFixture fixture;
  fixture.publish(1);
  const auto id = fixture.compose();
  fixture.service.tick();
  forget(fixture.service.take_effects());

  fixture.egress("StopEgress", {{"egress_id", id}});

  EXPECT_EQ(fixture.egress_now(id)["status"], "EGRESS_ABORTED");
  EXPECT_EQ(only<CompositeStop>(fixture.service.take_effects()).size(), 1U);
}

}  // namespace
}  // namespace ts::sandbox
