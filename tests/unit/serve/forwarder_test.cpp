// SPDX-License-Identifier: Apache-2.0
#include "serve/forwarder.hpp"

#include "support/fake_clock.hpp"
#include "support/fake_transport.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace ts::serve {
namespace {

class ForwarderTest : public testing::Test {
 protected:
  store::EventRow stored(const std::string& key) {
    store::EventRow row{.provider = "mux",
                        .event_id = key,
                        .type = "video.asset.ready",
                        .dedupe_key = key,
                        .received_at = clock_.now(),
                        .headers = {{"Host", "public.example.com"},
                                    {"Content-Length", "2"},
                                    {"mux-signature", "t=1,v1=ab"},
                                    {"X-Request-Id", "r1"}},
                        .body = std::string("{}\n\0", 4)};
    row.seq = store::append_event(database_, row).value().seq;
    return row;
  }
  Delivery deliver_one(const store::EventRow& row, int tries = 6) {
    return deliver(row, {.url = "http://127.0.0.1:9/hook", .tries = tries}, database_, transport_,
                   clock_, {});
  }
  bool handled(std::int64_t seq) {
    return store::get_event(database_, seq).value().handled_at.has_value();
  }

  test::TempDir dir_;
  test::FakeClock clock_{WallTime{seconds{1'700'000'000}}, true};
  test::FakeTransport transport_;
  store::Database database_ =
      store::Database::open("sqlite://" + (dir_.path() / "ts.sqlite").string(), clock_).value();
};

TEST_F(ForwarderTest, HandsOnTheOriginalBytesAndHeaders) {
  const auto row = stored("k1");
  transport_.answer(200);

  const auto delivery = deliver_one(row);

  EXPECT_TRUE(delivery.delivered);
  EXPECT_EQ(delivery.tries, 1);
  ASSERT_EQ(transport_.requests.size(), 1U);
  const auto& sent = transport_.requests.front();
  EXPECT_EQ(sent.body, row.body);
  EXPECT_EQ(sent.url, "http://127.0.0.1:9/hook");
  EXPECT_EQ(sent.headers, (net::Headers{{"mux-signature", "t=1,v1=ab"}, {"X-Request-Id", "r1"}}));
  EXPECT_TRUE(handled(row.seq));
}

TEST_F(ForwarderTest, TriesAgainWhatMayPass) {
  const auto row = stored("k1");
  transport_.answer(503).answer(429, "", {{"Retry-After", "2"}});
  transport_.fail({.kind = ErrorKind::kRemote, .message = "no answer", .retryable = true});
  transport_.answer(204);
  const auto before = clock_.now();

  const auto delivery = deliver_one(row);

  EXPECT_TRUE(delivery.delivered);
  EXPECT_EQ(delivery.tries, 4);
  EXPECT_GE(clock_.now() - before, seconds{2}) << "Retry-After is honored";
}

TEST_F(ForwarderTest, LeavesDeadLettersUnhandled) {
  const auto refused = stored("k1");
  transport_.answer(400);
  const auto first = deliver_one(refused);
  EXPECT_FALSE(first.delivered);
  EXPECT_EQ(first.tries, 1) << "a refusal is final";
  EXPECT_EQ(first.problem, "answered 400");

  const auto failing = stored("k2");
  for (int i = 0; i < 3; ++i) transport_.answer(500);
  const auto second = deliver_one(failing, 3);
  EXPECT_FALSE(second.delivered);
  EXPECT_EQ(second.tries, 3);

  EXPECT_FALSE(handled(refused.seq));
  EXPECT_FALSE(handled(failing.seq));
  const auto dead = store::list_events(database_, {.unhandled_only = true}).value();
  EXPECT_EQ(dead.size(), 2U);
}

TEST_F(ForwarderTest, KeepsTheOrder) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::int64_t> seen;
  std::vector<store::EventRow> rows;
  for (const char* key : {"a", "b", "c"}) rows.push_back(stored(key));
  transport_.answer(500).answer(200).answer(200).answer(200);
  {
    Forwarder forwarder({.url = "http://127.0.0.1:9/hook"}, database_, transport_, clock_,
                        [&](const Delivery& delivery) {
                          const std::lock_guard lock(mutex);
                          seen.push_back(delivery.seq);
                          changed.notify_all();
                        });
    for (const auto& row : rows) EXPECT_TRUE(forwarder.add(row));
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds{20}, [&] { return seen.size() == 3; }));
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{rows[0].seq, rows[1].seq, rows[2].seq}));
}

}  // namespace
}  // namespace ts::serve
