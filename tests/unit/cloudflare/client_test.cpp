// SPDX-License-Identifier: Apache-2.0
#include "cloudflare/client.hpp"

#include "cloudflare/wire.hpp"
#include "core/json.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::cloudflare {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string ok(const std::string& result) {
  return R"({"success":true,"errors":[],"messages":[],"result":)" + result + "}";
}

class Client : public testing::Test {
 protected:
  static Error lost() {
    return Error{
        .kind = ErrorKind::kRemote, .message = "reset", .retryable = true, .code = "receive"};
  }
  std::string header(std::size_t index, std::string_view name) const {
    for (const auto& [key, value] : transport.requests[index].headers) {
      if (key == name) return value;
    }
    return {};
  }

  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'700'000'000}}, true};
  CloudflareClient client{transport, clock, {.account_id = "acc", .api_token = Secret("token")}};
};

TEST_F(Client, RepeatsACreationUnderTheSameIdempotencyKey) {
  transport.fail(lost()).answer(200, ok(R"({"uid":"U"})"));

  const auto input = client.create_input({.name = "n"});

  ASSERT_TRUE(input.ok()) << input.error().message;
  ASSERT_EQ(transport.requests.size(), 2U);
  EXPECT_FALSE(header(0, "idempotency-key").empty());
  EXPECT_EQ(header(0, "idempotency-key"), header(1, "idempotency-key"));
}

TEST_F(Client, SaysThatACreationMayHaveBeenMadeBeforeItWasRefused) {
  transport.fail(lost()).answer(401,
                                R"({"success":false,"errors":[{"code":10000,"message":"no"}]})");

  const auto input = client.create_input({.name = "n"});

  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().kind, ErrorKind::kAuth);
  EXPECT_THAT(input.error().hint, HasSubstr("it may have been made all the same"));
  EXPECT_THAT(input.error().hint, HasSubstr("ts cloudflare input list"));
  EXPECT_THAT(input.error().hint, HasSubstr("CLOUDFLARE_API_TOKEN"));
}

TEST_F(Client, SaysThatACreationMayHaveBeenMadeWhenNoAnswerCame) {
  for (int i = 0; i < 8; ++i) transport.fail(lost());

  const auto input = client.create_input({.name = "n"});

  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().kind, ErrorKind::kRemote);
  EXPECT_THAT(input.error().hint, HasSubstr("ts cloudflare input list"));
}

// Issue 3: the retry's "connection refused" hid that the first try's answer was lost.
TEST_F(Client, SaysThatACreationMayHaveBeenMadeBeforeTheServiceWasGone) {
  const Error gone{.kind = ErrorKind::kRemote, .retryable = true, .code = "connect"};
  transport.fail(lost());
  for (int i = 0; i < 8; ++i) transport.fail(gone);

  const auto input = client.create_input({.name = "n"});

  ASSERT_FALSE(input.ok());
  EXPECT_THAT(input.error().hint, HasSubstr("it may have been made all the same"));
}

// Issue 3: the page of a proxy was printed with its markup.
TEST_F(Client, TellsThePageOfAProxyInWords) {
  transport.answer(422, "<html><head><title>422 Unprocessable</title></head></html>",
                   {{"Content-Type", "text/html"}});

  const auto input = client.get_input("U");

  ASSERT_FALSE(input.ok());
  EXPECT_THAT(input.error().message, HasSubstr("a web page (text/html): 422 Unprocessable"));
  EXPECT_THAT(input.error().message, Not(HasSubstr("<")));
}

TEST_F(Client, ClaimsNothingMadeWhenNoTryLeft) {
  const Error gone{.kind = ErrorKind::kRemote, .retryable = true, .code = "connect"};
  for (int i = 0; i < 8; ++i) transport.fail(gone);

  const auto input = client.create_input({.name = "n"});

  ASSERT_FALSE(input.ok());
  EXPECT_THAT(input.error().hint, Not(HasSubstr("may have been made")));
}

TEST_F(Client, ClaimsNothingMadeWhenTheFirstTryIsRefused) {
  transport.answer(401, R"({"success":false,"errors":[{"code":10000,"message":"no"}]})");

  const auto input = client.create_input({.name = "n"});

  ASSERT_FALSE(input.ok());
  EXPECT_THAT(input.error().hint, Not(HasSubstr("may have been made")));
}

TEST_F(Client, SaysThatAnInputMayBeThereWhenTheAnswerIsCutOrEmpty) {
  for (const std::string& body : {std::string(R"({"success":tr)"), ok("{}")}) {
    transport.answer(200, body);

    const auto input = client.create_input({.name = "n"});

    ASSERT_FALSE(input.ok());
    EXPECT_EQ(input.error().kind, ErrorKind::kRemote);
    EXPECT_THAT(input.error().hint, HasSubstr("ts cloudflare input list"));
  }
}

// Audit 3: a page, half an envelope and another service's JSON passed for "deleted".
TEST_F(Client, BelievesADeletionOnlyByAnEmptyAnswerOrAnEnvelope) {
  for (const std::string& body :
       {std::string("<html>login</html>"), std::string(R"({"succ)"), std::string(R"({"data":7})"),
        std::string("{}"), std::string(R"({"success":"true"})")}) {
    SCOPED_TRACE(body);
    transport.answer(200, body).answer(200, body);

    for (const Status& deleted : {client.delete_input("U"), client.remove_output("U", "O")}) {
      ASSERT_FALSE(deleted.ok());
      EXPECT_EQ(deleted.error().kind, ErrorKind::kRemote);
      EXPECT_EQ(deleted.error().code, "bad_answer");
      EXPECT_THAT(deleted.error().hint, HasSubstr("CLOUDFLARE_BASE_URL"));
    }
  }
  for (const int status : {200, 204}) {
    transport.answer(status, "").answer(status, "\n");
    EXPECT_TRUE(client.delete_input("U").ok());
    EXPECT_TRUE(client.remove_output("U", "O").ok());
  }
  transport.answer(200, ok("null"));
  EXPECT_TRUE(client.delete_input("U").ok());
}

TEST_F(Client, SaysWhereAnEnvelopeIsOfAnotherShape) {
  transport.answer(200, R"({"success":"true","result":{"uid":"U"}})");

  const auto input = client.get_input("U");

  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().code, "bad_answer");
  EXPECT_THAT(input.error().message,
              HasSubstr("at $.success: expected true or false, found a string"));
}

TEST_F(Client, ShowsARecordingModeItDoesNotKnow) {
  transport.answer(200, ok(R"({"uid":"U","recording":{"mode":"hourly"}})"));

  const auto input = client.get_input("U");

  ASSERT_TRUE(input.ok());
  EXPECT_EQ(describe(input.value())["recording"]["mode"], "hourly");
}

TEST_F(Client, SendsAnSrtOutputWithAnEmptyKey) {
  transport.answer(200, ok(R"({"uid":"O","url":"srt://h:9000?streamid=x"})"));

  ASSERT_TRUE(client.add_output("U", {.url = "srt://h:9000?streamid=x"}).ok());

  EXPECT_EQ(transport.requests.back().body, R"({"url":"srt://h:9000?streamid=x","streamKey":""})");
}

// Audit 3: a proxy's page was explained as a wrong token.
TEST_F(Client, SaysThatSomethingElseRefused) {
  transport.answer(403, "<html><body>no</body></html>", {{"Content-Type", "text/html"}});

  const auto input = client.get_input("U");

  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().code, "web_page");
  EXPECT_THAT(input.error().hint, HasSubstr("a proxy or firewall on the way answered"));
}

TEST_F(Client, TakesSuccessFalseForARefusalWhateverTheStatus) {
  transport.answer(
      200, R"({"success":false,"errors":[{"code":10005,"message":"Bad Request"}],"result":null})");

  const auto input = client.get_input("U");

  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(input.error().code, "cloudflare_10005");
  EXPECT_THAT(input.error().message, HasSubstr("Bad Request"));
}

TEST_F(Client, WritesBackWhatAnUpdateDoesNotName) {
  transport
      .answer(200, ok(R"({"uid":"U","meta":{"name":"n","x":1},"recording":{"mode":"automatic",
        "timeoutSeconds":5},"enabled":true,"rtmps":{"url":"u","streamKey":"key"}})"))
      .answer(200, ok(R"({"uid":"U"})"));

  const auto input = client.update_input("U", {.recording = RecordingMode::kOff});

  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(transport.requests[1].method, "PUT");
  EXPECT_EQ(Json::parse(transport.requests[1].body), Json::parse(R"({"meta":{"name":"n","x":1},
              "recording":{"mode":"off","timeoutSeconds":5},"enabled":true})"));
}

TEST_F(Client, FindsAnOutputWhoseAnswerWasLost) {
  NewOutput output{.url = "rtmps://host/app", .stream_key = Secret("key-1")};
  transport.fail(lost()).answer(
      200, ok(R"([{"uid":"O","url":"rtmps://host/app","streamKey":"key-1"}])"));

  const auto added = client.add_output("U", output);

  ASSERT_TRUE(added.ok()) << added.error().message;
  EXPECT_EQ(added.value().uid, "O");
  EXPECT_EQ(transport.requests.size(), 2U);
}

TEST_F(Client, KeepsStreamKeysOutOfErrors) {
  NewOutput output{.url = "rtmps://host/app", .stream_key = Secret("hush-hush")};
  transport.answer(400, R"({"success":false,"errors":[{"code":1,"message":"bad hush-hush"}]})");

  const auto added = client.add_output("U", output);

  ASSERT_FALSE(added.ok());
  EXPECT_THAT(added.error().message, Not(HasSubstr("hush")));
}

TEST_F(Client, ReadsBothFormsOfStatus) {
  transport.answer(200, ok(R"({"uid":"U","status":"connected"})"))
      .answer(200, ok(R"({"uid":"U","status":{"current":{"state":"disconnected","reason":"x"}}})"));

  EXPECT_EQ(client.get_input("U").value().status, "connected");
  EXPECT_EQ(client.get_input("U").value().status, "disconnected");
}

TEST_F(Client, ShowsNoCredentials) {
  transport.answer(200, ok(R"({"uid":"U","rtmps":{"url":"rtmps://h","streamKey":"hidden-key-1"},
    "srt":{"url":"srt://h","streamId":"hidden-id-22","passphrase":"hidden-pass"},
    "webRTC":{"url":"https://c.example/hidden-whip/webRTC/publish"}})"));

  const std::string shown = dump_json(describe(client.get_input("U").value()));

  EXPECT_THAT(shown, Not(HasSubstr("hidden-")));
}

class BadAnswer : public Client, public testing::WithParamInterface<const char*> {};

TEST_P(BadAnswer, IsARemoteError) {
  transport.answer(200, GetParam());

  const auto input = client.get_input("U");

  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(transport.requests.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Client, BadAnswer,
    testing::Values("<html>", "", "{\"success\":true,\"result\":{", "[]", "{}",
                    R"({"success":true})", R"({"success":true,"result":{"uid":5}})",
                    R"({"success":true,"result":{"uid":"U","recording":"off"}})"));

TEST(CheckWhip, NamesTheRoutesThatWork) {
  const auto status = check_whip(Ingest::kWhip, true, true);

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(status.error().hint, HasSubstr("rtmps"));
  EXPECT_THAT(status.error().hint, HasSubstr("LiveKit"));
  EXPECT_TRUE(check_whip(Ingest::kWhip, false, false).ok());
  EXPECT_TRUE(check_whip(Ingest::kRtmps, true, true).ok());
}

TEST(Validate, KnowsTheRanges) {
  EXPECT_FALSE(validate(NewLiveInput{.delete_recording_after_days = 29}).ok());
  EXPECT_TRUE(validate(NewLiveInput{.delete_recording_after_days = 1096}).ok());
  EXPECT_FALSE(validate(NewLiveInput{.allowed_origins = {"https://x/y"}}).ok());
  EXPECT_FALSE(validate(NewOutput{.url = "https://x/y", .stream_key = Secret("k")}).ok());
  EXPECT_FALSE(validate(NewOutput{.url = "rtmp://x/y"}).ok());
}

}  // namespace
}  // namespace ts::cloudflare
