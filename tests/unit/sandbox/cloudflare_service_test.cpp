// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloudflare_service.hpp"

#include "state_fixture.hpp"

#include "crypto/encoding.hpp"
#include "crypto/rsa.hpp"
#include "sandbox/playback_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

using testing::ElementsAre;

struct CloudflareFixture {
  test::FakeClock clock;
  CloudflareService service{{.account_id = "acc",
                             .webhook_secret = Secret("hook"),
                             .random = counting(),
                             .make_signing_key = []() -> Result<std::string> {
                               TS_TRY(const auto key, crypto::RsaPrivateKey::generate());
                               TS_TRY(const auto pem, key.private_pem());
                               return crypto::base64_encode(pem.reveal());
                             }},
                            clock};

  CloudflareFixture() {
    service.set_addresses("rtmp://127.0.0.1:1935/cloudflare/", "http://127.0.0.1:80/customer");
  }
  Json call(std::string_view method, std::string_view path, const Json& body = Json(),
            std::string_view idempotency_key = {}) {
    const auto whole = "/accounts/acc/stream" + std::string(path);
    const auto text = body.is_null() ? std::string() : dump_json(body);
    last = service.call(
        {.method = method, .path = whole, .body = text, .idempotency_key = idempotency_key});
    return last.body.empty() ? Json() : Json::parse(last.body);
  }
  void create(const Json& body = {{"recording", {{"mode", "automatic"}, {"timeoutSeconds", 5}}}}) {
    const auto made = call("POST", "/live_inputs", body)["result"];
    uid = made["uid"];
    key = made["rtmps"]["streamKey"];
  }
  std::string video() {
    return call("GET", "/live_inputs/" + uid + "/videos")["result"][0]["uid"].get<std::string>();
  }
  std::string state() {
    return call("GET", "/live_inputs/" + uid)["result"]["status"]["current"]["state"]
        .get<std::string>();
  }
  Reply last;
  std::string uid;
  std::string key;
};

TEST(CloudflareService, AnswersInTheEnvelopeAndNamesWhatIsWrong) {
  CloudflareFixture cloudflare;
  const auto made = cloudflare.call("POST", "/live_inputs", {{"meta", {{"name", "show"}}}});
  EXPECT_EQ(made["success"], true);
  EXPECT_EQ(made["result"]["recording"]["mode"], "off");
  EXPECT_EQ(made["result"]["rtmps"]["url"], "rtmp://127.0.0.1:1935/cloudflare/");
  EXPECT_EQ(made["result"]["status"], nullptr);

  const auto wrong = cloudflare.call("POST", "/live_inputs", {{"recording", {{"mode", "always"}}}});
  EXPECT_EQ(cloudflare.last.status, 400);
  EXPECT_EQ(wrong["success"], false);
  EXPECT_THAT(wrong["errors"][0]["message"].get<std::string>(),
              testing::HasSubstr("recording.mode must be one of off, automatic"));
  cloudflare.call("GET", "/live_inputs/none");
  EXPECT_EQ(cloudflare.last.status, 404);
  EXPECT_EQ(cloudflare.service.call({.method = "GET", .path = "/accounts/other/stream/live_inputs"})
                .status,
            403);
}

TEST(CloudflareService, ListsWithoutCredentials) {
  CloudflareFixture cloudflare;
  cloudflare.create();

  const auto list = cloudflare.call("GET", "/live_inputs");

  ASSERT_EQ(list["result"].size(), 1U);
  EXPECT_EQ(dump_json(list).find(cloudflare.key), std::string::npos);
}

TEST(CloudflareService, MakesOneInputPerIdempotencyKey) {
  CloudflareFixture cloudflare;
  const auto first = cloudflare.call("POST", "/live_inputs", Json::object(), "k")["result"]["uid"];
  EXPECT_EQ(cloudflare.call("POST", "/live_inputs", Json::object(), "k")["result"]["uid"], first);
  cloudflare.call("DELETE", "/live_inputs/" + first.get<std::string>());

  cloudflare.call("POST", "/live_inputs", Json::object(), "k");
  EXPECT_EQ(cloudflare.last.status, 409);
  cloudflare.clock.advance(std::chrono::hours{6});
  cloudflare.call("POST", "/live_inputs", Json::object(), "k");

  EXPECT_EQ(cloudflare.last.status, 200);
}

TEST(CloudflareService, PutReplacesWhatItDoesNotName) {
  CloudflareFixture cloudflare;
  cloudflare.create();

  const auto changed =
      cloudflare.call("PUT", "/live_inputs/" + cloudflare.uid, {{"meta", {{"name", "new"}}}});

  EXPECT_EQ(changed["result"]["meta"]["name"], "new");
  EXPECT_EQ(changed["result"]["recording"]["mode"], "off");
}

TEST(CloudflareService, RecordsOneVideoAcrossAShortBreak) {
  CloudflareFixture cloudflare;
  cloudflare.create();
  EXPECT_FALSE(cloudflare.service.publish_begins("nobody's", 1).ok());
  ASSERT_TRUE(cloudflare.service.publish_begins(cloudflare.key, 1).ok());
  EXPECT_FALSE(cloudflare.service.publish_begins(cloudflare.key, 2).ok());
  const auto video = cloudflare.video();
  cloudflare.service.recording_progress(video, 2, seconds{4});
  EXPECT_EQ(cloudflare.service.find_playback(cloudflare.uid).state, Playback::State::kPlayable);
  cloudflare.service.publish_ended(1, "");
  EXPECT_EQ(cloudflare.state(), "disconnected");
  cloudflare.clock.advance(seconds{4});
  cloudflare.service.tick();
  forget(cloudflare.service.take_effects());

  ASSERT_TRUE(cloudflare.service.publish_begins(cloudflare.key, 3).ok());

  const auto effects = cloudflare.service.take_effects();
  ASSERT_EQ(only<RecordingStart>(effects).size(), 1U);
  EXPECT_EQ(only<RecordingStart>(effects)[0]->asset, video);
  EXPECT_TRUE(only<RecordingStart>(effects)[0]->resume);
  cloudflare.service.publish_ended(3, "");
  cloudflare.clock.advance(seconds{5});
  cloudflare.service.tick();
  EXPECT_EQ(only<RecordingEnd>(cloudflare.service.take_effects()).size(), 1U);
  cloudflare.service.recording_completed(video, seconds{8}, "");
  EXPECT_THAT(events_in(cloudflare.service.take_effects()), ElementsAre("video.ready"));
  EXPECT_EQ(cloudflare.call("GET", "/" + video)["result"]["duration"], 8.0);
  EXPECT_EQ(cloudflare.service.lifecycle(cloudflare.uid)["live"], false);
}

TEST(CloudflareService, WithoutRecordingThereIsNeitherVideoNorPlayback) {
  CloudflareFixture cloudflare;
  cloudflare.create(Json::object());

  ASSERT_TRUE(cloudflare.service.publish_begins(cloudflare.key, 1).ok());

  EXPECT_EQ(only<RecordingStart>(cloudflare.service.take_effects()).size(), 0U);
  EXPECT_EQ(cloudflare.service.find_playback(cloudflare.uid).state, Playback::State::kNotActive);
}

TEST(CloudflareService, SendsToItsOutputsWhileItIsFedAndTriesABrokenOneAgain) {
  CloudflareFixture cloudflare;
  cloudflare.create(Json::object());
  const auto outputs = "/live_inputs/" + cloudflare.uid + "/outputs";
  const auto output = cloudflare
                          .call("POST", outputs,
                                {{"url", "rtmps://global-live.mux.com:443/app"},
                                 {"streamKey", "KEY"}})["result"]["uid"]
                          .get<std::string>();
  EXPECT_EQ(only<RelayStart>(cloudflare.service.take_effects()).size(), 0U);

  ASSERT_TRUE(cloudflare.service.publish_begins(cloudflare.key, 1).ok());
  auto effects = cloudflare.service.take_effects();
  ASSERT_EQ(only<RelayStart>(effects).size(), 1U);
  EXPECT_EQ(only<RelayStart>(effects)[0]->url.reveal(), "rtmps://global-live.mux.com:443/app/KEY");
  const auto relay = only<RelayStart>(effects)[0]->relay;
  cloudflare.service.relay_ended(relay, "refused");
  EXPECT_EQ(cloudflare.call("GET", outputs)["result"][0]["status"]["current"]["reason"], "refused");
  cloudflare.clock.advance(seconds{5});
  cloudflare.service.tick();

  effects = cloudflare.service.take_effects();
  EXPECT_EQ(only<RelayStart>(effects).size(), 1U);
  cloudflare.call("PUT", outputs + "/" + output, {{"enabled", false}});
  EXPECT_EQ(only<RelayStop>(cloudflare.service.take_effects()).size(), 1U);
}

TEST(CloudflareService, DisablingCutsTheEncoderAndRefusesTheNext) {
  CloudflareFixture cloudflare;
  cloudflare.create();
  ASSERT_TRUE(cloudflare.service.publish_begins(cloudflare.key, 1).ok());
  forget(cloudflare.service.take_effects());

  cloudflare.call("PUT", "/live_inputs/" + cloudflare.uid, {{"enabled", false}});

  EXPECT_EQ(only<PublisherKick>(cloudflare.service.take_effects()).size(), 1U);
  cloudflare.service.publish_ended(1, "");
  EXPECT_FALSE(cloudflare.service.publish_begins(cloudflare.key, 2).ok());
}

TEST(CloudflareService, KeepsOneWebhookAndSaysItsSecret) {
  CloudflareFixture cloudflare;
  cloudflare.call("GET", "/webhook");
  EXPECT_EQ(cloudflare.last.status, 404);

  const auto made =
      cloudflare.call("PUT", "/webhook", {{"notificationUrl", "http://127.0.0.1:9/hook"}});

  EXPECT_EQ(made["result"]["secret"], "hook");
  auto effects = cloudflare.service.take_effects();
  ASSERT_EQ(only<WebhookEndpoints>(effects).size(), 1U);
  EXPECT_EQ(only<WebhookEndpoints>(effects)[0]->endpoints.at(0).url, "http://127.0.0.1:9/hook");
  cloudflare.call("DELETE", "/webhook");
  effects = cloudflare.service.take_effects();
  EXPECT_TRUE(only<WebhookEndpoints>(effects)[0]->endpoints.empty());
}

/// The claims of a token as the playback side reads it, or its refusal.
Result<Json> read(const CloudflareFixture& cloudflare, const std::string& token) {
  const PlaybackTokens tokens(
      {.signing_key = [&](std::string_view id) { return cloudflare.service.signing_key(id); }},
      cloudflare.clock);
  return tokens.read(token);
}

TEST(CloudflareService, MakesTokensThatItsPlaybackAccepts) {
  CloudflareFixture cloudflare;
  cloudflare.create();

  const auto made = cloudflare.call("POST", "/" + cloudflare.uid + "/token");
  const auto claims = read(cloudflare, made["result"]["token"].get<std::string>());

  ASSERT_TRUE(claims.ok()) << claims.error().message;
  EXPECT_EQ(claims.value()["sub"], cloudflare.uid);
  cloudflare.clock.advance(seconds{3600});
  EXPECT_FALSE(read(cloudflare, made["result"]["token"].get<std::string>()).ok());
}

TEST(CloudflareService, EndsTheTokensOfAKeyWithTheKey) {
  CloudflareFixture cloudflare;
  cloudflare.create();
  const auto key = cloudflare.call("POST", "/keys")["result"];
  const auto jwk = crypto::base64_decode(key["jwk"].get<std::string>());
  ASSERT_TRUE(jwk.ok());
  EXPECT_EQ(Json::parse(jwk.value())["kid"], key["id"]);
  const auto token = cloudflare
                         .call("POST", "/" + cloudflare.uid + "/token",
                               {{"id", key["id"]}, {"pem", key["pem"]}})["result"]["token"]
                         .get<std::string>();
  EXPECT_TRUE(read(cloudflare, token).ok());
  const auto listed = cloudflare.call("GET", "/keys")["result"];
  EXPECT_EQ(listed.size(), 1U);
  EXPECT_FALSE(listed[0].contains("pem"));

  cloudflare.call("DELETE", "/keys/" + key["id"].get<std::string>());

  EXPECT_FALSE(read(cloudflare, token).ok());
}

TEST(CloudflareService, RefusesTokensThatItsRealOneWould) {
  CloudflareFixture cloudflare;
  cloudflare.create();
  const auto now = std::chrono::duration_cast<seconds>(cloudflare.clock.now().time_since_epoch());
  const auto status = [&](const std::string& uid, const Json& body) {
    cloudflare.call("POST", "/" + uid + "/token", body);
    return cloudflare.last.status;
  };

  EXPECT_EQ(status("none", Json::object()), 404);
  EXPECT_EQ(status(cloudflare.uid, {{"exp", now.count() - 1}}), 400);
  EXPECT_EQ(status(cloudflare.uid, {{"exp", now.count() + 25 * 3600}}), 400);
  EXPECT_EQ(status(cloudflare.uid, {{"id", "k"}}), 400);
  EXPECT_EQ(status(cloudflare.uid, {{"accessRules", {{{"type", "any"}}}}}), 400);
  EXPECT_EQ(status(cloudflare.uid, {{"expires", 5}}), 400);
}

}  // namespace
}  // namespace ts::sandbox
