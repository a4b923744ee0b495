// SPDX-License-Identifier: Apache-2.0
#include "core/listen.hpp"

#include "support/tcp_client.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(ListenTcp, LetsTheKernelChooseThePort) {
  const auto listening = listen_tcp("127.0.0.1", 0);

  ASSERT_TRUE(listening.ok());
  EXPECT_NE(listening.value().port, 0);
  EXPECT_FALSE(listening.value().ipv6);
  EXPECT_NO_THROW(test::TcpClient(listening.value().port));
}

TEST(ListenTcp, RefusesAPortInUse) {
  const auto first = listen_tcp("127.0.0.1", 0);

  const auto second = listen_tcp("127.0.0.1", first.value().port);

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.error().hint, "choose another port, or stop the program that listens there");
}

TEST(ListenTcp, RefusesWhatIsNoAddressOfThisMachine) {
  for (const auto* address : {"192.0.2.1", "localhost", "", "256.0.0.1", "2001:db8::1"}) {
    const auto listening = listen_tcp(address, 0);
    ASSERT_FALSE(listening.ok()) << address;
    EXPECT_EQ(listening.error().kind, ErrorKind::kConfig) << address;
    EXPECT_EQ(listening.error().hint, "use an address of this machine, such as 127.0.0.1");
  }
}

}  // namespace
}  // namespace ts
