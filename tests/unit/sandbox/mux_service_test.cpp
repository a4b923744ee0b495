// SPDX-License-Identifier: Apache-2.0
#include "state_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

using testing::ElementsAre;

struct MuxFixture {
  test::FakeClock clock;
  MuxService service{{.random = counting()}, clock};

  Json call(std::string_view method, std::string_view path, const Json& body = Json()) {
    last = service.call(method, path, "", body.is_null() ? "" : dump_json(body));
    return last.body.empty() ? Json() : Json::parse(last.body);
  }
  /// A live stream; its id and key are kept.
  void create(Json body = {{"playback_policies", {"public"}},
                           {"new_asset_settings", {{"playback_policies", {"public"}}}},
                           {"reconnect_window", 10}}) {
    const auto made = call("POST", "/video/v1/live-streams", body)["data"];
    id = made["id"];
    key = made["stream_key"];
    playback = made["playback_ids"].empty() ? "" : made["playback_ids"][0]["id"].get<std::string>();
    forget(service.take_effects());
  }
  std::string status() {
    return call("GET", "/video/v1/live-streams/" + id)["data"]["status"].get<std::string>();
  }
  std::string asset() {
    return call("GET", "/video/v1/assets")["data"][0]["id"].get<std::string>();
  }
  /// Connects and sends enough to be active.
  void go_live(PublishId publish) {
    ASSERT_TRUE(service.publish_begins(key, publish).ok());
    service.publish_described(publish, camera());
    service.recording_progress(asset(), 2, seconds{4});
  }
  Reply last;
  std::string id;
  std::string key;
  std::string playback;
};

TEST(MuxService, GoesThroughItsLifeInTheRealOrder) {
  MuxFixture mux;
  mux.create();

  mux.go_live(1);
  mux.service.recording_progress(mux.asset(), 5, seconds{10});
  mux.service.publish_ended(1);
  mux.clock.advance(seconds{10});
  mux.service.tick();
  mux.service.recording_completed(mux.asset(), seconds{11}, "");

  EXPECT_THAT(events_in(mux.service.take_effects()),
              ElementsAre("video.live_stream.connected", "video.asset.created",
                          "video.live_stream.recording", "video.live_stream.active",
                          "video.asset.ready", "video.live_stream.disconnected",
                          "video.live_stream.idle", "video.asset.live_stream_completed"));
  EXPECT_EQ(mux.status(), "idle");
}

TEST(MuxService, IsPlayableOnlyWhileActiveAndShortlyAfter) {
  MuxFixture mux;
  mux.create();
  EXPECT_EQ(mux.service.find_playback(mux.playback).state, Playback::State::kNotActive);
  EXPECT_EQ(mux.service.find_playback("nobody").state, Playback::State::kUnknown);
  ASSERT_TRUE(mux.service.publish_begins(mux.key, 1).ok());
  EXPECT_EQ(mux.service.find_playback(mux.playback).state, Playback::State::kNotActive);

  mux.service.recording_progress(mux.asset(), 2, seconds{4});
  EXPECT_EQ(mux.service.find_playback(mux.playback).state, Playback::State::kPlayable);
  EXPECT_TRUE(mux.service.find_playback(mux.playback).live);
  mux.service.publish_ended(1);
  mux.clock.advance(seconds{10});
  mux.service.tick();
  EXPECT_EQ(mux.service.find_playback(mux.playback).state, Playback::State::kPlayable);
  mux.clock.advance(seconds{60});

  EXPECT_EQ(mux.service.find_playback(mux.playback).state, Playback::State::kNotActive);
}

TEST(MuxService, ResumesTheSameAssetWithinTheReconnectWindow) {
  MuxFixture mux;
  mux.create();
  mux.go_live(1);
  const auto asset = mux.asset();
  mux.service.publish_ended(1);
  mux.clock.advance(seconds{9});
  mux.service.tick();
  EXPECT_EQ(mux.status(), "active");
  forget(mux.service.take_effects());

  ASSERT_TRUE(mux.service.publish_begins(mux.key, 2).ok());

  const auto effects = mux.service.take_effects();
  ASSERT_EQ(only<RecordingStart>(effects).size(), 1U);
  EXPECT_EQ(only<RecordingStart>(effects)[0]->asset, asset);
  EXPECT_TRUE(only<RecordingStart>(effects)[0]->resume);
  EXPECT_THAT(events_in(effects), ElementsAre("video.live_stream.connected"));
}

TEST(MuxService, MakesANewAssetAfterTheWindow) {
  MuxFixture mux;
  mux.create();
  mux.go_live(1);
  mux.service.publish_ended(1);
  mux.clock.advance(seconds{10});
  mux.service.tick();

  ASSERT_TRUE(mux.service.publish_begins(mux.key, 2).ok());

  EXPECT_EQ(mux.call("GET", "/video/v1/assets")["data"].size(), 2U);
  EXPECT_EQ(mux.call("GET", "/video/v1/live-streams/" + mux.id)["data"]["recent_asset_ids"].size(),
            2U);
}

TEST(MuxService, EndsAtOnceWithoutAWindow) {
  MuxFixture mux;
  mux.create({{"playback_policies", {"public"}}, {"reconnect_window", 0}});
  mux.go_live(1);

  mux.service.publish_ended(1);

  EXPECT_EQ(mux.status(), "idle");
  EXPECT_EQ(only<RecordingEnd>(mux.service.take_effects()).size(), 1U);
}

TEST(MuxService, CompletesAtOnceAndCutsTheEncoderLater) {
  MuxFixture mux;
  mux.create();
  mux.go_live(1);
  forget(mux.service.take_effects());

  mux.call("PUT", "/video/v1/live-streams/" + mux.id + "/complete");
  EXPECT_EQ(mux.status(), "idle");
  auto effects = mux.service.take_effects();
  EXPECT_EQ(only<RecordingEnd>(effects).size(), 1U);
  EXPECT_EQ(only<PublisherKick>(effects).size(), 0U);
  mux.clock.advance(seconds{60});
  mux.service.tick();

  effects = mux.service.take_effects();
  ASSERT_EQ(only<PublisherKick>(effects).size(), 1U);
  EXPECT_EQ(only<PublisherKick>(effects)[0]->publish, 1U);
}

TEST(MuxService, CutsTheEncoderWhenDisabledAndRefusesIt) {
  MuxFixture mux;
  mux.create();
  mux.go_live(1);
  forget(mux.service.take_effects());

  mux.call("PUT", "/video/v1/live-streams/" + mux.id + "/disable");

  EXPECT_EQ(only<PublisherKick>(mux.service.take_effects()).size(), 1U);
  mux.service.publish_ended(1);
  EXPECT_EQ(mux.status(), "disabled");
  EXPECT_EQ(mux.service.publish_begins(mux.key, 2).error().kind, ErrorKind::kAuth);
  mux.call("PUT", "/video/v1/live-streams/" + mux.id + "/enable");
  EXPECT_TRUE(mux.service.publish_begins(mux.key, 3).ok());
}

TEST(MuxService, RefusesUnknownAndBusyKeys) {
  MuxFixture mux;
  mux.create();
  EXPECT_EQ(mux.service.publish_begins("nobody", 1).error().kind, ErrorKind::kAuth);

  ASSERT_TRUE(mux.service.publish_begins(mux.key, 2).ok());

  EXPECT_EQ(mux.service.publish_begins(mux.key, 3).error().kind, ErrorKind::kConflict);
}

TEST(MuxService, StopsATestStreamAfterFiveMinutesAndDisablesIt) {
  MuxFixture mux;
  mux.create({{"test", true}});
  mux.go_live(1);
  mux.clock.advance(seconds{300});

  mux.service.tick();

  EXPECT_EQ(mux.status(), "disabled");
}

TEST(MuxService, CutsTheLongestContinuousStream) {
  MuxFixture mux;
  mux.create({{"max_continuous_duration", 60}});
  mux.go_live(1);
  forget(mux.service.take_effects());
  mux.clock.advance(seconds{60});

  mux.service.tick();

  EXPECT_EQ(only<PublisherKick>(mux.service.take_effects()).size(), 1U);
  EXPECT_EQ(mux.status(), "idle");
}

TEST(MuxService, ForwardsToItsSimulcastTargetsAndTellsHowTheyFare) {
  MuxFixture mux;
  mux.create({{"simulcast_targets", {{{"url", "rtmp://127.0.0.1/live"}, {"stream_key", "abc"}}}}});
  ASSERT_TRUE(mux.service.publish_begins(mux.key, 1).ok());
  const auto effects = mux.service.take_effects();
  ASSERT_EQ(only<RelayStart>(effects).size(), 1U);
  const auto relay = only<RelayStart>(effects)[0]->relay;
  EXPECT_EQ(only<RelayStart>(effects)[0]->url.reveal(), "rtmp://127.0.0.1/live/abc");
  const auto status_of = [&] {
    return mux.call("GET",
                    "/video/v1/live-streams/" + mux.id)["data"]["simulcast_targets"][0]["status"];
  };
  EXPECT_EQ(status_of(), "starting");

  mux.service.relay_connected(relay);
  EXPECT_EQ(status_of(), "broadcasting");
  mux.service.relay_ended(relay, "refused");

  EXPECT_EQ(status_of(), "errored");
  EXPECT_THAT(events_in(mux.service.take_effects()),
              ElementsAre("video.live_stream.simulcast_target.broadcasting",
                          "video.live_stream.simulcast_target.errored"));
}

// Issue 3: one srt:// target was taken with a new live stream and refused for one that is there.
TEST(MuxService, TakesTheSameTargetsWithANewStreamAndForOneThatIsThere) {
  for (const auto& [url, status] :
       {std::pair("srt://127.0.0.1:9000?streamid=x", 201), std::pair("rtmps://127.0.0.1/live", 201),
        std::pair("https://127.0.0.1/live", 400)}) {
    MuxFixture mux;
    mux.create();
    mux.call("POST", "/video/v1/live-streams/" + mux.id + "/simulcast-targets", {{"url", url}});
    EXPECT_EQ(mux.last.status, status) << url;
    mux.call("POST", "/video/v1/live-streams", {{"simulcast_targets", {{{"url", url}}}}});
    EXPECT_EQ(mux.last.status, status) << url;
  }
}

TEST(MuxService, RefusesTargetsWhileConnected) {
  MuxFixture mux;
  mux.create();
  ASSERT_TRUE(mux.service.publish_begins(mux.key, 1).ok());

  mux.call("POST", "/video/v1/live-streams/" + mux.id + "/simulcast-targets",
           {{"url", "rtmp://127.0.0.1/live"}});

  EXPECT_EQ(mux.last.status, 400);
}

TEST(MuxService, MarksAnAssetWithoutMediaAsErrored) {
  MuxFixture mux;
  mux.create();
  ASSERT_TRUE(mux.service.publish_begins(mux.key, 1).ok());
  const auto asset = mux.asset();

  mux.service.recording_completed(asset, milliseconds{0}, "");

  const auto now = mux.call("GET", "/video/v1/assets/" + asset)["data"];
  EXPECT_EQ(now["status"], "errored");
  EXPECT_EQ(now["errors"]["messages"][0], "no media was received");
}

TEST(MuxService, DeletesARecordingWithItsAsset) {
  MuxFixture mux;
  mux.create();
  mux.go_live(1);
  const auto asset = mux.asset();
  mux.call("DELETE", "/video/v1/assets/" + asset);
  EXPECT_EQ(mux.last.status, 400);
  mux.call("PUT", "/video/v1/live-streams/" + mux.id + "/complete");
  mux.service.recording_completed(asset, seconds{4}, "");
  forget(mux.service.take_effects());

  mux.call("DELETE", "/video/v1/assets/" + asset);

  EXPECT_EQ(mux.last.status, 204);
  EXPECT_EQ(only<RecordingDelete>(mux.service.take_effects()).size(), 1U);
}

TEST(MuxService, ForgetsEverythingOnReset) {
  MuxFixture mux;
  mux.create();
  mux.go_live(1);
  forget(mux.service.take_effects());

  mux.service.reset();

  const auto effects = mux.service.take_effects();
  EXPECT_EQ(only<PublisherKick>(effects).size(), 1U);
  EXPECT_EQ(only<RecordingDelete>(effects).size(), 1U);
  EXPECT_EQ(mux.call("GET", "/video/v1/live-streams")["data"].size(), 0U);
}

TEST(MuxService, KeepsWebhookEndpointsAndSaysTheirSecretOnce) {
  MuxFixture mux;
  const auto made = mux.call("POST", "/system/v1/webhooks", {{"address", "http://h/1"}})["data"];
  ASSERT_TRUE(made.contains("signing_secret"));
  auto effects = mux.service.take_effects();
  ASSERT_EQ(only<WebhookEndpoints>(effects).size(), 1U);
  EXPECT_EQ(only<WebhookEndpoints>(effects)[0]->endpoints.at(0).secret.reveal(),
            made["signing_secret"].get<std::string>());
  const auto path = "/system/v1/webhooks/" + made["id"].get<std::string>();
  EXPECT_FALSE(mux.call("GET", path)["data"].contains("signing_secret"));
  mux.call("POST", "/system/v1/webhooks", {{"address", "http://h/1"}});
  EXPECT_EQ(mux.last.status, 400) << "an address is taken once";

  mux.call("PATCH", path, {{"enabled", false}});

  effects = mux.service.take_effects();
  EXPECT_TRUE(only<WebhookEndpoints>(effects)[0]->endpoints.empty());
  mux.call("DELETE", path);
  EXPECT_EQ(mux.last.status, 204);
}

TEST(MuxService, MakesTheFilesOfAnAssetOnceItIsOver) {
  MuxFixture mux;
  mux.create({{"playback_policies", {"public"}},
              {"reconnect_window", 0},
              {"new_asset_settings",
               {{"playback_policies", {"public"}},
                {"static_renditions", {{{"resolution", "highest"}}, {{"resolution", "480p"}}}}}}});
  mux.go_live(1);
  const auto id = mux.asset();
  mux.service.publish_ended(1);
  EXPECT_TRUE(only<FileMake>(mux.service.take_effects()).empty());

  mux.service.recording_completed(id, seconds{10}, "");

  auto effects = mux.service.take_effects();
  ASSERT_EQ(only<FileMake>(effects).size(), 1U);
  EXPECT_EQ(only<FileMake>(effects)[0]->name, "highest.mp4");
  mux.service.file_made(id, "highest.mp4", 1000, "");
  const auto files =
      mux.call("GET", "/video/v1/assets/" + id)["data"]["static_renditions"]["files"];
  EXPECT_EQ(files[0]["status"], "ready");
  EXPECT_EQ(files[0]["filesize"], "1000");
  EXPECT_EQ(files[1]["status"], "skipped");
  EXPECT_THAT(events_in(mux.service.take_effects()),
              ElementsAre("video.asset.static_rendition.ready"));
}

TEST(MuxService, GivesTheMasterASecretAddressWhileItMayBeFetched) {
  MuxFixture mux;
  mux.create({{"playback_policies", {"public"}}, {"reconnect_window", 0}});
  mux.service.set_address("http://h");
  mux.go_live(1);
  const auto id = mux.asset();
  mux.service.publish_ended(1);
  mux.service.recording_completed(id, seconds{10}, "");
  const auto path = "/video/v1/assets/" + id;
  auto asset = mux.call("PUT", path + "/master-access", {{"master_access", "temporary"}})["data"];
  EXPECT_EQ(asset["master"]["status"], "preparing");

  mux.service.file_made(id, "master.mp4", 1000, "");

  asset = mux.call("GET", path)["data"];
  const auto url = asset["master"]["url"].get<std::string>();
  const auto secret = url.substr(std::string("http://h/master/").size(), 32);
  EXPECT_EQ(mux.service.master_at(secret), id);
  mux.call("PUT", path + "/master-access", {{"master_access", "none"}});
  EXPECT_EQ(mux.service.master_at(secret), "");
  EXPECT_EQ(mux.service.master_at(""), "");
}

TEST(MuxService, KeepsPlaybackRestrictions) {
  MuxFixture mux;
  const auto made = mux.call("POST", "/video/v1/playback-restrictions",
                             {{"referrer", {{"allowed_domains", {"*"}}}}})["data"];
  const auto path = "/video/v1/playback-restrictions/" + made["id"].get<std::string>();
  EXPECT_EQ(made["referrer"]["allow_no_referrer"], false);

  mux.call("PUT", path + "/user_agent", {{"allow_no_user_agent", true}});

  const auto rule = mux.service.restriction(made["id"].get<std::string>());
  EXPECT_EQ(rule["user_agent"]["allow_no_user_agent"], true);
  EXPECT_EQ(rule["referrer"]["allowed_domains"][0], "*");
  mux.call("PUT", path + "/referrer", {{"allowed", true}});
  EXPECT_EQ(mux.last.status, 400);
}

TEST(MuxService, MakesAnAssetOfAFileAndTellsSo) {
  MuxFixture mux;
  const auto made = mux.call("POST", "/video/v1/assets",
                             {{"inputs", {{{"url", "http://127.0.0.1:1/a.mp4"}}}},
                              {"playback_policies", {"public"}},
                              {"passthrough", "mine"}})["data"];
  EXPECT_EQ(mux.last.status, 201);
  EXPECT_EQ(made["status"], "preparing");
  const auto id = made["id"].get<std::string>();
  const auto effects = mux.service.take_effects();
  ASSERT_EQ(only<AssetImport>(effects).size(), 1U);
  EXPECT_EQ(only<AssetImport>(effects)[0]->url.reveal(), "http://127.0.0.1:1/a.mp4");
  EXPECT_THAT(events_in(effects), ElementsAre("video.asset.created"));
  const auto playback = made["playback_ids"][0]["id"].get<std::string>();
  mux.service.recording_progress(id, 6, seconds{12});
  EXPECT_EQ(mux.service.find_playback(playback).state, Playback::State::kNotActive);

  mux.service.asset_described(id, camera());
  mux.service.recording_completed(id, seconds{12}, "");

  EXPECT_THAT(events_in(mux.service.take_effects()), ElementsAre("video.asset.ready"));
  const auto now = mux.call("GET", "/video/v1/assets/" + id)["data"];
  EXPECT_EQ(now["status"], "ready");
  EXPECT_EQ(now["duration"], 12.0);
  EXPECT_EQ(now["tracks"].size(), 2U);
  EXPECT_EQ(now["passthrough"], "mine");
  EXPECT_FALSE(now.contains("live_stream_id"));
  EXPECT_EQ(mux.service.find_playback(playback).state, Playback::State::kPlayable);
}

TEST(MuxService, TellsWhyAFileIsNoAsset) {
  MuxFixture mux;
  const auto id = mux.call("POST", "/video/v1/assets",
                           {{"inputs", {{{"url", "http://127.0.0.1:1/a.mp4"}}}}})["data"]["id"]
                      .get<std::string>();
  forget(mux.service.take_effects());

  mux.service.recording_completed(id, seconds{0}, "the input cannot be fetched: refused");

  const auto now = mux.call("GET", "/video/v1/assets/" + id)["data"];
  EXPECT_EQ(now["status"], "errored");
  EXPECT_EQ(now["errors"]["type"], "download_failed");
  EXPECT_EQ(now["errors"]["messages"][0], "the input cannot be fetched: refused");
  EXPECT_THAT(events_in(mux.service.take_effects()), ElementsAre("video.asset.errored"));
}

TEST(MuxService, RefusesInputsThatItCannotUse) {
  MuxFixture mux;
  const auto refused = [&](const Json& body) {
    mux.call("POST", "/video/v1/assets", body);
    return mux.last.status == 400 && mux.service.take_effects().empty();
  };

  EXPECT_TRUE(refused(Json::object()));
  EXPECT_TRUE(refused({{"inputs", Json::array()}}));
  EXPECT_TRUE(refused({{"inputs", {{{"url", 5}}}}}));
  EXPECT_TRUE(refused({{"inputs", {{{"url", "file:///etc/passwd"}}}}}));
  EXPECT_TRUE(refused({{"inputs", {{{"url", "http://h/a"}}, {{"url", "http://h/b"}}}}}));
  EXPECT_TRUE(refused({{"inputs", {{{"url", "http://h/a"}}}}, {"playback_polices", {"public"}}}));
}

}  // namespace
}  // namespace ts::sandbox
