// SPDX-License-Identifier: Apache-2.0
#include "livekit/egress_client.hpp"

#include "harness.hpp"

#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

std::string state(std::string_view status, std::string_view more = "") {
  return std::string(R"({"items":[{"egress_id":"EG_1","status":")")
      .append(status)
      .append("\"")
      .append(more)
      .append("}]}");
}

TEST(EgressClient, SendsVideoAloneWithoutAnAudioTrack) {
  Harness harness;
  harness.transport.answer(200, R"({"egress_id":"EG_1"})");

  const auto egress = harness.egress.start(video_to("mux://0123456789abcdef"));

  ASSERT_TRUE(egress.ok());
  EXPECT_EQ(harness.transport.requests.at(0).body,
            R"({"roomName":"main","videoTrackId":"TR_VC1","streamOutputs":[{"protocol":"RTMP",)"
            R"("urls":["mux://0123456789abcdef"]}]})");
}

TEST(EgressClient, NamesEachOutputThatWasRefused) {
  EgressInfo egress;
  egress.stream_results.push_back({.url = "rtmp://a/app/{k..1}", .status = StreamStatus::kActive});
  egress.stream_results.push_back({.url = "rtmp://b/app/{k..2}",
                                   .status = StreamStatus::kFailed,
                                   .error = "already publishing to rtmp://b/app/secretkey22"});
  egress.stream_results.push_back({.url = "rtmp://c/app/{k..3}", .status = StreamStatus::kFailed});

  const auto refused = refused_outputs(egress);

  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].find("rtmp://b/app/{k..2} refused the stream: already publishing"), 0U);
  EXPECT_EQ(refused[0].find("secretkey22"), std::string::npos);
  EXPECT_EQ(refused[1], "rtmp://c/app/{k..3} refused the stream");
}

TEST(EgressClient, ListsAnEgressOnceWhenAPageIsToldTwice) {
  Harness harness;
  const std::string page = R"({"items":[{"egress_id":"EG_1"}],"next_page_token":{"token":"T"}})";
  harness.transport.answer(200, page).answer(200, page);

  const auto all = harness.egress.list({});

  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all.value().size(), 1U);
}

TEST(EgressClient, RefusesBadRequestsBeforeSending) {
  Harness harness;
  const auto message = [&](TrackCompositeEgressRequest request) {
    const auto result = harness.egress.start(request);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
    return result.ok() ? std::string() : result.error().message;
  };
  auto no_output = video_to("mux://k");
  no_output.outputs.stream_outputs.clear();
  auto no_track = video_to("mux://k");
  no_track.video_track_id.clear();
  auto mixed = video_to("mux://k");
  mixed.outputs.stream_outputs[0].urls.emplace_back("srt://host:9000");
  auto twice = video_to("mux://abcdefghi");
  twice.outputs.stream_outputs[0].urls.emplace_back("mux://abcdefghi");
  auto odd = video_to("mux://k");
  odd.outputs.advanced = EncodingOptions{.width = 853};
  auto both = video_to("mux://k");
  both.outputs.advanced = EncodingOptions{.width = 854};
  both.outputs.preset = EncodingPreset::kH264_1080p30;
  auto opus = video_to("rtmp://host/app/key");
  opus.outputs.advanced = EncodingOptions{.audio_codec = AudioCodec::kOpus};

  EXPECT_EQ(message(std::move(no_output)), "the egress has no output");
  EXPECT_EQ(message(std::move(no_track)),
            "a track composite egress needs a video track, an audio track or both");
  EXPECT_EQ(message(std::move(mixed)), "stream URLs of different kinds cannot share one output");
  EXPECT_EQ(message(std::move(twice)), "the stream URL mux://{abc...ghi} is given twice");
  EXPECT_EQ(message(std::move(odd)), "the width 853 is not an even number from 16 to 8192");
  EXPECT_EQ(message(std::move(both)), "a preset and advanced options exclude each other");
  EXPECT_EQ(message(std::move(opus)), "RTMP carries AAC, not Opus");
  EXPECT_EQ(message(video_to("mux://k/extra")),
            "mux:// takes the bare stream key, nothing after it");
  EXPECT_EQ(message(video_to("rtmp://host/key")), "the rtmp URL is not host/app/key");
  EXPECT_EQ(message(video_to("https://host/app/key")), "https:// is no stream URL");
  EXPECT_EQ(message(video_to("rtmp://host/app/key\n")),
            "a stream URL holds a blank or a control character");
  EXPECT_TRUE(harness.transport.requests.empty());
}

TEST(EgressClient, RefusesAnAnswerWithoutAnId) {
  Harness harness;
  harness.transport.answer(200, "{}");

  const auto egress = harness.egress.start(video_to("mux://0123456789abcdef"));

  ASSERT_FALSE(egress.ok());
  EXPECT_EQ(egress.error().code, "bad_answer");
  EXPECT_EQ(harness.transport.requests.size(), 1U);
}

TEST(EgressClient, RefusesIdsThatAddressSomethingElse) {
  Harness harness;

  for (const char* id : {"", "..", "EG_1/../EG_2", "EG\n1"}) {
    EXPECT_EQ(harness.egress.stop(id).error().kind, ErrorKind::kUsage) << id;
    EXPECT_EQ(harness.egress.get(id).error().kind, ErrorKind::kUsage) << id;
  }
  EXPECT_TRUE(harness.transport.requests.empty());
}

TEST(EgressClient, TellsAnEndedEgressFromAnUnknownOne) {
  Harness harness;
  harness.transport
      .answer(412, R"({"code":"failed_precondition",
                       "msg":"egress with status EGRESS_COMPLETE cannot be stopped"})")
      .answer(404, R"({"code":"not_found","msg":"egress does not exist"})");

  EXPECT_EQ(harness.egress.stop("EG_1").error().code, "already_ended");
  EXPECT_EQ(harness.egress.stop("EG_2").error().kind, ErrorKind::kNotFound);
}

TEST(EgressWait, EndsWhenTheRemoteHasAcceptedTheStream) {
  Harness harness;
  harness.transport.answer(200, state("EGRESS_STARTING"))
      .answer(200, state("EGRESS_ACTIVE",
                         R"(,"stream_results":[{"url":"rtmp://h/app/{k}","started_at":"0"}])"))
      .answer(200, state("EGRESS_ACTIVE",
                         R"(,"stream_results":[{"url":"rtmp://h/app/{k}","started_at":"5"}])"));
  int changes = 0;

  const auto egress = harness.egress.wait_for("EG_1", EgressStatus::kActive, seconds{60}, {},
                                              [&](const EgressInfo&) { ++changes; });

  ASSERT_TRUE(egress.ok()) << egress.error().message;
  EXPECT_EQ(harness.transport.requests.size(), 3U);
  EXPECT_EQ(changes, 3);
}

TEST(EgressWait, SurvivesAServerThatIsBrieflyAway) {
  Harness harness;
  harness.transport.answer(503, "away")
      .fail(Error{.kind = ErrorKind::kRemote, .message = "reset", .retryable = true})
      .answer(200, state("EGRESS_ACTIVE"));

  EXPECT_TRUE(harness.egress.wait_for("EG_1", EgressStatus::kActive, seconds{60}, {}).ok());
}

TEST(EgressWait, NamesTheLastStateAtTheDeadline) {
  Harness harness;
  for (int i = 0; i < 4; ++i) {
    harness.transport.answer(200, state("EGRESS_STARTING", R"(,"room_composite":{})"));
  }

  const auto egress = harness.egress.wait_for("EG_1", EgressStatus::kActive, seconds{1}, {});

  ASSERT_FALSE(egress.ok());
  EXPECT_EQ(egress.error().kind, ErrorKind::kDeadline);
  EXPECT_EQ(egress.error().message, "egress EG_1 is still starting after 1 s");
  EXPECT_EQ(egress.error().hint,
            "publish a track: a room composite starts with the first one (ts room who ROOM)");
}

TEST(EgressWait, StopsWhenAsked) {
  Harness harness;
  std::stop_source stop;
  stop.request_stop();
  harness.transport.answer(200, state("EGRESS_STARTING"));

  const auto egress =
      harness.egress.wait_for("EG_1", EgressStatus::kActive, seconds{60}, stop.get_token());

  ASSERT_FALSE(egress.ok());
  EXPECT_EQ(egress.error().kind, ErrorKind::kInterrupted);
}

TEST(EgressWait, ExplainsWhyItFailed) {
  struct Case {
    const char* answer;
    ErrorKind kind;
    const char* code;
  };
  const Case kCases[] = {
      {R"("EGRESS_FAILED","stream_results":[{"url":"rtmp://h/app/{k}","status":"FAILED"}])",
       ErrorKind::kMedia, "output_refused"},
      {R"("EGRESS_ABORTED","error":"Start signal not received","error_code":412)",
       ErrorKind::kMedia, "start_signal"},
      {R"("EGRESS_ABORTED","error":"Stop called before pipeline could start")",
       ErrorKind::kConflict, "stopped_early"},
      {R"("EGRESS_FAILED","error_code":403,"details":"End reason: CPU exhausted")",
       ErrorKind::kRemote, "capacity"},
      {R"("EGRESS_LIMIT_REACHED","error_code":413)", ErrorKind::kConflict, "limit_reached"},
      {R"("EGRESS_FAILED","error":"track TR_1 not found","error_code":404)", ErrorKind::kNotFound,
       "no_tracks"},
      {R"("EGRESS_FAILED","error_code":500)", ErrorKind::kRemote, "worker_died"},
      {R"("EGRESS_COMPLETE","details":"End reason: Source closed")", ErrorKind::kConflict,
       "already_ended"},
  };
  for (const Case& test : kCases) {
    Harness harness;
    harness.transport.answer(
        200, std::string(R"({"items":[{"egress_id":"EG_1","status":)") + test.answer + "}]}");

    const auto egress = harness.egress.wait_for("EG_1", EgressStatus::kActive, seconds{60}, {});

    ASSERT_FALSE(egress.ok());
    EXPECT_EQ(egress.error().kind, test.kind) << test.answer;
    EXPECT_EQ(egress.error().code, test.code) << test.answer;
  }
}

TEST(Ladder, HasTheThreeRungsOfTheGuide) {
  const auto high = ladder("high");
  const auto low = ladder("low");

  ASSERT_TRUE(high.ok() && low.ok() && ladder("medium").ok());
  EXPECT_EQ(high.value().width, 1920U);
  EXPECT_EQ(high.value().video_bitrate, 4500U);
  EXPECT_EQ(low.value().width, 854U);
  EXPECT_EQ(low.value().audio_bitrate, 96U);
  EXPECT_EQ(ladder("best").error().hint, "use high, medium or low");
}

TEST(Preset, IsReadInEveryUsualSpelling) {
  for (const char* text : {"H264_1080P_30", "1080p30", "1080p-30", "h264-1080p-30"}) {
    const auto preset = parse_preset(text);
    ASSERT_TRUE(preset.ok()) << text;
    EXPECT_EQ(preset.value(), EncodingPreset::kH264_1080p30);
  }
  EXPECT_EQ(parse_preset("portrait-720p60").value(), EncodingPreset::kPortraitH264_720p60);
  EXPECT_EQ(parse_preset("1080p3O").error().hint, "did you mean 1080p30?");
}

}  // namespace
}  // namespace ts::livekit
