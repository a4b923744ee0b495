// SPDX-License-Identifier: Apache-2.0
#include "livekit/wire.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

template <typename T>
Result<T> read(std::string_view text, UnknownFields unknown = UnknownFields::kIgnore) {
  const auto json = parse_json(text, "test");
  EXPECT_TRUE(json.ok());
  return from_json<T>(json.value(), unknown);
}

TEST(EgressInfoJson, ReadsTheAnswerOfTheApi) {
  const auto info = read<EgressInfo>(R"({
    "egress_id": "EG_1", "room_id": "RM_1", "room_name": "main",
    "source_type": "EGRESS_SOURCE_TYPE_SDK", "status": "EGRESS_ACTIVE",
    "started_at": "1790000000000000000", "ended_at": "0", "error": "", "error_code": 0,
    "track_composite": {"room_name": "main", "audio_track_id": "", "video_track_id": "TR_V",
                        "advanced": null, "stream_outputs": [{"protocol": "RTMP",
                        "urls": ["mux://{abc...xyz}"]}]},
    "stream_results": [{"url": "rtmps://global-live.mux.com:443/app/{abc...xyz}",
                        "started_at": "1790000001000000000", "status": "ACTIVE", "retries": 2}],
    "file_results": []})");

  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info.value().egress_id, "EG_1");
  EXPECT_EQ(info.value().status, EgressStatus::kActive);
  EXPECT_EQ(info.value().source_type, EgressSourceType::kSdk);
  EXPECT_EQ(info.value().started_at, 1'790'000'000'000'000'000);
  EXPECT_EQ(info.value().kind, EgressKind::kTrackComposite);
  EXPECT_EQ(info.value().stream_results.at(0).retries, 2U);
}

TEST(EgressInfoJson, ReadsTheBodyOfAWebhook) {
  const auto info = read<EgressInfo>(R"({
    "egressId": "EG_1", "roomName": "main", "startedAt": 1790000000000000000,
    "roomComposite": {"roomName": "main", "layout": "grid"},
    "streamResults": [{"url": "rtmp://host/app/{k...y}", "lastRetryAt": "5"}]})");

  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info.value().status, EgressStatus::kStarting);
  EXPECT_EQ(info.value().started_at, 1'790'000'000'000'000'000);
  EXPECT_EQ(info.value().kind, EgressKind::kRoomComposite);
  EXPECT_EQ(info.value().stream_results.at(0).last_retry_at, 5);
}

TEST(EgressInfoJson, NeverHoldsAKeyThatAServerEchoed) {
  const auto info = read<EgressInfo>(R"({"egress_id": "EG_1",
    "error": "stream mux://0123456789abcdef not found",
    "web": {"url": "https://a.example", "stream_outputs": [{"urls": ["mux://0123456789abcdef"]}]},
    "stream_results": [{"url": "srt://h:1?passphrase=0123456789abcdef",
                        "error": "rtmp://h/app/0123456789abcdef refused"}]})");

  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info.value().error, "stream mux://{012...def} not found");
  EXPECT_EQ(info.value().stream_results.at(0).url, "srt://h:1?passphrase={012...def}");
  EXPECT_EQ(info.value().stream_results.at(0).error, "rtmp://h/app/{012...def} refused");
  EXPECT_EQ(info.value().request_json,
            R"({"url":"https://a.example","streamOutputs":[{"urls":["mux://{012...def}"]}]})");
}

TEST(EgressInfoJson, IsWrittenAsTheApiAnswers) {
  EgressInfo info{.egress_id = "EG_1",
                  .status = EgressStatus::kEnding,
                  .started_at = 7,
                  .kind = EgressKind::kTrackComposite,
                  .request_json = R"({"roomName":"main","videoTrackId":"TR_V"})"};

  const Json json = to_json(info, WireStyle::kAnswer);

  EXPECT_EQ(json.at("egress_id"), "EG_1");
  EXPECT_EQ(json.at("status"), "EGRESS_ENDING");
  EXPECT_EQ(json.at("started_at"), "7");
  EXPECT_EQ(json.at("ended_at"), "0");
  EXPECT_EQ(json.at("error"), "");
  EXPECT_EQ(json.at("error_code"), 0);
  EXPECT_TRUE(json.at("stream_results").is_array());
  EXPECT_EQ(json.at("track_composite").at("video_track_id"), "TR_V");
  EXPECT_FALSE(json.contains("room_composite"));
}

TEST(EgressInfoJson, IsWrittenAsWebhooksCarryIt) {
  const EgressInfo info{.egress_id = "EG_1", .status = EgressStatus::kStarting, .started_at = 7};

  EXPECT_EQ(dump_json(to_json(info)), R"({"egressId":"EG_1","startedAt":"7"})");
}

TEST(EgressInfoJson, KeepsTheTextOfAStatusItDoesNotKnow) {
  const auto named = read<EgressInfo>(R"({"status": "EGRESS_PAUSED"})");
  const auto numbered = read<EgressInfo>(R"({"status": 42})");

  ASSERT_TRUE(named.ok() && numbered.ok());
  EXPECT_FALSE(named.value().status.is_known());
  EXPECT_EQ(egress_state_word(named.value().status), "EGRESS_PAUSED");
  EXPECT_FALSE(is_terminal(named.value().status));
  EXPECT_EQ(to_json(numbered.value()).at("status"), 42);
}

TEST(EgressInfoJson, NamesThePathOfAWrongType) {
  const auto info = read<EgressInfo>(R"({"stream_results": [{}, {"started_at": {}}]})");

  ASSERT_FALSE(info.ok());
  EXPECT_EQ(info.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(info.error().message,
            "at $.stream_results[1].started_at: expected a whole number, found an object");
}

TEST(EgressInfoJson, RefusesANumberOutOfRange) {
  const auto info = read<EgressInfo>(R"({"stream_results": [{"retries": -1}]})");

  ASSERT_FALSE(info.ok());
  EXPECT_EQ(info.error().message,
            "at $.stream_results[0].retries: expected a whole number from 0 to 4294967295");
}

TEST(RequestJson, RefusesATypoWithTheNearestName) {
  const auto request = read<RoomCompositeEgressRequest>(
      R"({"roomName": "main", "streamOutputs": [{"protcol": "RTMP"}]})", UnknownFields::kRefuse);

  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().message, "at $.streamOutputs[0]: unknown field 'protcol'");
  EXPECT_EQ(request.error().hint, "did you mean 'protocol'?");
}

TEST(RequestJson, RefusesAnUnknownValueWithTheNearestName) {
  const auto request =
      read<RoomCompositeEgressRequest>(R"({"preset": "H264_1080P_3O"})", UnknownFields::kRefuse);

  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().message, "at $.preset: unknown value 'H264_1080P_3O'");
  EXPECT_EQ(request.error().hint, "did you mean 'H264_1080P_30'?");
}

TEST(RequestJson, TakesBothSpellings) {
  const auto request = read<RoomCompositeEgressRequest>(
      R"({"room_name": "main", "customBaseUrl": "https://a", "audio_only": true})",
      UnknownFields::kRefuse);

  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request.value().room_name, "main");
  EXPECT_EQ(request.value().custom_base_url, "https://a");
  EXPECT_TRUE(request.value().audio_only);
}

TEST(RequestJson, FoldsTheDeprecatedSingleOutputOnlyWhenTheListIsEmpty) {
  const auto single =
      read<RoomCompositeEgressRequest>(R"({"stream": {"protocol": "RTMP", "urls": ["mux://a"]}})");
  const auto both = read<RoomCompositeEgressRequest>(
      R"({"stream": {"urls": ["mux://a"]}, "streamOutputs": [{"urls": ["mux://a"]}]})");

  ASSERT_TRUE(single.ok() && both.ok());
  EXPECT_EQ(single.value().outputs.stream_outputs.size(), 1U);
  EXPECT_EQ(both.value().outputs.stream_outputs.size(), 1U);
}

TEST(RequestJson, IsShownWithoutItsSecrets) {
  TrackCompositeEgressRequest request{.room_name = "main"};
  request.outputs.stream_outputs.emplace_back();
  request.outputs.stream_outputs[0].urls.emplace_back("mux://0123456789abcdef");
  request.outputs.file_outputs.push_back({.filepath = "a.mp4"});
  request.outputs.file_outputs[0].storage.s3 =
      S3Upload{.access_key = Secret("AKIA"), .secret = Secret("verysecretvalue")};

  const std::string shown = dump_json(to_redacted_json(request));

  EXPECT_EQ(shown.find("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(shown.find("verysecretvalue"), std::string::npos);
  EXPECT_EQ(shown.find("AKIA"), std::string::npos);
}

TEST(SendDataJson, CarriesBytesAsBase64BothWays) {
  const SendDataRequest request{.room = "main", .data = std::string("\x00\xff\xfe", 3)};

  const auto back = from_json<SendDataRequest>(to_json(request));

  EXPECT_EQ(to_json(request).at("data"), "AP/+");
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back.value().data, request.data);
}

TEST(SendDataJson, TakesTheUrlSafeAlphabet) {
  const auto request = read<SendDataRequest>(R"({"data": "AP_-"})");

  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request.value().data, std::string("\x00\xff\xfe", 3));
}

TEST(ParticipantJson, ReadsTracksPermissionAndAttributes) {
  const auto participant = read<ParticipantInfo>(R"({
    "sid": "PA_1", "identity": "cam", "state": "ACTIVE", "joined_at": "1790000000",
    "joined_at_ms": "1790000000123", "kind": "INGRESS", "kind_details": [],
    "permission": {"can_publish": true, "can_publish_sources": ["CAMERA"]},
    "attributes": {"tally": "live"}, "disconnect_reason": "UNKNOWN_REASON", "metadata": "",
    "tracks": [{"sid": "TR_VC1", "type": "VIDEO", "source": "CAMERA", "width": 1280,
                "height": 720, "layers": [{"quality": "HIGH", "bitrate": 2000000}]}]})");

  ASSERT_TRUE(participant.ok()) << participant.error().message;
  EXPECT_EQ(participant.value().kind, ParticipantKind::kIngress);
  EXPECT_EQ(participant.value().joined_at_ms, 1'790'000'000'123);
  EXPECT_EQ(participant.value().permission->can_publish_sources.at(0), TrackSource::kCamera);
  EXPECT_EQ(participant.value().tracks.at(0).layers.at(0).quality, "HIGH");
  EXPECT_EQ(participant.value().disconnect_reason, "");
}

TEST(ParticipantJson, AnswersNullForAnUnsetMessage) {
  EXPECT_TRUE(to_json(ParticipantInfo{}, WireStyle::kAnswer).at("permission").is_null());
}

TEST(IngressJson, LeavesAnUnsetOptionalAbsentInAnswers) {
  const Json json = to_json(IngressInfo{.ingress_id = "IN_1"}, WireStyle::kAnswer);

  EXPECT_FALSE(json.contains("enable_transcoding"));
  EXPECT_EQ(json.at("input_type"), "RTMP_INPUT");
  EXPECT_EQ(json.at("bypass_transcoding"), false);
}

TEST(IngressJson, SaysFalseWhereThePresenceCounts) {
  const CreateIngressRequest request{.input_type = IngressInput::kWhip,
                                     .enable_transcoding = false};

  EXPECT_EQ(dump_json(to_json(request)), R"({"inputType":"WHIP_INPUT","enableTranscoding":false})");
}

}  // namespace
}  // namespace ts::livekit
