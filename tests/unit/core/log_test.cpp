// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(Log, ScrubsRegisteredSecrets) {
  test::FakeClock clock;
  std::string seen;
  Log log(clock, LogLevel::kInfo, [&](const Log::Line& line) { seen = line.text; });
  log.scrub(Secret("super-secret-key"));

  log.info("net", "sent {} to {}", "super-secret-key", "host");

  EXPECT_EQ(seen, "sent *** to host");
}

// Issue 3: secrets shorter than 6 bytes were not scrubbed at all.
TEST(Log, ScrubsAShortSecretWhereValuesStand) {
  Log log;
  log.scrub(Secret("abc"));

  EXPECT_EQ(log.scrubbed("srt://h:9?passphrase=abc&mode=caller"),
            "srt://h:9?passphrase=***&mode=caller");
  EXPECT_EQ(log.scrubbed("rtmp://h/app/abc"), "rtmp://h/app/***");
  EXPECT_EQ(log.scrubbed("rtmp://user:abc@h/app"), "rtmp://user:***@h/app");
  EXPECT_EQ(log.scrubbed("the key 'abc' is refused"), "the key '***' is refused");
  EXPECT_EQ(log.scrubbed("invalid key: abc"), "invalid key: ***");
  EXPECT_EQ(log.scrubbed("abc"), "***");
}

TEST(Log, LeavesOrdinaryWordsThatHoldAShortSecret) {
  Log log;
  log.scrub(Secret("a"));
  log.scrub(Secret("live"));
  log.scrub(Secret("***"));
  log.scrub(Secret());

  EXPECT_EQ(log.scrubbed("a live stream is /alive/ at ://address, ***"),
            "a live stream is /alive/ at ://address, ***");
}

TEST(Log, DropsLinesBelowItsLevel) {
  test::FakeClock clock;
  int lines = 0;
  Log log(clock, LogLevel::kWarning, [&](const Log::Line&) { ++lines; });

  log.info("net", "not this");
  log.warning("net", "this");

  EXPECT_EQ(lines, 1);
}

}  // namespace
}  // namespace ts
