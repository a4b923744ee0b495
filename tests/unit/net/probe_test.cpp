// SPDX-License-Identifier: Apache-2.0
#include "net/probe.hpp"

#include "core/unique_fd.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace ts::net {
namespace {

using std::chrono::milliseconds;

/// A bound loopback socket on a port the kernel chose.
struct Bound {
  UniqueFd fd;
  std::uint16_t port = 0;
};
Bound bind_loopback(int type) {
  Bound out{.fd = UniqueFd(::socket(AF_INET, type | SOCK_CLOEXEC, 0))};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(out.fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(out.fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(out.fd.get(), 4), 0);
  }
  out.port = ntohs(address.sin_port);
  return out;
}

/// Accepts one connection, reads `wanted` bytes, answers with `answer`, closes.
void serve_once(int listener, std::size_t wanted, const std::string& answer) {
  const UniqueFd peer(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  std::string received;
  std::array<char, 4096> buffer{};
  while (received.size() < wanted) {
    const ssize_t count = ::read(peer.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    received.append(buffer.data(), static_cast<std::size_t>(count));
  }
  std::string_view rest = answer;
  while (!rest.empty()) {
    const ssize_t count = ::send(peer.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

TEST(Probe, GreetsAnRtmpServerAndTimesEachStep) {
  const Bound server = bind_loopback(SOCK_STREAM);
  const std::string answer = "\x03" + std::string(kRtmpHelloAnswerBytes - 1, 'x');
  std::jthread peer([&] { serve_once(server.fd.get(), rtmp_hello().size(), answer); });

  const auto probe = probe_connection({.host = "127.0.0.1",
                                       .port = server.port,
                                       .send = rtmp_hello(),
                                       .receive_bytes = kRtmpHelloAnswerBytes});

  ASSERT_TRUE(probe.ok()) << probe.error().message;
  EXPECT_EQ(probe.value().received, answer);
  EXPECT_EQ(probe.value().address, "127.0.0.1");
  EXPECT_LE(probe.value().connected, probe.value().answered);
  EXPECT_EQ(probe.value().secured.count(), 0);
}

TEST(Probe, TellsThatTheServerClosedBeforeItAnswered) {
  const Bound server = bind_loopback(SOCK_STREAM);
  std::jthread peer([&] { serve_once(server.fd.get(), rtmp_hello().size(), "HTTP/1.1 400"); });

  const auto probe = probe_connection({.host = "127.0.0.1",
                                       .port = server.port,
                                       .send = rtmp_hello(),
                                       .receive_bytes = kRtmpHelloAnswerBytes});

  ASSERT_FALSE(probe.ok());
  EXPECT_EQ(probe.error().kind, ErrorKind::kRemote);
  EXPECT_EQ(probe.error().code, "receive");
  EXPECT_THAT(probe.error().message, testing::HasSubstr("12 of 3073 bytes"));
}

TEST(Probe, TellsWhichStepFailed) {
  // Bound, but nobody listens: the kernel refuses the connection.
  const Bound silent = bind_loopback(SOCK_DGRAM);

  const auto refused = probe_connection({.host = "127.0.0.1", .port = silent.port});
  const auto unnamed =
      probe_connection({.host = "no-such-host.invalid", .port = 1, .timeout = milliseconds{3000}});

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "connect");
  EXPECT_FALSE(refused.error().hint.empty());
  ASSERT_FALSE(unnamed.ok());
  EXPECT_THAT(unnamed.error().code, testing::AnyOf("dns", "connect"));
}

TEST(Probe, TellsWhenAServerSpeaksNoTls) {
  const Bound server = bind_loopback(SOCK_STREAM);
  std::jthread peer([&] { serve_once(server.fd.get(), 1, "no TLS here, only this text"); });

  const auto probe = probe_connection({.host = "127.0.0.1", .port = server.port, .tls = true});

  ASSERT_FALSE(probe.ok());
  EXPECT_EQ(probe.error().code, "tls");
  EXPECT_FALSE(probe.error().retryable);
}

TEST(Probe, AsksAStunServerOverUdp) {
  const Bound server = bind_loopback(SOCK_DGRAM);
  std::jthread peer([&] {
    std::array<char, 64> request{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count = ::recvfrom(server.fd.get(), request.data(), request.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
    ASSERT_EQ(count, 20);
    request[0] = 1;  // The same message as a success.
    ::sendto(server.fd.get(), request.data(), 20, 0, reinterpret_cast<sockaddr*>(&from), size);
  });

  const auto answer =
      probe_stun("127.0.0.1", server.port, StunMethod::kBinding, milliseconds{5000});

  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_FALSE(answer.value().error);
}

TEST(Probe, GivesUpOnASilentStunServer) {
  const Bound silent = bind_loopback(SOCK_DGRAM);

  const auto answer = probe_stun("127.0.0.1", silent.port, StunMethod::kBinding, milliseconds{30});

  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::kRemote);
  EXPECT_THAT(answer.error().hint, testing::HasSubstr("firewall"));
}

TEST(Probe, ResolvesAddressesThatAreNumbers) {
  const auto addresses = resolve_host("127.0.0.1", milliseconds{1000});

  ASSERT_TRUE(addresses.ok()) << addresses.error().message;
  EXPECT_THAT(addresses.value(), testing::ElementsAre("127.0.0.1"));
}

}  // namespace
}  // namespace ts::net
