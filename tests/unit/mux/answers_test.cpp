// SPDX-License-Identifier: Apache-2.0
// Answers as they should not be.
#include "core/json.hpp"
#include "mux/client.hpp"
#include "mux/wire.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::mux {
namespace {

using testing::HasSubstr;

struct Bad {
  const char* name;
  const char* body;
  const char* reason;
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadAnswer : public testing::TestWithParam<Bad> {};

TEST_P(BadAnswer, IsARemoteErrorThatNamesThePath) {
  test::FakeTransport transport;
  test::FakeClock clock;
  MuxClient client(transport, clock, {.token_id = "id", .token_secret = Secret("s")});
  transport.answer(200, GetParam().body);

  const auto stream = client.get_live_stream("L");

  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().kind, ErrorKind::kRemote);
  EXPECT_THAT(stream.error().message, HasSubstr(GetParam().reason));
  EXPECT_EQ(transport.requests.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, BadAnswer,
    testing::Values(Bad{"Html", "<html><body>502</body></html>", "the answer of Mux"},
                    Bad{"Empty", "", "the answer of Mux"},
                    Bad{"Truncated", R"({"data":{"id":"L")", "the answer of Mux"},
                    Bad{"NoData", R"({"result":{}})", "data"}, Bad{"List", R"([1])", "$"},
                    Bad{"DataIsText", R"({"data":"x"})", "$.data"},
                    Bad{"NoId", R"({"data":{"status":"idle"}})", "id"},
                    Bad{"IdIsNumber", R"({"data":{"id":1}})", "$.data.id"},
                    Bad{"StatusIsList", R"({"data":{"id":"L","status":[]}})", "$.data.status"},
                    Bad{"PlaybackIds", R"({"data":{"id":"L","playback_ids":{"id":"P"}}})",
                        "$.data.playback_ids"},
                    Bad{"PlaybackId", R"({"data":{"id":"L","playback_ids":[{"id":5}]}})",
                        "$.data.playback_ids[0].id"},
                    Bad{"Created", R"({"data":{"id":"L","created_at":"soon"}})",
                        "$.data.created_at"},
                    Bad{"NotUtf8", "{\"data\":{\"id\":\"\xFF\"}}", "the answer of Mux"}),
    [](const testing::TestParamInfo<Bad>& bad) { return std::string(bad.param.name); });

TEST(ReadLiveStream, TakesNumbersAsTextOrNumbersAndIgnoresTheRest) {
  const Json json = Json::parse(R"({"id":"L","status":"idle","created_at":1700000000,
    "max_continuous_duration":"3600","reconnect_window":12.5,"stream_key":null,"new":{"x":1}})");

  const auto stream = read_live_stream(json);

  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_EQ(stream.value().max_continuous_duration_s, 3600);
  EXPECT_EQ(stream.value().reconnect_window_s, std::optional<double>(12.5));
  EXPECT_EQ(format_rfc3339(*stream.value().created_at), "2023-11-14T22:13:20Z");
}

// Issue 3: an absent window was told as one of 0 s.
TEST(ReadLiveStream, TellsNoReconnectWindowWhereTheAnswerHasNone) {
  const auto stream = read_live_stream(Json::parse(R"({"id":"L","status":"idle"})"));

  ASSERT_TRUE(stream.ok());
  EXPECT_FALSE(stream.value().reconnect_window_s);
  EXPECT_TRUE(describe(stream.value())["reconnect_window_s"].is_null());
}

TEST(ReadLiveStream, KeepsAnUnknownStatusReadable) {
  const auto stream = read_live_stream(Json::parse(R"({"id":"L","status":"warming"})"));

  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(stream.value().status, LiveStreamStatus::kUnknown);
  EXPECT_EQ(stream.value().state(), "warming");
}

TEST(ReadLiveStream, SeesAConnectedEncoderInAnIdleStream) {
  const auto stream =
      read_live_stream(Json::parse(R"({"id":"L","status":"idle","active_asset_id":"A"})"));

  ASSERT_TRUE(stream.ok());
  EXPECT_TRUE(stream.value().connecting());
  EXPECT_EQ(stream.value().state(), "connecting");
}

TEST(ReadAsset, ReadsBothFormsOfRenditionsAndTimes) {
  const auto asset = read_asset(Json::parse(R"({"id":"A","status":"ready","is_live":true,
    "duration":12.5,"static_renditions":{"status":"ready","files":[{"name":"highest.mp4",
    "resolution":"highest","status":"ready"}]},"recording_times":[
    {"started_at":{"seconds":1700000000,"nanos":0},"duration":3,"type":"content"},
    {"started_at":"2023-11-14T22:13:20Z","duration":1,"type":"slate"}],
    "errors":{"type":"t","messages":["m"]}})"));

  ASSERT_TRUE(asset.ok()) << asset.error().message;
  EXPECT_EQ(asset.value().static_renditions.front().name, "highest.mp4");
  EXPECT_EQ(asset.value().recording_times[0].started_at,
            asset.value().recording_times[1].started_at);
  EXPECT_EQ(asset.value().error_messages.front(), "m");
  EXPECT_FALSE(asset.value().final());
}

TEST(DescribeLiveStream, ShowsNoKey) {
  const auto stream = read_live_stream(Json::parse(
      R"({"id":"L","stream_key":"5203dc64-074a-5914","srt_passphrase":"pass-phrase-1",
      "simulcast_targets":[{"id":"S","url":"srt://h:1?streamid=hidden1","stream_key":"hidden-2x"}]})"));

  const std::string shown = dump_json(describe(stream.value()));

  EXPECT_THAT(shown, testing::Not(HasSubstr("5203dc64")));
  EXPECT_THAT(shown, testing::Not(HasSubstr("pass-phrase")));
  EXPECT_THAT(shown, testing::Not(HasSubstr("hidden")));
}

TEST(IngestHealth, ReadsTheDriftAndSendsTheTokenOnly) {
  test::FakeTransport transport;
  test::FakeClock clock;
  MuxClient client(transport, clock, {.token_id = "id", .token_secret = Secret("s")});
  transport.answer(200, R"({"data":[{"ingest_health":{"updated_at":"x","status":"good",
    "stream_drift_session_avg":612,"stream_drift_deviation_from_rolling_avg":-3.5}}]})");

  const auto health = client.ingest_health("https://stats.example/", Secret("a.b.c"));

  ASSERT_TRUE(health.ok()) << health.error().message;
  EXPECT_EQ(health.value().status, "good");
  EXPECT_EQ(health.value().drift_average_ms, 612);
  EXPECT_EQ(transport.requests[0].url, "https://stats.example/live-stream-health?token=a.b.c");
  EXPECT_EQ(transport.requests[0].authorization, "");
}

}  // namespace
}  // namespace ts::mux
