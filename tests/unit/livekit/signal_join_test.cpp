// SPDX-License-Identifier: Apache-2.0
#include "livekit/signal_join.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::livekit {
namespace {

const std::string kUpgrade =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/// A length-delimited protobuf member.
std::string member(unsigned number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3U | 2U));
  std::size_t size = bytes.size();
  for (; size > 127; size >>= 7U) out += static_cast<char>(0x80U | (size & 0x7FU));
  out += static_cast<char>(size);
  return out + bytes;
}

std::string frame(unsigned first_byte, const std::string& payload) {
  std::string out(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xFFU);
  }
  return out + payload;
}

/// What livekit-server sends first: a room, a number, two servers (one with two URLs), a version.
std::string join_message() {
  const std::string turn = member(1, "turn:turn.example:3478?transport=udp") +
                           member(1, "turns:turn.example:443?transport=tcp") + member(2, "user") +
                           member(3, "password");
  return member(1, member(1, member(1, "RM_1") + member(2, "ts-doctor")) + member(4, "1.13.5") +
                       member(5, member(1, "stun:stun.example:19302")) + member(5, turn) +
                       std::string("\x50\x0F", 2));  // ping_timeout 10: 15 s.
}

TEST(JoinAnswer, NamesTheServersAndNotTheirPasswords) {
  const auto answer = read_join_answer(kUpgrade + frame(0x82, join_message()));

  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_TRUE(answer.value());
  EXPECT_EQ(answer.value()->room, "ts-doctor");
  EXPECT_EQ(answer.value()->server_version, "1.13.5");
  EXPECT_EQ(
      answer.value()->ice_urls,
      (std::vector<std::string>{"stun:stun.example:19302", "turn:turn.example:3478?transport=udp",
                                "turns:turn.example:443?transport=tcp"}));
}

TEST(JoinAnswer, NeedsEveryByte) {
  const std::string whole = kUpgrade + frame(0x82, join_message());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto answer = read_join_answer(whole.substr(0, size));
    ASSERT_TRUE(answer.ok()) << size;
    EXPECT_FALSE(answer.value()) << size;
  }
}

TEST(JoinAnswer, ComesInPiecesBetweenPings) {
  const std::string message = join_message();

  const auto answer =
      read_join_answer(kUpgrade + frame(0x89, "ping") + frame(0x02, message.substr(0, 9)) +
                       frame(0x8A, "") + frame(0x80, message.substr(9)));

  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_TRUE(answer.value());
  EXPECT_EQ(answer.value()->ice_urls.size(), 3U);
}

TEST(JoinAnswer, RefusalsKeepTheServersWords) {
  const auto key = read_join_answer("HTTP/1.1 401 Unauthorized\r\n\r\ninvalid API key: APIx");
  const auto place = read_join_answer("HTTP/1.1 404 Not Found\r\n\r\n");
  const auto busy = read_join_answer("HTTP/1.1 503 Service Unavailable\r\n\r\nnode is full");

  EXPECT_EQ(key.error().kind, ErrorKind::kAuth);
  EXPECT_NE(key.error().message.find("invalid API key: APIx"), std::string::npos);
  EXPECT_EQ(place.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(busy.error().kind, ErrorKind::kRemote);
  EXPECT_NE(busy.error().message.find("node is full"), std::string::npos);
}

TEST(JoinAnswer, RefusesWhatIsNoSignalling) {
  for (const std::string& bytes : {
           std::string("<html>a shop</html>\r\n\r\n"),
           std::string("HTTP/1.1 abc\r\n\r\n"),
           kUpgrade + frame(0xC2, "compressed"),
           kUpgrade + std::string("\x82\x85masked", 8),
           kUpgrade + std::string("\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10),
           kUpgrade + frame(0x82, std::string("\x0A\x7F", 2)),  // Longer than the message.
           kUpgrade + frame(0x82, member(1, std::string("\x2A\x7F", 2))),
           kUpgrade + frame(0x82, std::string("\x0B", 1)),   // A group.
           kUpgrade + frame(0x82, std::string(12, '\xFF')),  // A number without an end.
           kUpgrade + frame(0x88, std::string("\x03\xE8", 2) + "going away"),
           kUpgrade + frame(0x82, member(8, "")),  // Leave.
           std::string(std::size_t{17} << 10U, 'x'),
       }) {
    const auto answer = read_join_answer(bytes);
    ASSERT_FALSE(answer.ok()) << bytes.substr(0, 120);
    EXPECT_EQ(answer.error().kind, ErrorKind::kRemote);
    EXPECT_FALSE(answer.error().hint.empty());
  }
}

TEST(JoinRequest, PutsTheTokenIntoAHeader) {
  const std::string request = join_request("live.example:7880", "/prefix", Secret("a.b.c"));

  EXPECT_TRUE(
      request.starts_with("GET /prefix/rtc?auto_subscribe=0&protocol=13&sdk=cpp HTTP/1.1\r\n"
                          "Host: live.example:7880\r\n"));
  EXPECT_NE(request.find("\r\nAuthorization: Bearer a.b.c\r\n"), std::string::npos);
  EXPECT_EQ(request.find("access_token"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace ts::livekit
