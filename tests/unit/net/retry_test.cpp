// SPDX-License-Identifier: Apache-2.0
#include "net/retry.hpp"

#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"

#include <gtest/gtest.h>

namespace ts::net {
namespace {

class RetrierTest : public testing::Test {
 protected:
  RetrierTest() { options.backoff.least_share = 1.0; }
  Result<Exchange> send(Repeat repeat, std::stop_token stop = {},
                        const std::string& method = "GET") {
    return Retrier(transport, clock, options)
        .send({.method = method, .url = "https://x/"}, repeat, stop);
  }
  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(clock.steady_now() - begun);
  }

  test::FakeTransport transport;
  test::FakeClock clock{WallTime{seconds{1'700'000'000}}, true};
  SteadyTime begun = clock.steady_now();
  RetryOptions options;
};

TEST_F(RetrierTest, CutsAnHourOfRetryAfterToAMinute) {
  transport.answer(429, "", {{"Retry-After", "3600"}}).answer(200);

  ASSERT_TRUE(send(Repeat::kSafe).ok());

  EXPECT_EQ(elapsed(), seconds{60});
}

TEST_F(RetrierTest, FallsBackToItsOwnWaitOnAnUnreadableHint) {
  transport.answer(503, "", {{"Retry-After", "soon"}}).answer(200);

  ASSERT_TRUE(send(Repeat::kSafe).ok());

  EXPECT_EQ(elapsed(), milliseconds{500});
}

TEST_F(RetrierTest, RepeatsACreationAfter503ButNotAfter500) {
  transport.answer(503).answer(500);

  const auto exchange = send(Repeat::kCreate);

  ASSERT_TRUE(exchange.ok());
  EXPECT_EQ(exchange.value().response.status, 500);
  EXPECT_EQ(exchange.value().attempts, 2);
}

TEST_F(RetrierTest, ObeysAServiceThatForbidsRepeating) {
  transport.answer(500, "", {{"X-Should-Retry", "false"}});

  const auto exchange = send(Repeat::kSafe);

  ASSERT_TRUE(exchange.ok());
  EXPECT_EQ(exchange.value().attempts, 1);
}

TEST_F(RetrierTest, SaysThatALostCreationMayBeDone) {
  transport.fail({.kind = ErrorKind::kRemote, .retryable = true, .code = "timeout"});

  const auto exchange = send(Repeat::kCreate);

  ASSERT_FALSE(exchange.ok());
  EXPECT_EQ(exchange.error().code, "maybe_done");
  EXPECT_FALSE(exchange.error().retryable);
}

TEST_F(RetrierTest, RemembersThatAnEarlierTryMayHaveWorked) {
  transport.fail({.kind = ErrorKind::kRemote, .retryable = true, .code = "receive"}).answer(404);

  EXPECT_TRUE(send(Repeat::kSafe).value().maybe_done_before);
}

TEST_F(RetrierTest, SaysThatAChangeMayBeDoneWhoseLastTryAloneNeverLeft) {
  const Error refused{.kind = ErrorKind::kRemote, .retryable = true, .code = "connect"};
  transport.fail({.kind = ErrorKind::kRemote, .retryable = true, .code = "receive"});
  transport.fail(refused).fail(refused);

  const auto exchange = send(Repeat::kSafe, {}, "POST");

  ASSERT_FALSE(exchange.ok());
  EXPECT_EQ(exchange.error().code, "maybe_done");
}

TEST_F(RetrierTest, SaysOfAChangeThatNeverLeftHowFarItGot) {
  const Error refused{.kind = ErrorKind::kRemote, .retryable = true, .code = "connect"};
  transport.fail(refused).fail(refused).fail(refused);

  const auto exchange = send(Repeat::kSafe, {}, "POST");

  ASSERT_FALSE(exchange.ok());
  EXPECT_EQ(exchange.error().code, "connect");
}

TEST_F(RetrierTest, DoesNotRepeatWhatCannotWork) {
  transport.fail({.kind = ErrorKind::kRemote, .retryable = false, .code = "tls"});

  EXPECT_FALSE(send(Repeat::kSafe).ok());
  EXPECT_EQ(transport.requests.size(), 1U);
}

TEST_F(RetrierTest, StopsWaitingWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  transport.answer(500).answer(200);

  const auto exchange = send(Repeat::kSafe, stop.get_token());

  ASSERT_FALSE(exchange.ok());
  EXPECT_EQ(exchange.error().kind, ErrorKind::kInterrupted);
}

}  // namespace
}  // namespace ts::net
