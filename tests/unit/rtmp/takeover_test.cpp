// SPDX-License-Identifier: Apache-2.0
// Two connections that publish the same: a camera that changed networks, or a mistake.
#include "rtmp/server.hpp"
#include "support/rtmp_client.hpp"
#include "support/tcp_client.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ts::rtmp {
namespace {

using test::RtmpBytes;

/// Notes which publish ends, and why.
class Notes final : public PublishHandler {
 public:
  Result<std::unique_ptr<MediaSink>> accept(PublishRequest request) override {
    note("begin " + std::to_string(request.session));
    return std::unique_ptr<MediaSink>(std::make_unique<Sink>(*this, request.session));
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  class Sink final : public MediaSink {
   public:
    Sink(Notes& notes, SessionId session) : notes_(notes), session_(session) {}
    void on_tag(const TagView& /*tag*/) override {}
    void on_end(EndReason reason, std::string_view /*detail*/) noexcept override {
      notes_.note("end " + std::to_string(session_) + " " + std::string(to_string(reason)));
    }

   private:
    Notes& notes_;
    SessionId session_;
  };
  void note(std::string text) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(text));
  }
  std::mutex mutex_;
  std::vector<std::string> notes_;
};

/// Publishes `key`. @return the code with which the server starts or refuses it.
std::string publish(test::TcpClient& client, std::string_view key) {
  if (!client.send(RtmpBytes::whole("live", key))) return "closed";
  client.receive_exactly(1 + 2 * 1536);
  std::string bytes;
  while (true) {
    const std::string part = client.receive_some();
    if (part.empty()) return "closed";
    bytes += part;
    for (const std::string& code : test::rtmp_codes(bytes)) {
      if (code.starts_with("NetStream.Publish.")) return code;
    }
  }
}

TEST(RtmpTakeover, ASilentPublishYieldsToTheNextOfItsKey) {
  Notes notes;
  auto server = RtmpServer::start({.yields_after = milliseconds{0}}, notes);
  ASSERT_TRUE(server.ok());
  test::TcpClient first(server.value()->port());
  test::TcpClient second(server.value()->port());

  EXPECT_EQ(publish(first, "cam"), "NetStream.Publish.Start");
  EXPECT_EQ(publish(second, "cam"), "NetStream.Publish.Start");

  // The first one is told why, and its sink heard of it before the second one got its own.
  std::string told;
  for (std::string part = "."; !part.empty(); part = first.receive_some()) told += part;
  EXPECT_NE(told.find("another connection publishes this now"), std::string::npos);
  EXPECT_EQ(notes.all(), (std::vector<std::string>{"begin 1", "end 1 kicked", "begin 2"}));
  const auto publishers = server.value()->publishers();
  ASSERT_EQ(publishers.size(), 1U);
  EXPECT_EQ(publishers.front().session, 2U);
}

TEST(RtmpTakeover, OneThatWasHeardOfALittleAgoDoesNot) {
  Notes notes;
  auto server = RtmpServer::start({.yields_after = std::chrono::hours{1}}, notes);
  ASSERT_TRUE(server.ok());
  test::TcpClient first(server.value()->port());
  test::TcpClient second(server.value()->port());
  test::TcpClient other(server.value()->port());

  EXPECT_EQ(publish(first, "cam"), "NetStream.Publish.Start");
  EXPECT_EQ(publish(second, "cam"), "NetStream.Publish.BadName");
  // Another key has nothing to do with it.
  EXPECT_EQ(publish(other, "other"), "NetStream.Publish.Start");
  EXPECT_EQ(notes.all(), (std::vector<std::string>{"begin 1", "begin 2"}));
}

}  // namespace
}  // namespace ts::rtmp
