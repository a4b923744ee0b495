// SPDX-License-Identifier: Apache-2.0
#include "store/sessions.hpp"

#include "store_fixture.hpp"

#include "store/leases.hpp"

namespace ts::store {
namespace {

class Sessions : public StoreTest {
 protected:
  Session make(const std::string& id, const std::string& name) {
    return create_session(
               database_,
               {.id = id, .name = name, .show_path = "/shows/a.json", .state = "planned"},
               clock_.now())
        .value();
  }
  Database database_ = open();
};

TEST_F(Sessions, KeepWhatTheyWereMadeWith) {
  const auto made = make("s1", "wedding");

  const auto session = get_session(database_, "s1").value();

  EXPECT_EQ(session.name, "wedding");
  EXPECT_EQ(session.show_path, "/shows/a.json");
  EXPECT_EQ(session.state, "planned");
  EXPECT_EQ(session.details, "{}");
  EXPECT_EQ(session.created_at, clock_.now());
  EXPECT_EQ(session.created_at, made.created_at);
  EXPECT_FALSE(session.closed_at.has_value());
}

TEST_F(Sessions, AllowOneOpenSessionPerShow) {
  make("s1", "wedding");

  const auto second = create_session(database_, {.id = "s2", .name = "wedding"}, clock_.now());

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.error().message, "show 'wedding' has an open session (s1, planned)");
  EXPECT_EQ(second.error().hint, "run ts live end wedding");
}

TEST_F(Sessions, FreeTheShowsNameWhenClosed) {
  make("s1", "wedding");
  ASSERT_TRUE(close_session(database_, "s1", "ended", clock_.now()).ok());

  make("s2", "wedding");

  EXPECT_EQ(latest_session(database_, "wedding").value().id, "s2");
  EXPECT_EQ(get_session(database_, "s1").value().state, "ended");
}

TEST_F(Sessions, KeepTheFirstTimeOfClosing) {
  make("s1", "wedding");
  const auto closed = clock_.now();
  ASSERT_TRUE(close_session(database_, "s1", "ended", closed).ok());
  clock_.advance(seconds{5});

  ASSERT_TRUE(close_session(database_, "s1", "ended", clock_.now()).ok());

  EXPECT_EQ(get_session(database_, "s1").value().closed_at, closed);
}

TEST_F(Sessions, RefuseAnIdTwice) {
  make("s1", "wedding");

  EXPECT_EQ(create_session(database_, {.id = "s1", .name = "x"}, clock_.now()).error().kind,
            ErrorKind::kConflict);
}

TEST_F(Sessions, SayWhichOneDoesNotExist) {
  EXPECT_EQ(get_session(database_, "nope").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(latest_session(database_, "nope").error().hint, "run ts live list");
  EXPECT_EQ(update_session(database_, "nope", "x", "{}", clock_.now()).error().kind,
            ErrorKind::kNotFound);
  EXPECT_EQ(append_journal(database_, "nope", "a", "b", "{}", clock_.now()).error().kind,
            ErrorKind::kNotFound);
}

TEST_F(Sessions, AreListedOpenOnesFirstThenNewest) {
  make("s1", "a");
  ASSERT_TRUE(close_session(database_, "s1", "ended", clock_.now()).ok());
  clock_.advance(seconds{1});
  make("s2", "b");
  clock_.advance(seconds{1});
  make("s3", "a");
  ASSERT_TRUE(close_session(database_, "s3", "ended", clock_.now()).ok());

  const auto all = list_sessions(database_).value();
  const auto open = list_sessions(database_, {.open_only = true}).value();

  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].id, "s2");
  EXPECT_EQ(all[1].id, "s3");
  EXPECT_EQ(all[2].id, "s1");
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(latest_session(database_, "a").value().id, "s3");
}

TEST_F(Sessions, TakeHostileTextAsText) {
  const std::string name = "x'); DROP TABLE ts_session; --\n\xff";
  make("s1", name);

  EXPECT_EQ(get_session(database_, "s1").value().name, name);
}

class Journal : public Sessions {};

TEST_F(Journal, NumbersItsEntriesWithoutGapsPerSession) {
  make("s1", "a");
  make("s2", "b");

  EXPECT_EQ(append_journal(database_, "s1", "create_stream", "intent", "{}", clock_.now()).value(),
            1);
  EXPECT_EQ(append_journal(database_, "s2", "create_stream", "intent", "{}", clock_.now()).value(),
            1);
  EXPECT_EQ(append_journal(database_, "s1", "create_stream", "done", R"({"id":"x"})", clock_.now())
                .value(),
            2);
  const auto entries = read_journal(database_, "s1").value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].seq, 2);
  EXPECT_EQ(entries[1].step, "create_stream");
  EXPECT_EQ(entries[1].kind, "done");
  EXPECT_EQ(entries[1].payload, R"({"id":"x"})");
  EXPECT_EQ(entries[1].time, clock_.now());
}

TEST_F(Journal, IsReadFromAPlaceOn) {
  make("s1", "a");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(append_journal(database_, "s1", "x", "note", "{}", clock_.now()).ok());
  }

  const auto entries = read_journal(database_, "s1", 2, 2).value();

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].seq, 3);
}

TEST_F(Journal, RefusesARunnerThatWasTakenOverWhileItSlept) {
  make("s1", "a");
  const auto sleeper = acquire_lease(database_, "a", clock_.now()).value();
  auto other = LeaseOwner::this_process();
  other.pid = 1;
  const auto taken =
      acquire_lease(database_, "a", clock_.now(), {.owner = other, .take_over = true}).value();

  const auto late =
      append_journal(database_, "s1", "x", "note", "{}", clock_.now(), sleeper.as_fence());
  const auto update =
      update_session(database_, "s1", "live", "{}", clock_.now(), sleeper.as_fence());
  const auto good =
      append_journal(database_, "s1", "x", "note", "{}", clock_.now(), taken.as_fence());

  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(late.error().code, "fenced");
  EXPECT_EQ(update.error().code, "fenced");
  EXPECT_EQ(good.value(), 1);
}

}  // namespace
}  // namespace ts::store
