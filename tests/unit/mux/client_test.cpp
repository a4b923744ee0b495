// SPDX-License-Identifier: Apache-2.0
// What is sent when an answer is lost, late or no answer at all.
#include "mux/client.hpp"

#include "core/json.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::mux {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Client : public testing::Test {
 protected:
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& request : transport.requests) {
      out.push_back(request.method + " " + request.url.substr(request.url.find("/video")));
    }
    return out;
  }
  static Error lost(std::string code) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = "connection reset",
                 .retryable = true,
                 .code = std::move(code)};
  }

  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'700'000'000}}, true};
  MuxClient client{
      transport, clock, {.token_id = "id", .token_secret = Secret("secret")}, {.pacing = false}};
};

constexpr const char* kList = "GET /video/v1/live-streams?limit=100&page=1";
constexpr const char* kCreate = "POST /video/v1/live-streams";

TEST_F(Client, FindsALiveStreamByItsRefInsteadOfMakingASecond) {
  transport.answer(200,
                   R"({"data":[{"id":"A","passthrough":"other"},{"id":"B","passthrough":"k"}]})");

  const auto created = client.create_live_stream({}, "k");

  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_TRUE(created.value().existed);
  EXPECT_EQ(created.value().live_stream.id, "B");
  EXPECT_THAT(asked(), ElementsAre(kList));
}

TEST_F(Client, SaysThatAStreamMayBeThereWhenTheAnswerNamesNone) {
  transport.answer(201, R"({"data":{}})").answer(200, R"({"data":[]})");

  const auto created = client.create_live_stream({});

  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(created.error().code, "maybe_created");
  EXPECT_FALSE(created.error().retryable);
  EXPECT_THAT(created.error().message, HasSubstr("POST /video/v1/live-streams"));
  EXPECT_THAT(created.error().hint, HasSubstr("ts mux list"));
  EXPECT_EQ(transport.requests.size(), 2U);
}

TEST_F(Client, FindsByItsRefWhatAnAnswerWithoutIdMade) {
  transport.answer(200, R"({"data":[]})")
      .answer(201, R"({"data":{}})")
      .answer(200, R"({"data":[{"id":"N","passthrough":"k"}]})");

  const auto created = client.create_live_stream({}, "k");

  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(created.value().live_stream.id, "N");
}

TEST_F(Client, TakesUpACreationWhoseAnswerWasLostByItsRef) {
  transport.answer(200, R"({"data":[]})")
      .fail(lost("receive"))
      .answer(200, R"({"data":[{"id":"N","passthrough":"k"}]})");

  const auto created = client.create_live_stream({}, "k");

  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(created.value().live_stream.id, "N");
  EXPECT_THAT(asked(), ElementsAre(kList, kCreate, kList));
}

TEST_F(Client, SendsACreationAgainOnceAListingShowsThatItIsNotThere) {
  transport.answer(200, R"({"data":[]})")
      .fail(lost("timeout"))
      .answer(200, R"({"data":[]})")
      .answer(201, R"({"data":{"id":"N","passthrough":"k"}})");

  const auto created = client.create_live_stream({}, "k");

  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_THAT(asked(), ElementsAre(kList, kCreate, kList, kCreate));
}

TEST_F(Client, NamesWhatMayHaveBeenMadeWithoutARef) {
  transport.fail(lost("receive"))
      .answer(
          200,
          R"({"data":[{"id":"NEW","created_at":"1700000001"},{"id":"OLD","created_at":"1600000000"}]})");

  const auto created = client.create_live_stream({});

  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().code, "maybe_created");
  EXPECT_THAT(created.error().residue, ElementsAre("live stream NEW"));
  EXPECT_EQ(transport.requests.size(), 2U);
}

TEST_F(Client, MeasuresAgeByTheServicesClock) {
  // The service is an hour behind: its "now" makes the same stream a fresh one.
  transport.fail(lost("receive"))
      .answer(200, R"({"data":[{"id":"NEW","created_at":"1699996401"}]})",
              {{"Date", "Tue, 14 Nov 2023 21:13:20 GMT"}});

  const auto created = client.create_live_stream({});

  ASSERT_FALSE(created.ok());
  EXPECT_THAT(created.error().residue, ElementsAre("live stream NEW"));
}

TEST_F(Client, RepeatsACreationThatNeverLeft) {
  transport.fail(lost("connect")).answer(201, R"({"data":{"id":"N"}})");

  const auto created = client.create_live_stream({});

  ASSERT_TRUE(created.ok());
  EXPECT_THAT(asked(), ElementsAre(kCreate, kCreate));
}

TEST_F(Client, LooksAfterACreationWhoseAnswerIsCutOff) {
  transport.answer(200, R"({"data":[]})")
      .answer(201, R"({"data":{"id":"N","passth)")
      .answer(200, R"({"data":[{"id":"N","passthrough":"k"}]})");

  const auto created = client.create_live_stream({}, "k");

  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_THAT(asked(), ElementsAre(kList, kCreate, kList));
}

TEST_F(Client, NamesWhatWasMadeWhenTheRestOfTheAnswerCannotBeRead) {
  transport.answer(201, R"({"data":{"id":"NEW","reconnect_window":"soon"}})");

  const auto created = client.create_live_stream({});

  ASSERT_FALSE(created.ok());
  EXPECT_THAT(created.error().message, HasSubstr("reconnect_window"));
  EXPECT_THAT(created.error().residue, ElementsAre("live stream NEW"));
  EXPECT_FALSE(created.error().retryable);
  EXPECT_THAT(asked(), ElementsAre(kCreate));
}

TEST_F(Client, EndsAListWhosePagesRepeat) {
  const std::string page = R"({"data":[{"id":"A"},{"id":"B"}]})";
  transport.answer(200, page).answer(200, page);

  const auto all = client.list_live_streams({.limit = 2, .all = true});

  ASSERT_FALSE(all.ok());
  EXPECT_EQ(all.error().kind, ErrorKind::kRemote);
  EXPECT_THAT(all.error().message, HasSubstr("the same page"));
  EXPECT_EQ(transport.requests.size(), 2U);
}

TEST(ClientStop, EndsCallsThatBringNoStopOfTheirOwn) {
  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'700'000'000}}, true};
  std::stop_source stop;
  std::vector<int> told;
  MuxClient client{transport,
                   clock,
                   {.token_id = "id", .token_secret = Secret("secret")},
                   {.retry = {.on_wait =
                                  [&](std::chrono::milliseconds, int status) {
                                    told.push_back(status);
                                    stop.request_stop();
                                  }},
                    .pacing = false,
                    .stop = stop.get_token()}};
  transport.answer(503, "").answer(200, R"({"data":{"id":"A"}})");

  const auto stopped = client.get_live_stream("A");
  const auto gone_on = client.get_live_stream("A", std::stop_source{}.get_token());

  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  EXPECT_THAT(told, ElementsAre(503));
  EXPECT_TRUE(gone_on.ok());
}

TEST_F(Client, DoesNotRepeatARefusedCreation) {
  transport.answer(400, R"({"error":{"type":"invalid_parameters","messages":["no"]}})");

  const auto created = client.create_live_stream({});

  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().kind, ErrorKind::kRemote);
  EXPECT_FALSE(created.error().retryable);
  EXPECT_EQ(created.error().code, "invalid_parameters");
  EXPECT_EQ(transport.requests.size(), 1U);
}

TEST_F(Client, TakesNotFoundForDoneAfterADeleteWhoseAnswerWasLost) {
  transport.fail(lost("receive")).answer(404, R"({"error":{"type":"not_found","messages":[]}})");

  EXPECT_TRUE(client.delete_live_stream("L").ok());
}

TEST_F(Client, TakesNotFoundForNotFoundOtherwise) {
  transport.answer(404, R"({"error":{"type":"not_found","messages":["gone"]}})");

  const auto status = client.delete_live_stream("L");

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
}

TEST_F(Client, KeepsANewKeyWhoseAnswerWasLost) {
  transport.answer(200, R"({"data":{"id":"L","stream_key":"old-key"}})")
      .fail(lost("receive"))
      .answer(200, R"({"data":{"id":"L","stream_key":"new-key"}})");

  const auto stream = client.reset_stream_key("L");

  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(stream.value().stream_key.reveal(), "new-key");
  EXPECT_EQ(transport.requests.size(), 3U);
}

TEST_F(Client, TellsAWrongStateFromAWrongField) {
  transport
      .answer(400, R"({"error":{"type":"invalid_parameters","messages":)"
                   R"(["Simulcast targets can only be deleted while the live stream is idle"]}})")
      .answer(422, R"({"error":{"type":"invalid_parameters","messages":)"
                   R"(["reconnect_window must be at most 1800"]}})");

  const auto state = client.remove_simulcast_target("L", "T");
  const auto field = client.enable_live_stream("L");

  ASSERT_FALSE(state.ok());
  EXPECT_EQ(state.error().kind, ErrorKind::kConflict);
  EXPECT_THAT(state.error().hint, HasSubstr("ts mux get"));
  ASSERT_FALSE(field.ok());
  EXPECT_EQ(field.error().kind, ErrorKind::kRemote);  // kUsage promises that nothing was sent
  EXPECT_THAT(field.error().hint, HasSubstr("correct what Mux names"));
}

// Issue 3: the page of a proxy was printed with its markup.
TEST_F(Client, TellsThePageOfAProxyInWords) {
  transport.answer(422, "<html><body><h1>Not this way</h1></body></html>",
                   {{"Content-Type", "text/html"}});

  const auto stream = client.get_live_stream("L");

  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().message, "live stream 'L': a web page (text/html): Not this way (422)");
}

TEST_F(Client, FindsAWebhookEndpointWhoseCreationLostItsAnswerWithoutItsSecret) {
  transport.fail(lost("receive"))
      .answer(200, R"({"data":[{"id":"other","address":"https://b.example/"},)"
                   R"({"id":"W","address":"https://a.example/hook","enabled":true}]})");

  const auto endpoint = client.create_webhook("https://a.example/hook");

  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_EQ(endpoint.value().id, "W");
  EXPECT_TRUE(endpoint.value().signing_secret.empty());
  ASSERT_EQ(transport.requests.size(), 2U);
  EXPECT_THAT(transport.requests[0].url, testing::EndsWith("/system/v1/webhooks"));
  EXPECT_EQ(transport.requests[0].body, R"({"address":"https://a.example/hook"})");
}

TEST_F(Client, ReadsWebhookEndpointsWithTimesInBothForms) {
  transport.answer(200,
                   R"({"data":[{"id":"A","address":"https://a.example","created_at":"1700000000"},)"
                   R"({"id":"B","address":"https://b.example","enabled":false,)"
                   R"("created_at":"2023-11-14T22:13:20Z"}]})");

  const auto endpoints = client.list_webhooks();

  ASSERT_TRUE(endpoints.ok()) << endpoints.error().message;
  ASSERT_EQ(endpoints.value().size(), 2U);
  EXPECT_EQ(endpoints.value()[0].created_at, endpoints.value()[1].created_at);
  EXPECT_FALSE(endpoints.value()[1].enabled);
}

TEST_F(Client, RefusesWebhookIdsThatAddressSomethingElse) {
  for (const char* id : {"", "..", "a/b"}) {
    EXPECT_EQ(client.delete_webhook(id).error().kind, ErrorKind::kUsage) << id;
  }
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(Client, AddsSimulcastTargetsOnlyWhileIdle) {
  transport.answer(200, R"({"data":{"id":"L","status":"idle","active_asset_id":"A"}})");
  NewSimulcastTarget target{.url = "rtmp://host/app", .stream_key = StreamKey("key")};

  const auto added = client.add_simulcast_target("L", target);

  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(added.error().code, "not_idle");
  EXPECT_THAT(added.error().message, HasSubstr("connecting"));
  EXPECT_EQ(transport.requests.size(), 1U);
}

TEST_F(Client, RefusesASeventhSimulcastTarget) {
  transport.answer(
      200, R"({"data":{"id":"L","status":"idle","simulcast_targets":[{"id":"1"},{"id":"2"},)"
           R"({"id":"3"},{"id":"4"},{"id":"5"},{"id":"6"}]}})");
  NewSimulcastTarget target{.url = "rtmp://host/app", .stream_key = StreamKey("key")};

  const auto added = client.add_simulcast_target("L", target);

  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, "too_many_targets");
}

TEST_F(Client, KeepsStreamKeysOutOfErrors) {
  transport.answer(200, R"({"data":{"id":"L","status":"idle"}})")
      .answer(422, R"({"error":{"type":"invalid_parameters","messages":["bad key hush-hush"]}})");
  NewSimulcastTarget target{.url = "rtmp://host/app", .stream_key = StreamKey("hush-hush")};

  const auto added = client.add_simulcast_target("L", target);

  ASSERT_FALSE(added.ok());
  EXPECT_THAT(added.error().message, HasSubstr("bad key ..."));
  EXPECT_THAT(added.error().message, testing::Not(HasSubstr("hush")));
}

class OddId : public Client, public testing::WithParamInterface<const char*> {};

TEST_P(OddId, IsRefusedBeforeAnythingIsSent) {
  EXPECT_FALSE(client.get_live_stream(GetParam()).ok());
  EXPECT_FALSE(client.delete_live_stream(GetParam()).ok());
  EXPECT_FALSE(client.remove_playback_id("L", GetParam()).ok());
  EXPECT_FALSE(client.delete_asset(GetParam()).ok());
  EXPECT_TRUE(transport.requests.empty());
}

INSTANTIATE_TEST_SUITE_P(Client, OddId, testing::Values("", ".", "..", "a/b", "a\nb", "\xFF"));

TEST_F(Client, WaitsUntilActiveAndTellsEachState) {
  transport.answer(200, R"({"data":{"id":"L","status":"idle"}})")
      .answer(200, R"({"data":{"id":"L","status":"idle","active_asset_id":"A"}})")
      .answer(500, "oops")
      .answer(500, "oops")
      .answer(500, "oops")
      .answer(200, R"({"data":{"id":"L","status":"active","active_asset_id":"A"}})");
  std::vector<std::string> states;

  const auto stream =
      client.wait_live_stream("L", "active", seconds{60},
                              [&](const LiveStream& seen) { states.emplace_back(seen.state()); });

  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_THAT(states, ElementsAre("idle", "connecting", "active"));
}

TEST_F(Client, NamesTheLastStateWhenTheWaitEnds) {
  for (int i = 0; i < 10; ++i) transport.answer(200, R"({"data":{"id":"L","status":"idle"}})");

  const auto stream = client.wait_live_stream("L", "active", seconds{5});

  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().kind, ErrorKind::kDeadline);
  EXPECT_THAT(stream.error().message, HasSubstr("last seen idle"));
  EXPECT_THAT(stream.error().hint, HasSubstr("no encoder"));
}

TEST_F(Client, DoesNotWaitForADisabledStream) {
  transport.answer(200, R"({"data":{"id":"L","status":"disabled"}})");

  const auto stream = client.wait_live_stream("L", "active", seconds{60});

  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().kind, ErrorKind::kConflict);
  EXPECT_THAT(stream.error().hint, HasSubstr("mux enable"));
}

TEST(ClientPacing, MakesOnePostASecond) {
  test::FakeTransport transport;
  test::FakeClock clock(WallTime{seconds{1'700'000'000}}, true);
  MuxClient client(transport, clock, {.token_id = "id", .token_secret = Secret("s")});
  const auto begin = clock.steady_now();
  for (int i = 0; i < 4; ++i) transport.answer(201, R"({"data":{"id":"N"}})");

  for (int i = 0; i < 4; ++i) ASSERT_TRUE(client.create_live_stream({}).ok());

  EXPECT_EQ(clock.steady_now() - begin, seconds{3});
}

TEST(ClientPacing, LetsABurstOfReadsThrough) {
  test::FakeTransport transport;
  test::FakeClock clock(WallTime{seconds{1'700'000'000}}, true);
  MuxClient client(transport, clock, {.token_id = "id", .token_secret = Secret("s")});
  const auto begin = clock.steady_now();
  for (int i = 0; i < 15; ++i) transport.answer(200, R"({"data":{"id":"N"}})");

  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.get_live_stream("L").ok());
  EXPECT_EQ(clock.steady_now(), begin);

  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.get_live_stream("L").ok());
  EXPECT_EQ(clock.steady_now() - begin, seconds{1});
}

TEST_F(Client, RefusesPathsThatLeaveTheApi) {
  for (const char* path : {"video", "//evil.example/x", "/video/../x", "/video/%2e%2e/x"}) {
    EXPECT_FALSE(client.api("GET", path, {}, nullptr).ok()) << path;
  }
  EXPECT_FALSE(client.api("TRACE", "/video", {}, nullptr).ok());
  EXPECT_TRUE(transport.requests.empty());
}

}  // namespace
}  // namespace ts::mux
