// SPDX-License-Identifier: Apache-2.0
#include "webhook/event.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ts::webhook {
namespace {

constexpr WallTime kEventNow{std::chrono::seconds{1772359200}};

TEST(Samples, OfEveryTypeParseAsThatType) {
  std::size_t samples = 0;
  for (const auto provider : {Provider::kLivekit, Provider::kMux, Provider::kCloudflare}) {
    std::set<std::string> keys;
    for (const auto type : event_types(provider)) {
      SCOPED_TRACE(type);
      const auto body = sample_body(provider, type, kEventNow);
      ASSERT_TRUE(body.ok());
      const auto event = parse_event(provider, body.value());
      ASSERT_TRUE(event.ok()) << event.error().message;
      EXPECT_EQ(event.value().type, type);
      EXPECT_EQ(event.value().created_at, kEventNow);
      EXPECT_TRUE(keys.insert(event.value().dedupe_key).second);
      ++samples;
    }
  }
  EXPECT_EQ(samples, 14U + 48U + 5U);
}

TEST(Samples, CarryTheIdsOfTheirFamily) {
  const auto event_of = [](Provider provider, std::string_view type) {
    return parse_event(provider, sample_body(provider, type, kEventNow).value()).value();
  };
  const auto egress = event_of(Provider::kLivekit, "egress_ended");
  EXPECT_EQ(egress.egress.substr(0, 3), "EG_");
  EXPECT_EQ(egress.status, "EGRESS_COMPLETE");
  EXPECT_EQ(egress.room, "stage-1");
  EXPECT_EQ(event_of(Provider::kLivekit, "ingress_started").ingress.substr(0, 3), "IN_");
  EXPECT_EQ(event_of(Provider::kLivekit, "track_published").participant, "cam-front");
  const auto active = event_of(Provider::kMux, "video.live_stream.active");
  EXPECT_FALSE(active.live_stream.empty());
  EXPECT_FALSE(active.asset.empty());
  EXPECT_EQ(active.status, "active");
  const auto target = event_of(Provider::kMux, "video.live_stream.simulcast_target.errored");
  EXPECT_FALSE(target.live_stream.empty());
  const auto track = event_of(Provider::kMux, "video.asset.track.ready");
  EXPECT_FALSE(track.asset.empty());
  EXPECT_EQ(event_of(Provider::kMux, "video.asset.errored").error, "the input could not be read");
  EXPECT_EQ(event_of(Provider::kCloudflare, "live_input.errored").error, "ERR_GOP_OUT_OF_RANGE");
  EXPECT_EQ(event_of(Provider::kCloudflare, "video.error").error, "ERR_MALFORMED_VIDEO");
}

TEST(Samples, SuggestTheNearestType) {
  const auto body = sample_body(Provider::kMux, "video.live_stream.actve", kEventNow);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(body.error().hint, "did you mean video.live_stream.active?");
}

TEST(ParseEvent, KeysDeliveriesWithoutAnIdByTheirBytes) {
  const auto key = [](std::string_view body) {
    return parse_event(Provider::kCloudflare, body).value().dedupe_key;
  };
  const std::string body = R"({"uid":"a","status":{"state":"ready"}})";
  EXPECT_EQ(key(body), key(body));
  EXPECT_NE(key(body), key(R"({"uid":"a","status":{"state":"error"}})"));
}

TEST(ParseEvent, OfAnUnknownTypeIsData) {
  const auto event = parse_event(Provider::kMux, R"({"type":"robots.done","id":"1","data":{}})");
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event.value().type, "robots.done");
}

TEST(ParseEvent, RefusesWrongTypesWithThePath) {
  EXPECT_EQ(parse_event(Provider::kMux, R"({"type":5})").error().message,
            "at $.type: expected a string, found a number");
  for (const auto provider : {Provider::kLivekit, Provider::kMux, Provider::kCloudflare}) {
    for (const char* body : {"", "[]", "{", "null", "\xff", R"({"data":[1]})"}) {
      if (provider == Provider::kLivekit && std::string_view(body) == R"({"data":[1]})") continue;
      EXPECT_FALSE(parse_event(provider, body).ok()) << to_string(provider) << body;
    }
  }
}

/// Without a document or through one: the same event, or the same words.
void expect_both_ways_agree(Provider provider, const std::string& body) {
  SCOPED_TRACE(body);
  const auto quick = parse_event(provider, body);
  const auto json = parse_json(body, "body");
  ASSERT_TRUE(json.ok()) << json.error().message;
  const auto by_document = parse_event(provider, json.value(), body);
  ASSERT_EQ(quick.ok(), by_document.ok());
  if (quick.ok()) {
    EXPECT_TRUE(quick.value() == by_document.value());
  } else {
    EXPECT_EQ(quick.error().message, by_document.error().message);
  }
}

TEST(ParseEvent, SaysTheSameWithAndWithoutADocument) {
  for (const auto provider : {Provider::kLivekit, Provider::kMux, Provider::kCloudflare}) {
    for (const auto type : event_types(provider)) {
      expect_both_ways_agree(provider, sample_body(provider, type, kEventNow).value());
    }
  }
}

TEST(ParseEvent, OfMuxTakesWhatIsRare) {
  for (const char* body : {
           R"({"type":"video.asset.ready","id":7,"data":{"id":8}})",
           R"({"type":"video.asset.ready","id":"a","id":null,"data":{"id":"x"}})",
           R"({"type":"video.asset.ready","data":{"id":"x"},"data":{"id":"y"}})",
           R"({"type":"video.asset.ready","data":{"id":"x","id":"y","status":null}})",
           R"({"type":"video.asset.ready","data":null,"object":{"type":"asset","id":"o"}})",
           R"({"type":"video.asset.ready","data":[],"object":{"type":"live","id":"o"}})",
           R"({"type":"video.asset.ready","data":{},"object":null})",
           R"({"type":"video.asset.ready","data":{},"object":5})",
           R"({"type":"video.asset.errored","data":{"errors":null}})",
           R"({"type":"video.asset.errored","data":{"errors":{"messages":"none"}}})",
           R"({"type":"video.asset.errored","data":{"errors":{"messages":[]}}})",
           R"({"type":"video.asset.errored","data":{"errors":{"messages":[1,"b"]}}})",
           R"({"type":"video.asset.errored","data":{"errors":{"messages":["a","b"],"type":"t"}}})",
           R"({"type":"video.live_stream.idle","data":{"id":"L","asset_id":{}}})",
           R"({"type":"video.live_stream.idle","data":{"id":"L","active_asset_id":{}}})",
           R"({"type":"","data":{"id":"L"}})",
           R"({"id":"no type"})",
           R"({"type":"caf\u00e9","created_at":5,"data":{"id":"a\nb"}})",
       }) {
    expect_both_ways_agree(Provider::kMux, body);
  }
}

TEST(SetInBody, ReachesObjectsAndLists) {
  const std::string body = R"({"data":{"ids":[{"id":"a"}],"n":1}})";
  EXPECT_EQ(set_in_body(body, "data.n", "2").value().body,
            R"({"data":{"ids":[{"id":"a"}],"n":2}})");
  EXPECT_EQ(set_in_body(body, "data.ids[0].id", "b").value().body,
            R"({"data":{"ids":[{"id":"b"}],"n":1}})");
  EXPECT_EQ(set_in_body(body, "data.ids[1]", "x y").value().body,
            R"({"data":{"ids":[{"id":"a"},"x y"],"n":1}})");
  EXPECT_EQ(set_in_body(body, "new.deep", "{\"a\":true}").value().body,
            R"({"data":{"ids":[{"id":"a"}],"n":1},"new":{"deep":{"a":true}}})");
}

TEST(SetInBody, SaysWhatTheSampleDidNotHave) {
  const std::string body = R"({"data":{"n":null}})";
  EXPECT_EQ(set_in_body(body, "data.n", "1").value().news, "");
  EXPECT_EQ(set_in_body(body, "dat.n", "1").value().news,
            "the sample has no 'dat' (did you mean data?)");
  EXPECT_EQ(set_in_body(body, "data.n.other", "1").value().news, "the sample has no 'other'");
}

TEST(SetInBody, RefusesPathsThatLeadNowhere) {
  const std::string body = R"({"data":{"ids":[],"n":1}})";
  for (const char* path : {"", ".", "data..n", "data.n.x", "data.ids[5]", "data[0]", "data.ids[x]",
                           "data.ids[0", "[0]", "data.ids[99999999999999999999]"}) {
    const auto changed = set_in_body(body, path, "1");
    ASSERT_FALSE(changed.ok()) << path;
    EXPECT_EQ(changed.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace ts::webhook
