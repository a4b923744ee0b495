// SPDX-License-Identifier: Apache-2.0
#include "net/stun.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ts::net {
namespace {

using testing::HasSubstr;

constexpr StunId kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
using Bytes = std::vector<std::uint8_t>;

/// A message of `type` with `attributes` as they stand on the wire.
Bytes message(std::uint16_t type, const Bytes& attributes) {
  Bytes out{static_cast<std::uint8_t>(type >> 8U), static_cast<std::uint8_t>(type & 0xFFU),
            static_cast<std::uint8_t>(attributes.size() >> 8U),
            static_cast<std::uint8_t>(attributes.size() & 0xFFU)};
  out.insert(out.end(), {0x21, 0x12, 0xA4, 0x42});
  out.insert(out.end(), kId.begin(), kId.end());
  out.insert(out.end(), attributes.begin(), attributes.end());
  return out;
}

TEST(Stun, AsksForABindingWithTwentyBytes) {
  const std::string request = stun_request(StunMethod::kBinding, kId);

  ASSERT_EQ(request.size(), 20U);
  EXPECT_EQ(request.substr(0, 8), std::string("\x00\x01\x00\x00\x21\x12\xA4\x42", 8));
  EXPECT_EQ(request.substr(8), std::string(kId.begin(), kId.end()));
}

TEST(Stun, AsksForARelayOverUdp) {
  const std::string request = stun_request(StunMethod::kAllocate, kId);

  ASSERT_EQ(request.size(), 28U);
  EXPECT_EQ(request.substr(0, 4), std::string("\x00\x03\x00\x08", 4));
  EXPECT_EQ(request.substr(20), std::string("\x00\x19\x00\x04\x11\x00\x00\x00", 8));
}

TEST(Stun, ReadsTheAddressABindingTells) {
  // 203.0.113.7:40000, each byte XORed with the cookie (RFC 8489, section 14.2).
  const Bytes bytes = message(0x0101, {0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xBD, 0x52,  //
                                       0xEA, 0x12, 0xD5, 0x45});

  const auto answer = read_stun_answer(bytes, StunMethod::kBinding, kId);

  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_FALSE(answer.value().error);
  EXPECT_EQ(answer.value().mapped, "203.0.113.7:40000");
}

TEST(Stun, TakesTheRefusalOfARelayForALivingTurnServer) {
  const Bytes bytes = message(0x0113, {0x00, 0x09, 0x00, 0x04, 0x00, 0x00, 0x04, 0x01,  //
                                       0x00, 0x14, 0x00, 0x04, 'l', 'i', 'v', 'e'});

  const auto answer = read_stun_answer(bytes, StunMethod::kAllocate, kId);

  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer.value().error);
  EXPECT_EQ(answer.value().error_code, 401);
  EXPECT_EQ(answer.value().realm, "live");
}

TEST(Stun, RefusesWhatIsNoAnswerToTheRequest) {
  const Bytes good = message(0x0101, {});
  Bytes other_id = good;
  other_id[8] ^= 0xFFU;
  Bytes other_protocol = good;
  other_protocol[4] = 0;
  const Bytes cut = message(0x0101, {0x00, 0x20, 0x00, 0x08, 0x00, 0x01});

  EXPECT_TRUE(read_stun_answer(good, StunMethod::kBinding, kId).ok());
  EXPECT_THAT(read_stun_answer(other_id, StunMethod::kBinding, kId).error().message,
              HasSubstr("another request"));
  EXPECT_THAT(read_stun_answer(other_protocol, StunMethod::kBinding, kId).error().message,
              HasSubstr("another protocol"));
  EXPECT_THAT(read_stun_answer(cut, StunMethod::kBinding, kId).error().message,
              HasSubstr("cut short"));
  EXPECT_FALSE(read_stun_answer(good, StunMethod::kAllocate, kId).ok());
  EXPECT_FALSE(read_stun_answer({}, StunMethod::kBinding, kId).ok());
}

}  // namespace
}  // namespace ts::net
