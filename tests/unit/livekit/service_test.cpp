// SPDX-License-Identifier: Apache-2.0
#include "livekit/service.hpp"

#include "harness.hpp"

#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

constexpr const char* kJson = "application/json";

Error list_error(int status, std::string body, net::Headers headers) {
  Harness harness;
  harness.transport.answer(status, std::move(body), std::move(headers));
  auto result = harness.egress.list({});
  EXPECT_FALSE(result.ok());
  // A self-hosted server is asked exactly once, whatever it says.
  EXPECT_EQ(harness.transport.requests.size(), 1U);
  return result.ok() ? Error{} : result.error();
}

Error twirp_error(int status, std::string_view code, std::string_view message) {
  return list_error(status,
                    std::string(R"({"code":")")
                        .append(code)
                        .append(R"(","msg":")")
                        .append(message)
                        .append(R"("})"),
                    {{"Content-Type", kJson}});
}

TEST(Service, MapsWebSocketUrlsAndDropsThePath) {
  const std::pair<const char*, const char*> kCases[] = {
      {"ws://host:7880", "http://host:7880"},
      {"wss://show.livekit.cloud/rtc?x=1", "https://show.livekit.cloud"},
      {"http://[::1]:7880/", "http://[::1]:7880"},
      {"https://host", "https://host"},
  };
  for (const auto& [given, base] : kCases) {
    EXPECT_EQ(Harness(given).service.base_url(), base);
  }
}

TEST(Service, RefusesAUrlThatIsNoLiveKitAddress) {
  test::FakeTransport transport;
  test::FakeClock clock;

  const auto service = Service::create("ftp://host", "k", Secret("s"), transport, clock);

  ASSERT_FALSE(service.ok());
  EXPECT_EQ(service.error().kind, ErrorKind::kConfig);
}

TEST(Service, SendsItsRequestIdAndJson) {
  Harness harness;
  harness.transport.answer(200, R"({"items":[]})");

  ASSERT_TRUE(harness.egress.list({}).ok());

  const auto& sent = harness.transport.requests.at(0);
  EXPECT_EQ(sent.url, "http://127.0.0.1:7880/twirp/livekit.Egress/ListEgress");
  EXPECT_EQ(sent.headers, (net::Headers{{"Content-Type", "application/json"},
                                        {"X-Livekit-Request-Id", "request-1"}}));
}

TEST(Service, NamesTheMissingGrant) {
  const Error error = twirp_error(401, "unauthenticated", "permissions denied");

  EXPECT_EQ(error.kind, ErrorKind::kAuth);
  EXPECT_EQ(error.code, "missing_grant");
  EXPECT_EQ(error.message,
            "LiveKit refused Egress/ListEgress: permissions denied; the call needs the grant "
            "roomRecord");
  EXPECT_EQ(error.hint, "check that the API key 'APItest' is of this project and may do this");
  EXPECT_EQ(error.http_status, 401);
  EXPECT_EQ(error.request_id, "request-1");
}

TEST(Service, ExplainsAnUnknownKey) {
  const Error error = list_error(401, "invalid API key: APItest", {{"Content-Type", "text/plain"}});

  EXPECT_EQ(error.kind, ErrorKind::kAuth);
  EXPECT_EQ(error.code, "unknown_key");
  EXPECT_EQ(error.message, "LiveKit at http://127.0.0.1:7880 does not know the API key 'APItest'");
}

TEST(Service, ExplainsAWrongSecret) {
  const Error error =
      list_error(401, "invalid token: error in cryptographic primitive",
                 {{"Content-Type", "text/plain"}, {"Date", "Mon, 21 Sep 2026 14:13:20 GMT"}});

  EXPECT_EQ(error.kind, ErrorKind::kAuth);
  EXPECT_EQ(error.hint, "check LIVEKIT_API_SECRET: is it the secret of the key 'APItest'?");
}

TEST(Service, ExplainsClockSkewByTheDateHeader) {
  // The fake clock says 14:13:20.
  const Error error =
      list_error(401, "invalid token: token is not valid yet",
                 {{"Content-Type", "text/plain"}, {"Date", "Mon, 21 Sep 2026 14:08:20 GMT"}});

  EXPECT_EQ(error.kind, ErrorKind::kAuth);
  EXPECT_EQ(error.hint, "set the clock: this machine is 300 s ahead of the server");
}

TEST(Service, NeverQuotesItsOwnToken) {
  Harness harness;
  harness.transport.answer(200, "{}");
  ASSERT_TRUE(harness.egress.list({}).ok());
  const std::string token = harness.transport.requests.at(0).authorization.substr(7);
  harness.transport.answer(401, "invalid token: " + token + ", error: bad",
                           {{"Content-Type", "text/plain"}});

  const auto result = harness.egress.list({});

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message.find(token), std::string::npos);
  EXPECT_NE(result.error().message.find("invalid token: {token}"), std::string::npos);
}

TEST(Service, SaysWhatTheSandboxDoesNotMake) {
  const Error error = twirp_error(503, "unavailable",
                                  "twirp error unknown: no response from servers: the sandbox "
                                  "makes no egress of a web page");

  EXPECT_EQ(error.message,
            "no egress worker took the call Egress/ListEgress (no response from servers: the "
            "sandbox makes no egress of a web page)");
  EXPECT_TRUE(error.hint.starts_with("ts sandbox status tells what it makes")) << error.hint;
  EXPECT_FALSE(error.retryable);
}

TEST(Service, ExplainsThatNoWorkerTookTheJob) {
  const Error error =
      twirp_error(503, "unavailable", "twirp error unknown: no response from servers");

  EXPECT_EQ(error.kind, ErrorKind::kRemote);
  EXPECT_EQ(error.code, "no_response");
  EXPECT_EQ(error.message,
            "no egress worker took the call Egress/ListEgress (no response from servers)");
  EXPECT_EQ(error.hint,
            "check that a livekit-egress worker is running, shares the server's Redis and has free "
            "CPU");
  EXPECT_TRUE(error.retryable);
}

TEST(Service, MapsEveryTwirpCode) {
  const std::tuple<int, const char*, ErrorKind> kCases[] = {
      {404, "not_found", ErrorKind::kNotFound},
      {409, "already_exists", ErrorKind::kConflict},
      {412, "failed_precondition", ErrorKind::kConflict},
      {409, "aborted", ErrorKind::kConflict},
      {403, "permission_denied", ErrorKind::kAuth},
      {429, "resource_exhausted", ErrorKind::kRemote},
      {400, "invalid_argument", ErrorKind::kRemote},
      {400, "malformed", ErrorKind::kRemote},
      {408, "deadline_exceeded", ErrorKind::kRemote},
      {404, "bad_route", ErrorKind::kRemote},
      {500, "internal", ErrorKind::kRemote},
      {501, "unimplemented", ErrorKind::kRemote},
      {500, "something_new", ErrorKind::kRemote},
  };
  for (const auto& [status, code, kind] : kCases) {
    const Error error = twirp_error(status, code, "no");
    EXPECT_EQ(error.kind, kind) << code;
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.http_status, status);
  }
}

TEST(Service, ScrubsStreamKeysFromRefusals) {
  Harness harness;
  harness.transport.answer(400,
                           R"x({"code":"invalid_argument",)x"
                           R"x("msg":"invalid url mux://0123456789abcdef (0123456789abcdef)"})x",
                           {{"Content-Type", kJson}});

  const auto result = harness.egress.start(video_to("mux://0123456789abcdef"));

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message,
            "LiveKit refused Egress/StartTrackCompositeEgress: invalid url mux://{012...def} "
            "({012...def})");
}

TEST(Service, SaysWhenAWebPageAnswers) {
  const Error error = list_error(404, "<!DOCTYPE html><html><body>hello</body></html>",
                                 {{"Content-Type", "text/html"}});

  EXPECT_EQ(error.kind, ErrorKind::kRemote);
  EXPECT_EQ(error.message,
            "http://127.0.0.1:7880 answered Egress/ListEgress with status 404 and a web page "
            "(text/html): hello");
  EXPECT_EQ(error.hint, "check that LIVEKIT_URL is a LiveKit server");
}

TEST(Service, RefusesAnAnswerThatIsNoJson) {
  const Error html = list_error(200, "<html>", {{"Content-Type", "text/html"}});
  const Error cut = list_error(200, R"({"items": [{"egress_id": "EG)", {{"Content-Type", kJson}});
  const Error list = list_error(200, "[]", {{"Content-Type", kJson}});

  for (const Error& error : {html, cut, list}) {
    EXPECT_EQ(error.kind, ErrorKind::kRemote);
    EXPECT_EQ(error.code, "bad_answer");
  }
  EXPECT_EQ(html.message, "the answer of Egress/ListEgress is not valid JSON at line 1 column 1");
  EXPECT_EQ(list.message, "at $: expected an object, found a list");
}

TEST(Service, NamesThePathOfAWrongTypeInAnAnswer) {
  const Error error =
      list_error(200, R"({"items": [{"egress_id": 7}]})", {{"Content-Type", kJson}});

  EXPECT_EQ(error.message,
            "the answer of Egress/ListEgress: at $.items[0].egress_id: expected a string, found a "
            "number");
}

TEST(Service, NeverRepeatsAStartOnItsOwnServer) {
  Harness harness;
  harness.transport.fail(Error{.kind = ErrorKind::kRemote,
                               .message = "no answer within 60 s",
                               .retryable = true,
                               .code = "timeout"});

  const auto result = harness.egress.start(video_to("mux://0123456789abcdef"));

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(harness.transport.requests.size(), 1U);
  EXPECT_FALSE(result.error().retryable);
  EXPECT_EQ(result.error().hint,
            "it may have started: run ts egress list --active before trying again");
}

TEST(Service, SaysThatAStartWhichNeverLeftMayBeRepeated) {
  Harness harness;
  harness.transport.fail(Error{.kind = ErrorKind::kRemote,
                               .message = "cannot connect",
                               .retryable = true,
                               .code = "connect"});

  const auto result = harness.egress.start(video_to("mux://0123456789abcdef"));

  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error().retryable);
}

TEST(Service, FailsOverToTheNextRegionOnCloudHosts) {
  Harness harness("wss://show.livekit.cloud");
  harness.transport.answer(503, "down")
      .answer(200,
              R"({"regions":[{"region":"a","url":"https://show.livekit.cloud"},
                             {"region":"x","url":"http://evil.example"},
                             {"region":"b","url":"wss://b.production.livekit.cloud"}]})",
              {{"Cache-Control", "max-age=60"}})
      .answer(200, R"({"items":[]})");

  const auto result = harness.egress.list({.room_name = "main"});

  ASSERT_TRUE(result.ok()) << result.error().message;
  ASSERT_EQ(harness.transport.requests.size(), 3U);
  const auto& first = harness.transport.requests[0];
  const auto& regions = harness.transport.requests[1];
  const auto& second = harness.transport.requests[2];
  EXPECT_EQ(regions.method, "GET");
  EXPECT_EQ(regions.url, "https://show.livekit.cloud/settings/regions");
  EXPECT_EQ(second.url, "https://b.production.livekit.cloud/twirp/livekit.Egress/ListEgress");
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.headers, first.headers);
  EXPECT_EQ(second.authorization, first.authorization);
}

TEST(Service, SaysThatAStartMayBeDoneWhoseLastRegionAloneNeverSawIt) {
  Harness harness("wss://show.livekit.cloud");
  harness.transport.fail(Error{.kind = ErrorKind::kRemote, .retryable = true, .code = "timeout"})
      .answer(200, R"({"regions":[{"url":"https://a.livekit.cloud"}]})",
              {{"Cache-Control", "max-age=60"}})
      .fail(Error{.kind = ErrorKind::kRemote, .retryable = true, .code = "connect"});

  const auto result = harness.egress.start(video_to("mux://0123456789abcdef"));

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "maybe_done");
  EXPECT_FALSE(result.error().retryable);
  EXPECT_EQ(result.error().hint,
            "it may have started: run ts egress list --active before trying again");
}

TEST(Service, GivesUpAfterThreeRegions) {
  Harness harness("wss://show.livekit.cloud");
  const char* regions = R"({"regions":[{"url":"https://a.livekit.cloud"},
                           {"url":"https://b.livekit.cloud"},{"url":"https://c.livekit.cloud"}]})";
  harness.transport.answer(503, "down")
      .answer(200, regions, {{"Cache-Control", "max-age=60"}})
      .answer(503, "down")
      .answer(503, "down");

  const auto result = harness.egress.list({});

  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().http_status, 503);
  EXPECT_EQ(harness.transport.requests.size(), 4U);
}

TEST(Service, TakesARefusalOfTheCloudAsFinal) {
  Harness harness("wss://show.livekit.cloud");
  harness.transport.answer(404, R"({"code":"not_found","msg":"egress does not exist"})");

  EXPECT_FALSE(harness.egress.stop("EG_1").ok());

  EXPECT_EQ(harness.transport.requests.size(), 1U);
}

TEST(Service, RefusesTextThatIsNotUtf8BeforeSending) {
  Harness harness;

  const auto name = harness.rooms.create({.name = "main\xff"});
  const auto metadata = harness.rooms.create({.name = "main", .metadata = "\xff"});

  ASSERT_FALSE(name.ok());
  EXPECT_EQ(name.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(name.error().message, "the room name is not UTF-8");
  ASSERT_FALSE(metadata.ok());
  EXPECT_EQ(metadata.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(metadata.error().message, "the value of $.metadata is not UTF-8");
  EXPECT_TRUE(harness.transport.requests.empty());
}

}  // namespace
}  // namespace ts::livekit
