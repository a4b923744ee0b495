// SPDX-License-Identifier: Apache-2.0
#include "livekit/access_token.hpp"

#include "core/json.hpp"
#include "crypto/jwt.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::livekit {
namespace {

constexpr std::string_view kKey = "APIkey";
constexpr WallTime kNow{std::chrono::seconds{1760000000}};

const Secret& secret() {
  static const Secret value("a secret of at least thirty-two bytes");
  return value;
}

TokenRequest join_request() {
  TokenRequest request;
  request.claims.identity = "cam-1";
  request.claims.video = VideoGrant{.room_join = true, .room = "main"};
  return request;
}

std::string message_of(const TokenRequest& request) {
  const auto status = check_token_request(request);
  return status.ok() ? "" : status.error().message;
}

/// A token of these claims, signed rightly whatever they say.
std::string token_of(std::string_view claims, std::string_view header = R"({"alg":"HS256"})") {
  return crypto::jwt_hs256(header, claims, secret());
}

TokenVerdict verdict_of(const std::string& jwt) { return verify_token(jwt, kKey, secret(), kNow); }

TEST(SignToken, IsAcceptedByVerify) {
  const auto token = sign_token(join_request(), kKey, secret(), kNow);

  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token.value().not_before, 1760000000);
  EXPECT_EQ(token.value().expires_at, 1760000000 + 6 * 3600);
  const auto verdict = verdict_of(token.value().jwt);
  EXPECT_TRUE(verdict.accepted());
  EXPECT_EQ(verdict.claims.identity, "cam-1");
  EXPECT_EQ(verdict.claims.issuer, kKey);
  EXPECT_TRUE(verdict.warnings.empty());
}

TEST(SignToken, CarriesEveryClaim) {
  auto request = join_request();
  Claims& claims = request.claims;
  claims.name = "Front";
  claims.metadata = "m";
  claims.attributes = {{"b", "2"}, {"a", "1"}};
  claims.kind = "agent";
  claims.kind_details = {"cloud_agent"};
  claims.sip = SipGrant{.admin = true};
  claims.agent = AgentGrant{.simulation_admin = true};
  claims.inference = InferenceGrant{.perform = true};
  claims.observability = ObservabilityGrant{.write = true};
  claims.room_preset = "show";
  claims.room_config = R"({"agents":[{"agentName":"a"}],"max_participants":3})";

  const auto token = sign_token(request, kKey, secret(), kNow);

  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(crypto::jwt_split(token.value().jwt).value().claims,
            R"({"metadata":"m","attributes":{"b":"2","a":"1"},"name":"Front",)"
            R"("video":{"roomJoin":true,"room":"main"},"sip":{"admin":true},)"
            R"("agent":{"simulationAdmin":true},"inference":{"perform":true},)"
            R"("observability":{"write":true},"kind":"agent","kindDetails":["cloud_agent"],)"
            R"("roomPreset":"show","roomConfig":{"name":"","emptyTimeout":0,"departureTimeout":0,)"
            R"("maxParticipants":3,"minPlayoutDelay":0,"maxPlayoutDelay":0,"syncStreams":false,)"
            R"("agents":[{"agentName":"a","metadata":"","restartPolicy":"JRP_ON_FAILURE",)"
            R"("deployment":"","attributes":{}}],"metadata":"","tags":{}},)"
            R"("iss":"APIkey","exp":1760021600,"nbf":1760000000,"sub":"cam-1"})");
}

TEST(SignToken, NeedsAKeyAndASecret) {
  EXPECT_EQ(sign_token(join_request(), "", secret(), kNow).error().kind, ErrorKind::kConfig);
  EXPECT_EQ(sign_token(join_request(), kKey, Secret(""), kNow).error().kind, ErrorKind::kConfig);
}

TEST(CheckTokenRequest, RefusesAJoinWithoutIdentity) {
  auto request = join_request();
  request.claims.identity.clear();
  EXPECT_EQ(message_of(request), "a token that joins a room needs an identity, and none is given");
}

TEST(CheckTokenRequest, RefusesALifetimeNotAboveZero) {
  auto request = join_request();
  for (const int ttl : {0, -1, -86400}) {
    request.ttl = std::chrono::seconds{ttl};
    EXPECT_NE(message_of(request).find("expired already"), std::string::npos);
  }
}

TEST(CheckTokenRequest, CountsBytesNotCharacters) {
  auto request = join_request();
  request.claims.identity.clear();
  for (int i = 0; i < 64; ++i) request.claims.identity += "\U0001F3A5";
  EXPECT_EQ(message_of(request), "") << "256 bytes";

  request.claims.identity += "x";
  EXPECT_EQ(message_of(request), "the identity has 257 bytes; LiveKit's limit is 256");

  request = join_request();
  request.claims.video->room = std::string(257, 'r');
  EXPECT_EQ(message_of(request), "the room name has 257 bytes; LiveKit's limit is 256");
  request = join_request();
  request.claims.name = std::string(257, 'n');
  EXPECT_EQ(message_of(request), "the name has 257 bytes; LiveKit's limit is 256");
}

TEST(CheckTokenRequest, LimitsMetadataAndAttributes) {
  auto request = join_request();
  request.claims.metadata = std::string(kMaxMetadataBytes, 'm');
  EXPECT_EQ(message_of(request), "");
  request.claims.metadata += "m";
  EXPECT_NE(message_of(request), "");

  request = join_request();
  request.claims.attributes = {{"a", std::string(40000, 'x')}, {"b", std::string(40000, 'x')}};
  EXPECT_NE(message_of(request).find("80002 bytes together"), std::string::npos);
}

TEST(CheckTokenRequest, RefusesAnAttributeGivenTwice) {
  auto request = join_request();
  request.claims.attributes = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(message_of(request), "the attribute 'a' is given twice");
}

TEST(CheckTokenRequest, RefusesUnknownWordsWithTheNearest) {
  auto request = join_request();
  request.claims.kind = "agnt";
  EXPECT_EQ(check_token_request(request).error().hint, "did you mean agent?");
  request = join_request();
  request.claims.video->can_publish_sources = {"camera", "unknown"};
  EXPECT_EQ(message_of(request), "there is no track source 'unknown'");
}

TEST(CheckTokenRequest, RefusesTextThatIsNotUtf8) {
  auto request = join_request();
  request.claims.metadata = "\xff";
  EXPECT_EQ(message_of(request), "the metadata is not UTF-8");
}

TEST(CheckTokenRequest, KeepsSecretsOutOfTheRoomConfiguration) {
  auto request = join_request();
  request.claims.room_config =
      R"({"egress":{"room":{"streamOutputs":[{"protocol":"RTMP","urls":["rtmp://x/app/key"]}]}}})";
  EXPECT_NE(message_of(request).find("stream outputs"), std::string::npos) << message_of(request);

  request.claims.room_config =
      R"({"egress":{"tracks":{"filepath":"a","s3":{"accessKey":"k","secret":"s","bucket":"b"}}}})";
  EXPECT_NE(message_of(request).find("storage secret"), std::string::npos) << message_of(request);

  request.claims.room_config = R"({"egress":{"tracks":{"filepath":"a"}}})";
  EXPECT_EQ(message_of(request), "");
  request.claims.room_config = R"({"emptyTimout":1})";
  EXPECT_NE(message_of(request).find("emptyTimout"), std::string::npos);
  request.claims.room_config = "[]";
  EXPECT_NE(message_of(request), "");
}

// As livekit-server-sdk 2.19 mints it: every field present, down to the storage.
TEST(SignToken, WritesTheRoomConfigurationAsTheSdkDoes) {
  auto request = join_request();
  request.claims.room_config =
      R"({"name":"x","egress":{"room":{"roomName":"r","fileOutputs":[{"filepath":"a",)"
      R"("s3":{"bucket":"b"}}],"segmentOutputs":[{"filenamePrefix":"p"}],)"
      R"("imageOutputs":[{"captureInterval":5}],"advanced":{"width":5},)"
      R"("webhooks":[{"url":"u","filterParams":{}}]},"participant":{"preset":"H264_720P_30",)"
      R"("fileOutputs":[{"filepath":"a"}]},"tracks":{"filepath":"t"}}})";
  const auto token = sign_token(request, kKey, secret(), kNow);
  ASSERT_TRUE(token.ok()) << token.error().message;
  const auto claims = nlohmann::json::parse(crypto::jwt_split(token.value().jwt).value().claims);

  EXPECT_EQ(claims.at("roomConfig").at("egress"), nlohmann::json::parse(R"({
    "room": {
      "roomName": "r", "layout": "", "audioOnly": false, "videoOnly": false, "customBaseUrl": "",
      "advanced": {"width": 5, "height": 0, "depth": 0, "framerate": 0, "audioCodec": "DEFAULT_AC",
        "audioBitrate": 0, "audioFrequency": 0, "videoCodec": "DEFAULT_VC", "videoBitrate": 0,
        "keyFrameInterval": 0, "audioQuality": 0, "videoQuality": 0},
      "fileOutputs": [{"fileType": "DEFAULT_FILETYPE", "filepath": "a", "disableManifest": false,
        "s3": {"accessKey": "", "secret": "", "region": "", "endpoint": "", "bucket": "b",
          "forcePathStyle": false, "metadata": {}, "tagging": "", "contentDisposition": "",
          "sessionToken": "", "assumeRoleArn": "", "assumeRoleExternalId": ""}}],
      "streamOutputs": [],
      "segmentOutputs": [{"protocol": "DEFAULT_SEGMENTED_FILE_PROTOCOL", "filenamePrefix": "p",
        "playlistName": "", "segmentDuration": 0, "disableManifest": false,
        "filenameSuffix": "INDEX", "livePlaylistName": ""}],
      "imageOutputs": [{"captureInterval": 5, "width": 0, "height": 0, "filenamePrefix": "",
        "filenameSuffix": "IMAGE_SUFFIX_INDEX", "imageCodec": "IC_DEFAULT",
        "disableManifest": false}],
      "audioMixing": "DEFAULT_MIXING",
      "webhooks": [{"url": "u", "signingKey": "",
        "filterParams": {"includeEvents": [], "excludeEvents": []}}]
    },
    "tracks": {"filepath": "t", "disableManifest": false},
    "participant": {"preset": "H264_720P_30", "segmentOutputs": [],
      "fileOutputs": [{"fileType": "DEFAULT_FILETYPE", "filepath": "a", "disableManifest": false}]}
  })"));
}

TEST(ParseTokenTtl, ReadsShortFormsAndWords) {
  using std::chrono::hours;
  using std::chrono::seconds;
  EXPECT_EQ(parse_token_ttl("90s").value(), seconds{90});
  EXPECT_EQ(parse_token_ttl("1h30m").value(), seconds{5400});
  EXPECT_EQ(parse_token_ttl("1.5h").value(), seconds{5400});
  EXPECT_EQ(parse_token_ttl("2 days").value(), hours{48});
  EXPECT_EQ(parse_token_ttl("1 week").value(), hours{168});
  EXPECT_EQ(parse_token_ttl("1.5 hours").value(), seconds{5400});
  EXPECT_EQ(parse_token_ttl("7d").value(), hours{168});
  EXPECT_EQ(parse_token_ttl("90 s").value(), seconds{90});
  EXPECT_EQ(parse_token_ttl("2H").value(), hours{2});
  EXPECT_EQ(parse_token_ttl("+90s").value(), seconds{90});
  EXPECT_EQ(parse_token_ttl("1 yr").value(), seconds{31'557'600});
  EXPECT_EQ(parse_token_ttl("90.5s").value(), seconds{91});
  EXPECT_EQ(parse_token_ttl("2.5s").value(), seconds{3});
}

TEST(ParseTokenTtl, RefusesNonsense) {
  for (const char* text :
       {"", "90", "soon", "0s", "-1h", "-2 days", "400ms", "1 fortnight", "99999999 days",
        "1.2.3 days", ". days", "100y", ".5h", "1.h", "1. days"}) {
    EXPECT_FALSE(parse_token_ttl(text).ok()) << text;
  }
}

TEST(GrantFile, IsABareGrantOrASetOfClaims) {
  const auto bare = claims_from_grant_file(R"({"roomJoin":true,"canPublish":false})", "g.json");
  ASSERT_TRUE(bare.ok()) << bare.error().message;
  EXPECT_TRUE(bare.value().video->room_join);

  const auto claims = claims_from_grant_file(
      R"({"video":{"roomList":true},"sip":{"call":true},"attributes":{"a":"1"}})", "g.json");
  ASSERT_TRUE(claims.ok()) << claims.error().message;
  EXPECT_TRUE(claims.value().sip->call);
}

TEST(GrantFile, AnEmptyListOfSourcesIsWrittenWhenItIsSaid) {
  const auto claims =
      claims_from_grant_file(R"({"room":"r","canPublishSources":[]})", "grant.json");
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ(dump_json(to_json(*claims.value().video)), R"({"room":"r","canPublishSources":[]})");
  TokenRequest request{.claims = claims.value()};
  const auto token = sign_token(request, kKey, secret(), kNow);
  ASSERT_TRUE(token.ok());
  EXPECT_NE(crypto::jwt_split(token.value().jwt).value().claims.find(R"("canPublishSources":[])"),
            std::string::npos);
}

TEST(GrantFile, RefusesUnknownMembersEverywhere) {
  for (const char* text :
       {R"({"video":{"roomJion":true}})", R"({"roomJoin":true,"canPublsh":true})",
        R"({"sip":{"amin":true}})", R"({"vidoe":{}})", R"({"exp":1})", R"({"iss":"x"})",
        R"({"roomConfig":{"tag":{}}})", R"({"video":{"canPublishSources":["cam"]}})", "[]", "1",
        "{", ""}) {
    const auto claims = claims_from_grant_file(text, "g.json");
    ASSERT_FALSE(claims.ok()) << text;
    EXPECT_EQ(claims.error().kind, ErrorKind::kUsage) << text;
  }
  EXPECT_EQ(claims_from_grant_file(R"({"roomJoin":true,"canPublsh":true})", "g.json").error().hint,
            "did you mean canPublish?");
}

TEST(VerifyToken, ReadsTimesWithFractionsAndRefusesOtherTypes) {
  const std::pair<const char*, TokenFault> cases[] = {
      {R"({"iss":"APIkey","exp":1760000100.5})", TokenFault::kNone},
      {R"({"iss":"APIkey","exp":1.7600001e9})", TokenFault::kNone},
      {R"({"iss":"APIkey","exp":1759999940.9})", TokenFault::kExpired},
      {R"({"iss":"APIkey","exp":1760000100,"nbf":1760000060.1})", TokenFault::kNotYetValid},
      {R"({"iss":"APIkey","exp":1760000100,"nbf":-5})", TokenFault::kNone},
      {R"({"iss":"APIkey","exp":-1})", TokenFault::kExpired},
      {R"({"iss":"APIkey","exp":null})", TokenFault::kMissingExpiry},
      {R"({"iss":"APIkey","exp":1e18})", TokenFault::kNone},
      {R"({"iss":"APIkey","exp":9007199254740993})", TokenFault::kNone},
      {R"({"iss":"APIkey","exp":1760000100,"nbf":null})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"iat":null})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":true})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1e300})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":-9223372036854775808})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":18446744073709551615})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"sub":5})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"aud":5})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"aud":["a",5]})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"aud":{}})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"video":[]})", TokenFault::kBadClaim},
      {R"({"iss":"APIkey","exp":1760000100,"video":{"room":7}})", TokenFault::kBadClaim},
      {R"({"iss":7,"exp":1760000100})", TokenFault::kWrongIssuer},
      {R"({"iss":"APIkey","exp":1760000100,"future":{"a":[1]},"video":{"newGrant":1}})",
       TokenFault::kNone},
      {"[]", TokenFault::kBadJson},
      {"\xEF\xBB\xBF{\"iss\":\"APIkey\",\"exp\":1760000100}", TokenFault::kBadJson},
      // As Go and the vendor's SDK read it: with a replacement character.
      {"{\"iss\":\"APIkey\",\"exp\":1760000100,\"name\":\"\xff\"}", TokenFault::kNone},
  };
  for (const auto& [claims, fault] : cases) {
    EXPECT_EQ(to_string(verdict_of(token_of(claims)).fault), to_string(fault)) << claims;
  }
}

TEST(VerifyToken, TakesTheLastOfRepeatedMembers) {
  const auto verdict = verdict_of(
      token_of(R"({"iss":"APIother","iss":"APIkey","exp":1,"exp":1760000100,"sub":"a","sub":null,)"
               R"("jti":"b","attributes":{"x":"1","x":"2"},"video":{"hidden":true},)"
               R"("video":{"room":"r","room":"s","canPublish":true,"canPublish":null}})"));
  ASSERT_TRUE(verdict.accepted()) << verdict.detail;
  EXPECT_EQ(verdict.claims.identity, "b");
  ASSERT_EQ(verdict.claims.attributes.size(), 1U);
  EXPECT_EQ(verdict.claims.attributes.front().second, "2");
  EXPECT_FALSE(verdict.claims.video->hidden);
  EXPECT_EQ(verdict.claims.video->room, "s");
  EXPECT_FALSE(verdict.claims.video->can_publish.has_value());
}

TEST(VerifyToken, ReadsTextThatIsNoUnicodeAndNullsAsServersDo) {
  for (const std::string members :
       {R"("name":"\ud800")", "\"name\":\"\xFF\"", R"("attributes":{"a":null})",
        R"("video":{"room":"r","canPublishSources":[null]})", R"("kindDetails":[null])"}) {
    const auto verdict =
        verdict_of(token_of(R"({"iss":"APIkey","exp":1760000100,"sub":"a",)" + members + "}"));
    EXPECT_TRUE(verdict.accepted()) << members << ": " << verdict.detail;
  }
  const auto verdict =
      verdict_of(token_of(R"({"iss":"APIkey","exp":1760000100,"sub":"a","name":"\ud800"})"));
  EXPECT_EQ(verdict.claims.name, "\xEF\xBF\xBD");
}

// Each row is what livekit/protocol 1.54 itself answers to such a token.
TEST(VerifyToken, ReadsTheRoomConfigurationAsTheServerDoes) {
  const std::pair<const char*, TokenFault> cases[] = {
      {R"({"emptyTimeout":"5","tags":{"a":"b"},"agents":[{"agentName":"x"}]})", TokenFault::kNone},
      {R"({"empty_timeout":5.0,"future":{"a":[1]}})", TokenFault::kNone},
      {R"({"name":null,"syncStreams":null,"EMPTYTIMEOUT":"x"})", TokenFault::kNone},
      {R"({"agents":[{"restartPolicy":7},{"restartPolicy":"JRP_NEW"}]})", TokenFault::kNone},
      {R"({"egress":{"room":{"preset":"NOPE","streamOutputs":[{"urls":["rtmp://x/a/key"]}]}}})",
       TokenFault::kNone},
      {"null", TokenFault::kNone},
      {"[]", TokenFault::kBadClaim},
      {R"("x")", TokenFault::kBadClaim},
      {R"({"name":5})", TokenFault::kBadClaim},
      {R"({"metadata":5})", TokenFault::kBadClaim},
      {R"({"emptyTimeout":"x"})", TokenFault::kBadClaim},
      {R"({"emptyTimeout":5.5})", TokenFault::kBadClaim},
      {R"({"emptyTimeout":-1})", TokenFault::kBadClaim},
      {R"({"tags":{"a":5}})", TokenFault::kBadClaim},
      {R"({"tags":{"a":null}})", TokenFault::kBadClaim},
      {R"({"agents":{}})", TokenFault::kBadClaim},
      {R"({"agents":[null]})", TokenFault::kBadClaim},
      {R"({"agents":[{"agentName":5}]})", TokenFault::kBadClaim},
      {R"({"agents":[{"restartPolicy":[]}]})", TokenFault::kBadClaim},
      {R"({"syncStreams":"true"})", TokenFault::kBadClaim},
      {R"({"egress":{"room":{"roomName":5}}})", TokenFault::kBadClaim},
      {R"({"egress":{"room":{"preset":"H264_720P_30","advanced":{}}}})", TokenFault::kBadClaim},
      {R"({"egress":{"tracks":{"filepath":"a","s3":{},"gcp":{}}}})", TokenFault::kBadClaim},
  };
  for (const auto& [config, fault] : cases) {
    const auto verdict = verdict_of(token_of(
        std::string(R"({"iss":"APIkey","exp":1760000100,"sub":"a","roomConfig":)") + config + "}"));
    EXPECT_EQ(to_string(verdict.fault), to_string(fault)) << config << ": " << verdict.detail;
  }
}

TEST(VerifyToken, WantsATextForTheIdentityBesideSub) {
  const auto fault_of = [](const std::string& value) {
    return to_string(
        verdict_of(
            token_of(R"({"iss":"APIkey","exp":1760000100,"sub":"a","identity":)" + value + "}"))
            .fault);
  };
  EXPECT_EQ(fault_of("5"), "bad_claim") << "Go fails on it, though it ignores the text";
  EXPECT_EQ(fault_of("[]"), "bad_claim");
  EXPECT_EQ(fault_of("null"), "ok");
  EXPECT_EQ(verdict_of(token_of(R"({"iss":"APIkey","exp":1760000100,"sub":"a","identity":"b"})"))
                .claims.identity,
            "a");
}

// Go's encoding/json, and so LiveKit's server, takes EXP for exp; the SDKs do not. One of them
// reads another token than was meant.
TEST(VerifyToken, RefusesNamesThatReadersTakeDifferently) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("EXP":1)", "exp"},
      {R"("eXp":1760000100)", "exp"},
      {R"("Iss":"other")", "iss"},
      {R"("SUB":"root")", "sub"},
      {"\"\u017Fub\":\"root\"", "sub"},
      {"\"\u212Aind\":\"agent\"", "kind"},
      {R"("Video":{})", "video"},
      {R"("video":{"ROOMJOIN":true})", "roomJoin"},
      {R"("video":{"room":"r","hidden":true,"Canpublish":false})", "canPublish"},
      {R"("sip":{"Admin":true})", "admin"},
      {R"("agent":{"simulationadmin":true})", "simulationAdmin"},
      {R"("RoomConfig":{})", "roomConfig"},
      {R"("Identity":"b")", "identity"},
  };
  for (const auto& [member, right] : cases) {
    const auto verdict = verdict_of(
        token_of(std::string(R"({"iss":"APIkey","exp":1760000100,"sub":"a",)") + member + "}"));
    EXPECT_EQ(to_string(verdict.fault), "bad_claim") << member;
    EXPECT_EQ(verdict.hint, std::string("mint it again, with '") + right + "'") << verdict.detail;
  }
  // In texts and maps, and of names that LiveKit has not, the case means nothing.
  const auto verdict = verdict_of(
      token_of(R"({"iss":"APIkey","exp":1760000100,"sub":"a","attributes":{"EXP":"1"},"FUTURE":1,)"
               R"("video":{"NEW":1},"sip":{"NEW":1}})"));
  EXPECT_TRUE(verdict.accepted()) << verdict.detail;
}

TEST(VerifyToken, RefusesHeadersOfOtherKinds) {
  constexpr std::string_view kClaims = R"({"iss":"APIkey","exp":1760000100})";
  const std::pair<const char*, TokenFault> cases[] = {
      {R"({"alg":"HS256","typ":"JWT"})", TokenFault::kNone},
      {R"({"alg":"HS384"})", TokenFault::kAlgNotAllowed},
      {R"({"alg":"EdDSA"})", TokenFault::kAlgNotAllowed},
      {R"({"alg":"none"})", TokenFault::kAlgNone},
      {R"({"alg":"hs256"})", TokenFault::kAlgUnknown},
      {R"({"alg":["HS256"]})", TokenFault::kAlgUnknown},
      {R"({"alg":"HS256","crit":["b64"],"b64":false})", TokenFault::kMalformed},
      {R"(["HS256"])", TokenFault::kBadJson},
  };
  for (const auto& [header, fault] : cases) {
    EXPECT_EQ(to_string(verdict_of(token_of(kClaims, header)).fault), to_string(fault)) << header;
  }
}

TEST(VerifyToken, HintsAtWhatWasPastedWithTheToken) {
  const std::string token = token_of(R"({"iss":"APIkey","exp":1760000100})");
  EXPECT_EQ(verdict_of("Bearer " + token).hint, "remove the word before the token");
  EXPECT_EQ(verdict_of(token + "\n").hint, "remove the newline at the end");
  EXPECT_EQ(verdict_of(" " + token).hint, "remove the blanks around the token");
  EXPECT_EQ(verdict_of(token + "=").hint, "write base64url without padding");
}

TEST(VerifyToken, AllowsTheServersLeeway) {
  const std::string token = token_of(R"({"iss":"APIkey","exp":1760000100,"nbf":1760000000})");
  const auto fault_at = [&](int offset) {
    return verify_token(token, kKey, secret(), kNow + std::chrono::seconds{offset}).fault;
  };
  EXPECT_EQ(fault_at(159), TokenFault::kNone);
  EXPECT_EQ(fault_at(160), TokenFault::kExpired);
  EXPECT_EQ(fault_at(-60), TokenFault::kNone);
  EXPECT_EQ(fault_at(-61), TokenFault::kNotYetValid);
}

TEST(UnverifiedIssuer, IsTheKeyToLookUp) {
  EXPECT_EQ(unverified_issuer(token_of(R"({"iss":"APIkey"})")), "APIkey");
  EXPECT_EQ(unverified_issuer(token_of(R"({"iss":1})")), "");
  EXPECT_EQ(unverified_issuer("x.y"), "");
}

TEST(InspectToken, ReadsWithoutTheSecret) {
  const auto inspected = inspect_token(token_of(R"({"iss":"k","sub":"me","exp":5})"));
  ASSERT_TRUE(inspected.ok());
  EXPECT_EQ(inspected.value().algorithm, "HS256");
  EXPECT_EQ(inspected.value().claims.identity, "me");
  EXPECT_EQ(inspected.value().claims_json, R"({"iss":"k","sub":"me","exp":5})");

  EXPECT_TRUE(inspect_token(token_of(R"({"sub":"me"})", R"({"alg":"RS256"})")).ok())
      << "another algorithm can still be read";
  EXPECT_EQ(inspect_token("x").error().code, "malformed");
}

// What `ts token verify` reads, `ts token inspect` shows.
TEST(InspectToken, ReadsWhatIsNoUnicodeAsVerifyDoes) {
  for (const std::string name : {"\"\xFF\"", R"("\ud800")"}) {
    const auto inspected =
        inspect_token(token_of(R"({"iss":"APIkey","sub":"me","name":)" + name + "}"));
    ASSERT_TRUE(inspected.ok()) << inspected.error().message;
    EXPECT_EQ(inspected.value().claims.name, "\xEF\xBF\xBD");
    const auto shown = parse_json(inspected.value().claims_json, "the claims");
    ASSERT_TRUE(shown.ok()) << shown.error().message;
    EXPECT_EQ(shown.value().at("name"), "\xEF\xBF\xBD");
  }
  const auto header =
      inspect_token(token_of(R"({"sub":"me"})", "{\"alg\":\"HS256\",\"x\":\"\xFF\"}"));
  ASSERT_TRUE(header.ok());
  EXPECT_TRUE(parse_json(header.value().header_json, "the header").ok());
}

TEST(WebhookToken, CarriesTheBodysDigest) {
  const auto token = sign_webhook_token("{}", kKey, secret(), kNow);
  ASSERT_TRUE(token.ok());
  const auto verdict = verdict_of(token.value());
  EXPECT_EQ(verdict.claims.sha256, "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=");
  EXPECT_EQ(verdict.claims.expires_at, 1760000300);
}

TEST(ApiToken, HoldsOneGrantForTenMinutes) {
  const auto token = sign_api_token(VideoGrant{.room_list = true}, kKey, secret(), kNow);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(crypto::jwt_split(token.value()).value().claims,
            R"({"video":{"roomList":true},"iss":"APIkey","exp":1760000600,"nbf":1760000000})");
}

}  // namespace
}  // namespace ts::livekit
