// SPDX-License-Identifier: Apache-2.0
#include "store/events.hpp"

#include "store_fixture.hpp"

namespace ts::store {
namespace {

class Events : public StoreTest {
 protected:
  EventRow event(const std::string& key, const std::string& type = "video.live_stream.active") {
    return {.provider = "mux",
            .event_id = "id-" + key,
            .type = type,
            .dedupe_key = key,
            .received_at = clock_.now(),
            .headers = {{"Mux-Signature", "t=1,v1=abc"}, {"X-Empty", ""}},
            .body = std::string("{\"a\":1}\n\0\xff", 10)};
  }
  Database database_ = open();
};

TEST_F(Events, KeepEveryByteOfBodyAndHeaders) {
  const auto appended = append_event(database_, event("k1")).value();

  const auto stored = get_event(database_, appended.seq).value();

  EXPECT_TRUE(appended.inserted);
  EXPECT_EQ(stored.body, event("k1").body);
  EXPECT_EQ(stored.headers, event("k1").headers);
  EXPECT_EQ(stored.type, "video.live_stream.active");
  EXPECT_EQ(find_event(database_, "mux", "id-k1").value().seq, appended.seq);
}

TEST_F(Events, TakeARepeatedDeliveryOnce) {
  const auto first = append_event(database_, event("k1")).value();

  const auto again = append_event(database_, event("k1")).value();

  EXPECT_FALSE(again.inserted);
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(list_events(database_).value().size(), 1U);
}

TEST_F(Events, TellProvidersWithTheSameKeyApart) {
  ASSERT_TRUE(append_event(database_, event("k1")).ok());
  auto other = event("k1");
  other.provider = "livekit";

  EXPECT_TRUE(append_event(database_, other).value().inserted);
}

TEST_F(Events, AreAppendedInGroupsWithRepetitionsInside) {
  const std::vector<EventRow> group{event("k1"), event("k2"), event("k1")};

  const auto appended = append_events(database_, group).value();

  ASSERT_EQ(appended.size(), 3U);
  EXPECT_TRUE(appended[0].inserted);
  EXPECT_TRUE(appended[1].inserted);
  EXPECT_FALSE(appended[2].inserted);
  EXPECT_EQ(appended[2].seq, appended[0].seq);
}

TEST_F(Events, StoreNothingOfAGroupWithABadMember) {
  auto bad = event("k2");
  bad.headers = {{"X", "a\nInjected: b"}};
  const std::vector<EventRow> group{event("k1"), bad};

  const auto appended = append_events(database_, group);

  EXPECT_EQ(appended.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(list_events(database_).value().empty());
}

TEST_F(Events, AreFilteredByTypePrefixTimeAndHandling) {
  ASSERT_TRUE(append_event(database_, event("k1")).ok());
  clock_.advance(seconds{10});
  ASSERT_TRUE(append_event(database_, event("k2", "video.asset.ready")).ok());
  ASSERT_TRUE(append_event(database_, event("k3", "video.live_stream.idle")).ok());
  ASSERT_TRUE(mark_event_handled(database_, 3, clock_.now()).ok());

  EXPECT_EQ(list_events(database_, {.type = "video.live_stream.*"}).value().size(), 2U);
  EXPECT_EQ(list_events(database_, {.type = "*"}).value().size(), 3U);
  EXPECT_EQ(list_events(database_, {.type = "video.live_stream"}).value().size(), 0U);
  EXPECT_EQ(list_events(database_, {.since = clock_.now()}).value().size(), 2U);
  EXPECT_EQ(list_events(database_, {.after = 1, .unhandled_only = true}).value().size(), 1U);
  EXPECT_EQ(list_events(database_, {.newest_first = true, .limit = 1}).value()[0].seq, 3);
}

TEST_F(Events, KeepTheFirstTimeOfHandling) {
  ASSERT_TRUE(append_event(database_, event("k1")).ok());
  const auto first = clock_.now();
  ASSERT_TRUE(mark_event_handled(database_, 1, first).ok());
  clock_.advance(seconds{1});
  ASSERT_TRUE(mark_event_handled(database_, 1, clock_.now()).ok());

  EXPECT_EQ(get_event(database_, 1).value().handled_at, first);
  EXPECT_EQ(mark_event_handled(database_, 2, first).error().kind, ErrorKind::kNotFound);
}

TEST_F(Events, ArePrunedOnlyWhenHandledAndNeverReuseANumber) {
  ASSERT_TRUE(append_event(database_, event("k1")).ok());
  ASSERT_TRUE(append_event(database_, event("k2")).ok());
  ASSERT_TRUE(mark_event_handled(database_, 2, clock_.now()).ok());

  const auto dropped = prune_events(database_, clock_.now() + seconds{1}).value();

  EXPECT_EQ(dropped, 1);
  EXPECT_EQ(append_event(database_, event("k3")).value().seq, 3);
}

}  // namespace
}  // namespace ts::store
