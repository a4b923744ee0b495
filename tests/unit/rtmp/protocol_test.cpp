// SPDX-License-Identifier: Apache-2.0
#include "rtmp/protocol.hpp"

#include "support/rtmp_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ts::rtmp {
namespace {

using test::as_bytes;
using test::RtmpBytes;

constexpr std::size_t kAnswerSize = 1 + 2 * 1536;

struct Recorder : ProtocolEvents {
  Status on_publish(PublishName name, std::string encoder) override {
    log.push_back("publish " + name.app + " " + std::string(name.key.reveal()) + " " +
                  std::string(name.query.reveal()) + " " + encoder);
    if (refusal) return *refusal;
    return ok_status();
  }
  void on_tag(const TagView& tag) override {
    log.push_back("tag " + std::to_string(int(tag.type)) + " " + std::to_string(tag.timestamp_ms) +
                  " " + std::string(tag.payload.begin(), tag.payload.end()));
  }
  void on_unpublish() override { log.push_back("unpublish"); }

  std::optional<Error> refusal;
  std::vector<std::string> log;
};

struct Talk {
  explicit Talk(const std::string& bytes, std::size_t piece = 1U << 20U,
                std::optional<Error> refusal = {}) {
    recorder.refusal = std::move(refusal);
    for (std::size_t at = 0; at < bytes.size() && status.ok(); at += piece) {
      status = protocol.feed(as_bytes(std::string_view(bytes).substr(at, piece)), out);
    }
  }
  [[nodiscard]] std::vector<std::string> codes() const {
    return test::rtmp_codes(std::string_view(out).substr(std::min(out.size(), kAnswerSize)));
  }

  Recorder recorder;
  ServerProtocol protocol{{}, "nonce", recorder};
  std::string out;
  Status status = ok_status();
};

TEST(ServerProtocol, TakesAPublishForEverySplit) {
  const auto bytes = RtmpBytes::whole("live", "key?a=1") + RtmpBytes::video("v", 20) +
                     RtmpBytes::audio("a", 10) + RtmpBytes::unpublish();

  for (std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7},
                            std::size_t{1536}, std::size_t{1537}, bytes.size()}) {
    const Talk talk(bytes, piece);
    ASSERT_TRUE(talk.status.ok()) << piece;
    EXPECT_EQ(talk.recorder.log,
              (std::vector<std::string>{"publish live key a=1 test/1", "tag 9 20 v", "tag 8 10 a",
                                        "unpublish"}))
        << piece;
    EXPECT_EQ(talk.codes(),
              (std::vector<std::string>{"NetConnection.Connect.Success", "NetStream.Publish.Start",
                                        "NetStream.Unpublish.Success"}));
  }
}

TEST(ServerProtocol, EchoesTheClientsHandshakeAndOffersNoDigest) {
  const auto hello = "\x03" + std::string(1536, 'c');

  const Talk talk(hello, 100);

  ASSERT_EQ(talk.out.size(), kAnswerSize);
  EXPECT_EQ(talk.out.substr(0, 9), "\x03" + std::string(8, '\0'));
  EXPECT_EQ(talk.out.substr(1537), std::string(1536, 'c'));
}

TEST(ServerProtocol, RefusesOtherProtocols) {
  EXPECT_FALSE(Talk("GET / HTTP/1.1\r\n").status.ok());
  EXPECT_FALSE(Talk("\x16\x03\x01").status.ok());
  EXPECT_FALSE(Talk("\x06" + std::string(1536, 'e')).status.ok());
}

TEST(ServerProtocol, TellsTheReasonOfARefusalAndCloses) {
  const auto bytes = RtmpBytes::whole("live", "key") + RtmpBytes::video("v");

  const Talk denied(bytes, 4096, Error{.kind = ErrorKind::kAuth, .message = "unknown stream key"});
  const Talk taken(bytes, 4096,
                   Error{.kind = ErrorKind::kConflict, .message = "already publishing"});

  EXPECT_EQ(denied.codes().back(), "NetStream.Publish.Denied");
  EXPECT_NE(denied.out.find("unknown stream key"), std::string::npos);
  EXPECT_TRUE(denied.protocol.is_closing());
  EXPECT_EQ(denied.recorder.log.size(), 1U) << "no tag after a refusal";
  EXPECT_EQ(taken.codes().back(), "NetStream.Publish.BadName");
}

TEST(ServerProtocol, WantsAKey) {
  const Talk talk(RtmpBytes::whole("", ""));

  EXPECT_TRUE(talk.recorder.log.empty());
  EXPECT_EQ(talk.codes().back(), "NetStream.Publish.Denied");
}

TEST(ServerProtocol, WantsConnectFirstAndOnce) {
  EXPECT_FALSE(Talk(RtmpBytes::handshake() + RtmpBytes::publish("k")).status.ok());
  EXPECT_FALSE(
      Talk(RtmpBytes::handshake() + RtmpBytes::connect("a") + RtmpBytes::connect("a")).status.ok());
  EXPECT_FALSE(Talk(RtmpBytes::whole("a", "k") + RtmpBytes::publish("k2")).status.ok());
}

TEST(ServerProtocol, UnderstandsCommandsWrappedForAmf3) {
  auto connect = RtmpBytes::connect("live");
  rtmp::amf0::Writer writer;
  writer.string("connect").number(1).begin_object().key("app").string("live").end_object();
  connect =
      RtmpBytes::message(MessageType::kCommandAmf3, std::string(1, '\0') + writer.take(), 0, 0, 3);

  const Talk talk(RtmpBytes::handshake() + connect + RtmpBytes::create_stream() +
                  RtmpBytes::publish("k"));

  EXPECT_EQ(talk.codes().back(), "NetStream.Publish.Start");
}

TEST(ServerProtocol, AnswersPings) {
  const auto ping =
      RtmpBytes::message(MessageType::kUserControl, std::string("\0\x06\1\2\3\4", 6), 0, 0, 2);

  const Talk talk(RtmpBytes::handshake() + ping);

  const auto messages = test::rtmp_messages(std::string_view(talk.out).substr(kAnswerSize));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(std::string(messages[0].payload.begin(), messages[0].payload.end()),
            std::string("\0\x07\1\2\3\4", 6));
}

TEST(ServerProtocol, AcknowledgesWhatItReceives) {
  const auto window = RtmpBytes::message(MessageType::kWindowAcknowledgementSize,
                                         std::string("\0\1\0\0", 4), 0, 0, 2);
  auto bytes = RtmpBytes::whole("live", "k") + window;
  for (int i = 0; i < 100; ++i) bytes += RtmpBytes::video(std::string(1000, 'v'));

  const Talk talk(bytes, 4096);

  std::size_t acknowledgements = 0;
  for (const auto& message : test::rtmp_messages(std::string_view(talk.out).substr(kAnswerSize))) {
    if (message.type == MessageType::kAcknowledgement) ++acknowledgements;
  }
  EXPECT_EQ(acknowledgements, 3U);  // Every 32 KiB of some 107 KiB.
}

TEST(ServerProtocol, UnwrapsTimestamps) {
  const Talk talk(RtmpBytes::whole("live", "k") + RtmpBytes::video("a", 0xfffffff0U) +
                  RtmpBytes::audio("b", 0xffffffe8U) + RtmpBytes::video("c", 0x10U) +
                  RtmpBytes::audio("d", 0x8U));

  EXPECT_EQ(talk.recorder.log[1], "tag 9 4294967280 a");
  EXPECT_EQ(talk.recorder.log[2], "tag 8 4294967272 b");
  EXPECT_EQ(talk.recorder.log[3], "tag 9 4294967312 c");
  EXPECT_EQ(talk.recorder.log[4], "tag 8 4294967304 d");
}

TEST(ServerProtocol, TakesAggregatesApart) {
  const std::string tags(
      "\x08\0\0\1\0\0\x64\0\0\0\0"
      "a"
      "\0\0\0\x0c"
      "\x09\0\0\2\0\0\x78\0\0\0\0"
      "vv"
      "\0\0\0\x0d",
      16 + 17);

  const Talk talk(RtmpBytes::whole("live", "k") +
                  RtmpBytes::message(MessageType::kAggregate, tags, 500));
  const Talk cut(RtmpBytes::whole("live", "k") +
                 RtmpBytes::message(MessageType::kAggregate, tags.substr(0, 30), 500));

  EXPECT_EQ(talk.recorder.log[1], "tag 8 500 a");
  EXPECT_EQ(talk.recorder.log[2], "tag 9 520 vv");
  EXPECT_FALSE(cut.status.ok());
}

TEST(ServerProtocol, MayPublishAgainOnTheSameConnection) {
  const Talk talk(RtmpBytes::whole("live", "k") + RtmpBytes::unpublish() +
                  RtmpBytes::create_stream() + RtmpBytes::publish("k2"));

  EXPECT_EQ(talk.recorder.log.back(), "publish live k2  test/1");
}

TEST(ServerProtocol, SendsPlayersAway) {
  const auto play =
      RtmpBytes::command(amf0::Writer().string("play").number(0).null().string("k").take(), 1);

  const Talk talk(RtmpBytes::handshake() + RtmpBytes::connect("live") + play);

  EXPECT_EQ(talk.codes().back(), "NetStream.Play.Failed");
  EXPECT_TRUE(talk.protocol.is_closing());
}

TEST(PublishName, TakesTheLastElementAsKey) {
  const auto check = [](std::string_view app, std::string_view name, std::string_view expected_app,
                        std::string_view key, std::string_view query) {
    const auto out = parse_publish_name(app, name);
    EXPECT_EQ(out.app, expected_app) << app << " " << name;
    EXPECT_EQ(out.key.reveal(), key) << app << " " << name;
    EXPECT_EQ(out.query.reveal(), query) << app << " " << name;
  };

  check("live", "key", "live", "key", "");
  check("live/", "/key", "live", "key", "");
  check("live", "key?a=1&b=2", "live", "key", "a=1&b=2");
  check("live?t=1", "key", "live", "key", "t=1");
  check("live?t=1", "key?u=2", "live", "key", "u=2");
  check("app/inst", "sub/key", "app/inst/sub", "key", "");
  check("live/key", "", "live", "key", "");
  check("key", "", "", "key", "");
  check("", "key", "", "key", "");
  check("", "", "", "", "");
  check("/", "?x", "", "", "x");
}

}  // namespace
}  // namespace ts::rtmp
