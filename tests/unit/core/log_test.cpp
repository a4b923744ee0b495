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
