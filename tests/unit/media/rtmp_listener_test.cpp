// SPDX-License-Identifier: Apache-2.0
#include "media/rtmp_listener.hpp"

#include "support/nginx_rtmp.hpp"
#include "support/rtmp_client.hpp"
#include "support/tcp_client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>

namespace ts::media {
namespace {

using test::RtmpBytes;

/// What comes out of a pipe until `mark` is in it, its end, or 10 s without a byte.
std::string read_until(int fd, std::string_view mark) {
  std::string out;
  std::array<char, 4096> chunk{};
  while (mark.empty() || out.find(mark) == std::string::npos) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 10'000) <= 0) return out + "(nothing more came)";
    const auto count = ::read(fd, chunk.data(), chunk.size());
    if (count <= 0) return out + "(end)";
    out.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return out;
}

/// A whole publish up to its first picture, in which `word` stands.
std::string publish(std::string_view word) {
  return RtmpBytes::whole("live", "cam") + RtmpBytes::video("\x17\x01" + std::string(word));
}

TEST(RtmpListeners, WhoPublishesLastIsSeenAtOnce) {
  const std::uint16_t port = test::NginxRtmp::free_port();
  RtmpListeners listeners(nullptr);
  auto slot = listeners.open(fmt::format("rtmp://127.0.0.1:{}/live/cam", port));
  ASSERT_TRUE(slot.ok()) << slot.error().message;
  test::TcpClient first(port);
  ASSERT_TRUE(first.send(publish("wireless")));
  auto reading = slot.value()->wait({});
  ASSERT_TRUE(reading.ok());
  ASSERT_NE(read_until(reading.value().input.get(), "wireless").find("wireless"),
            std::string::npos);

  // The first one's connection stays open, as that of a phone does whose network has changed.
  test::TcpClient second(port);
  ASSERT_TRUE(second.send(publish("cellular")));

  EXPECT_TRUE(read_until(reading.value().input.get(), "").ends_with("(end)"));
  auto next = slot.value()->wait({});
  ASSERT_TRUE(next.ok());
  EXPECT_NE(read_until(next.value().input.get(), "cellular").find("cellular"), std::string::npos);
}

}  // namespace
}  // namespace ts::media
