// SPDX-License-Identifier: Apache-2.0
// Every request that the official SDK was recorded sending, made again by our clients and compared
// on the wire: path, grant, lifetime and body. Two ways: through the typed structs that commands
// fill, and by reading the recorded body strictly (as --request does) and writing it back.
#include "core/file.hpp"
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/jwt.hpp"
#include "livekit/egress_client.hpp"
#include "livekit/ingress_client.hpp"
#include "livekit/room_client.hpp"
#include "livekit/wire.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace ts::livekit {
namespace {

const Json& vectors() {
  static const Json document = [] {
    const auto text =
        read_file(std::string(TS_TEST_DIR) + "/conformance/vectors/livekit/twirp.json");
    return parse_json(text.value(), "twirp.json", ErrorKind::kUsage, {.max_bytes = 8U << 20U})
        .value();
  }();
  return document;
}

/// The recorded body without what the SDK sends twice and what is random.
Json expected_body(const Json& vector) {
  Json body = vector.at("body");
  for (const char* name : {"file", "stream", "segments"}) body.erase(name);
  for (const Json& name : vector.at("volatile")) body.erase(name.get<std::string>());
  return body;
}

struct Harness {
  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'790'000'000}}};
  Service service = Service::create("http://127.0.0.1:7880", "APIgoldShared01",
                                    Secret("0123456789abcdef0123456789abcdef"), transport, clock)
                        .value();
  RoomClient rooms{service};
  EgressClient egress{service};
  IngressClient ingress{service};

  Harness() { transport.answer(200, R"({"egress_id":"EG_1","ingress_id":"IN_1"})"); }
};

StreamOutput rtmp(std::initializer_list<std::string_view> urls) {
  StreamOutput out{.protocol = StreamProtocol::kRtmp};
  for (const auto url : urls) out.urls.emplace_back(url);
  return out;
}

EgressOutputs to_mux(std::optional<OpenEnum<EncodingPreset>> preset = {}) {
  EgressOutputs out{.preset = preset};
  out.stream_outputs.push_back(rtmp({"mux://aaaa-bbbb-cccc"}));
  return out;
}

/// The same call by our clients, from the arguments that each vector lists.
const std::map<std::string, std::function<void(Harness&)>>& calls() {
  static const std::map<std::string, std::function<void(Harness&)>> kCalls{
      {"room-composite-mux-bare-output",
       [](Harness& h) {
         (void)h.egress.start(
             RoomCompositeEgressRequest{.room_name = "stage-1",
                                        .layout = "speaker",
                                        .outputs = to_mux(EncodingPreset::kH264_1080p30)});
       }},
      {"room-composite-mux-encoded-outputs",
       [](Harness& h) {
         (void)h.egress.start(
             RoomCompositeEgressRequest{.room_name = "stage-1",
                                        .layout = "grid",
                                        .outputs = to_mux(EncodingPreset::kH264_720p30)});
       }},
      {"room-composite-multi",
       [](Harness& h) {
         RoomCompositeEgressRequest request{.room_name = "stage-1",
                                            .custom_base_url = "https://tpl.example.com/"};
         request.outputs.advanced = EncodingOptions{.width = 1280,
                                                    .height = 720,
                                                    .depth = 24,
                                                    .framerate = 30,
                                                    .audio_codec = AudioCodec::kAac,
                                                    .audio_bitrate = 128,
                                                    .audio_frequency = 48000,
                                                    .video_codec = VideoCodec::kH264High,
                                                    .video_bitrate = 4500,
                                                    .key_frame_interval = 2};
         request.outputs.file_outputs.push_back(
             {.file_type = EncodedFileType::kMp4, .filepath = "rec/{room_name}-{time}.mp4"});
         request.outputs.stream_outputs.push_back(
             rtmp({"rtmp://live.example.com/app/key1", "rtmps://a.example.com:443/live/key2"}));
         request.outputs.webhooks.push_back(
             {.url = "https://hook.example.com/x", .signing_key = "APIgoldShared01"});
         (void)h.egress.start(request);
       }},
      {"room-composite-audio-only",
       [](Harness& h) {
         (void)h.egress.start(RoomCompositeEgressRequest{
             .room_name = "stage-1", .audio_only = true, .outputs = to_mux()});
       }},
      {"web-egress",
       [](Harness& h) {
         (void)h.egress.start(WebEgressRequest{.url = "https://show.example.com/?a=1&b=2",
                                               .await_start_signal = true,
                                               .outputs = to_mux(EncodingPreset::kH264_1080p60)});
       }},
      {"participant-egress",
       [](Harness& h) {
         (void)h.egress.start(
             ParticipantEgressRequest{.room_name = "stage-1",
                                      .identity = "cam-front",
                                      .screen_share = true,
                                      .outputs = to_mux(EncodingPreset::kPortraitH264_1080p30)});
       }},
      {"track-composite",
       [](Harness& h) {
         (void)h.egress.start(TrackCompositeEgressRequest{.room_name = "stage-1",
                                                          .audio_track_id = "TR_AMaudio000001",
                                                          .video_track_id = "TR_VCvideo000001",
                                                          .outputs = to_mux()});
       }},
      {"track-websocket",
       [](Harness& h) {
         (void)h.egress.start(
             TrackEgressRequest{.room_name = "stage-1",
                                .track_id = "TR_AMaudio000001",
                                .websocket_url = Secret("wss://sink.example.com/audio")});
       }},
      {"v2-template",
       [](Harness& h) {
         StartEgressRequest request{.room_name = "stage-1",
                                    .template_source = TemplateSource{.layout = "speaker"},
                                    .preset = EncodingPreset::kH264_720p30};
         request.outputs.push_back(Output{.stream = rtmp({"mux://aaaa-bbbb-cccc"})});
         (void)h.egress.start(request);
       }},
      {"update-layout",
       [](Harness& h) { (void)h.egress.update_layout("EG_0123456789ab", "single-speaker"); }},
      {"update-stream-add-remove",
       [](Harness& h) {
         UpdateStreamRequest request{.egress_id = "EG_0123456789ab"};
         request.add_output_urls.emplace_back("mux://dddd");
         request.remove_output_urls.emplace_back("rtmp://live.example.com/app/key1");
         (void)h.egress.update_stream(request);
       }},
      {"list-all", [](Harness& h) { (void)h.egress.list({}); }},
      {"list-room-active",
       [](Harness& h) { (void)h.egress.list({.room_name = "stage-1", .active = true}); }},
      {"stop", [](Harness& h) { (void)h.egress.stop("EG_0123456789ab"); }},
      {"ingress-rtmp",
       [](Harness& h) {
         (void)h.ingress.create(CreateIngressRequest{.input_type = IngressInput::kRtmp,
                                                     .name = "obs",
                                                     .room_name = "stage-1",
                                                     .participant_identity = "obs-1",
                                                     .participant_name = "OBS"});
       }},
      {"ingress-whip",
       [](Harness& h) {
         (void)h.ingress.create(CreateIngressRequest{.input_type = IngressInput::kWhip,
                                                     .name = "whip",
                                                     .room_name = "stage-1",
                                                     .participant_identity = "whip-1",
                                                     .enable_transcoding = false});
       }},
      {"ingress-list", [](Harness& h) { (void)h.ingress.list({.room_name = "stage-1"}); }},
      {"ingress-delete", [](Harness& h) { (void)h.ingress.remove("IN_abcdefghijkl"); }},
      {"room-create",
       [](Harness& h) {
         (void)h.rooms.create({.name = "stage-1",
                               .empty_timeout = 600,
                               .departure_timeout = 30,
                               .max_participants = 12,
                               .metadata = R"({"role":"camera","slot":1})"});
       }},
      {"room-list", [](Harness& h) { (void)h.rooms.list(); }},
      {"room-delete", [](Harness& h) { (void)h.rooms.remove("stage-1"); }},
      {"participants", [](Harness& h) { (void)h.rooms.participants("stage-1"); }},
      {"participant-remove",
       [](Harness& h) { (void)h.rooms.remove_participant("stage-1", "cam-front"); }},
      {"mute", [](Harness& h) { (void)h.rooms.mute("stage-1", "cam-front", "TR_VC1", true); }},
      {"update-participant",
       [](Harness& h) {
         (void)h.rooms.update_participant(
             {.room = "stage-1",
              .identity = "cam-front",
              .permission = ParticipantPermission{.can_publish = true, .can_publish_data = true},
              .name = "Ünïcødé 相机 🎥",
              .attributes = {{"tally", "live"}}});
       }},
      {"send-data",
       [](Harness& h) {
         (void)h.rooms.send_data({.room = "stage-1",
                                  .data = R"({"tally":true})",
                                  .topic = "tally",
                                  .destination_identities = {"cam-front"}});
       }},
      {"room-metadata", [](Harness& h) { (void)h.rooms.update_metadata("stage-1", "live"); }},
  };
  return kCalls;
}

std::string short_id(const Json& vector) {
  const auto id = vector.at("id").get<std::string>();
  return id.substr(id.rfind('/') + 1);
}

class TwirpVector : public testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] const Json& vector() const { return vectors().at("cases").at(GetParam()); }
};

TEST_P(TwirpVector, IsSentAsTheOfficialSdkSendsIt) {
  const auto call = calls().find(short_id(vector()));
  ASSERT_NE(call, calls().end()) << "no call for " << short_id(vector());
  Harness harness;

  call->second(harness);

  ASSERT_EQ(harness.transport.requests.size(), 1U);
  const auto& sent = harness.transport.requests[0];
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url, "http://127.0.0.1:7880" + vector()["http"]["path"].get<std::string>());
  Json body = Json::parse(sent.body);
  for (const Json& name : vector().at("volatile")) {
    EXPECT_TRUE(body.contains(name.get<std::string>()));
    body.erase(name.get<std::string>());
  }
  // Compared as unordered values.
  EXPECT_EQ(nlohmann::json::parse(body.dump()),
            nlohmann::json::parse(expected_body(vector()).dump()));
}

TEST_P(TwirpVector, CarriesATokenWithExactlyTheGrantItNeeds) {
  Harness harness;

  calls().at(short_id(vector()))(harness);

  ASSERT_EQ(harness.transport.requests.size(), 1U);
  const std::string token = harness.transport.requests[0].authorization.substr(7);
  const auto parts = crypto::jwt_split(token);
  ASSERT_TRUE(parts.ok());
  const auto claims = nlohmann::json::parse(parts.value().claims);
  EXPECT_EQ(claims.at("video"), nlohmann::json::parse(vector().at("token_grant").dump()));
  EXPECT_EQ(claims.at("exp").get<int>() - claims.at("nbf").get<int>(),
            vector().at("token_ttl_s").get<int>());
  EXPECT_TRUE(crypto::jwt_hs256_matches(parts.value(), "0123456789abcdef0123456789abcdef"));
}

template <typename Request>
Json rewritten(const Json& body) {
  auto request = from_json<Request>(body, UnknownFields::kRefuse, ErrorKind::kUsage);
  EXPECT_TRUE(request.ok()) << (request.ok() ? "" : request.error().message);
  return request.ok() ? to_json(request.value()) : Json();
}

TEST_P(TwirpVector, IsReadStrictlyAndWrittenBackUnchanged) {
  static const std::map<std::string, Json (*)(const Json&)> kReaders{
      {"Egress/StartRoomCompositeEgress", rewritten<RoomCompositeEgressRequest>},
      {"Egress/StartWebEgress", rewritten<WebEgressRequest>},
      {"Egress/StartParticipantEgress", rewritten<ParticipantEgressRequest>},
      {"Egress/StartTrackCompositeEgress", rewritten<TrackCompositeEgressRequest>},
      {"Egress/StartTrackEgress", rewritten<TrackEgressRequest>},
      {"Egress/StartEgress", rewritten<StartEgressRequest>},
      {"Egress/UpdateLayout", rewritten<UpdateLayoutRequest>},
      {"Egress/UpdateStream", rewritten<UpdateStreamRequest>},
      {"Egress/ListEgress", rewritten<ListEgressRequest>},
      {"Egress/StopEgress", rewritten<StopEgressRequest>},
      {"Ingress/CreateIngress", rewritten<CreateIngressRequest>},
      {"Ingress/ListIngress", rewritten<ListIngressRequest>},
      {"Ingress/DeleteIngress", rewritten<DeleteIngressRequest>},
      {"RoomService/CreateRoom", rewritten<CreateRoomRequest>},
      {"RoomService/ListRooms", rewritten<ListRoomsRequest>},
      {"RoomService/DeleteRoom", rewritten<DeleteRoomRequest>},
      {"RoomService/ListParticipants", rewritten<ListParticipantsRequest>},
      {"RoomService/RemoveParticipant", rewritten<RoomParticipantIdentity>},
      {"RoomService/MutePublishedTrack", rewritten<MuteRoomTrackRequest>},
      {"RoomService/UpdateParticipant", rewritten<UpdateParticipantRequest>},
      {"RoomService/SendData", rewritten<SendDataRequest>},
      {"RoomService/UpdateRoomMetadata", rewritten<UpdateRoomMetadataRequest>},
  };
  const auto path = vector()["http"]["path"].get<std::string>();
  const auto reader = kReaders.find(path.substr(std::string("/twirp/livekit.").size()));
  ASSERT_NE(reader, kReaders.end()) << path;

  Json written = reader->second(vector().at("body"));
  for (const Json& name : vector().at("volatile")) written.erase(name.get<std::string>());

  EXPECT_EQ(nlohmann::json::parse(written.dump()),
            nlohmann::json::parse(expected_body(vector()).dump()));
}

INSTANTIATE_TEST_SUITE_P(Shared, TwirpVector, testing::Range<std::size_t>(0, 27),
                         [](const testing::TestParamInfo<std::size_t>& param) {
                           std::string name = short_id(vectors().at("cases").at(param.param));
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST(TwirpVectors, AreAllCovered) {
  EXPECT_EQ(vectors().at("cases").size(), 27U);
  EXPECT_EQ(calls().size(), 27U);
}

}  // namespace
}  // namespace ts::livekit
