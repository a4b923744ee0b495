// SPDX-License-Identifier: Apache-2.0
// Two connections that publish the same: a camera that changed networks, or a mistake.
#include "rtmp/server.hpp"
#include "support/rtmp_client.hpp"
#include "support/tcp_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
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

/// Reads what the server answers until it starts or refuses the publish.
std::string verdict(test::TcpClient& client) {
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
  ASSERT_TRUE(first.send(RtmpBytes::whole("live", "cam")));
  ASSERT_EQ(verdict(first), "NetStream.Publish.Start");

  test::TcpClient second(server.value()->port());
  ASSERT_TRUE(second.send(RtmpBytes::whole("live", "cam")));
  EXPECT_EQ(verdict(second), "NetStream.Publish.Start");

  // The first one hears of it, and its sink was told before the second one got its own.
  std::string heard;
  for (std::string part = "."; !part.empty(); part = first.receive_some()) heard += part;
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
  ASSERT_TRUE(first.send(RtmpBytes::whole("live", "cam")));
  ASSERT_EQ(verdict(first), "NetStream.Publish.Start");

  test::TcpClient second(server.value()->port());
  ASSERT_TRUE(second.send(RtmpBytes::whole("live", "cam")));
  EXPECT_EQ(verdict(second), "NetStream.Publish.BadName");
  // Another key has nothing to do with it.
  test::TcpClient other(server.value()->port());
  ASSERT_TRUE(other.send(RtmpBytes::whole("live", "other")));
  EXPECT_EQ(verdict(other), "NetStream.Publish.Start");
  EXPECT_EQ(notes.all(), (std::vector<std::string>{"begin 1", "begin 2"}));
}

}  // namespace
}  // namespace ts::rtmp
