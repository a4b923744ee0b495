// SPDX-License-Identifier: Apache-2.0
#include "live/session.hpp"

#include "store/leases.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ts::live {
namespace {

class SessionTest : public testing::Test {
 protected:
  /// Nothing can be written any more, as on a full disk.
  void break_store() {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open((folder_.path() / "ts.sqlite").c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, "DROP TABLE ts_journal; DROP TABLE ts_session", nullptr, nullptr,
                           nullptr),
              SQLITE_OK);
    sqlite3_close(raw);
  }
  Session begin() {
    return Session::begin(database_, clock_, "service", "/show.json",
                          [this](const StepEvent& event) { said_.push_back(event.text); })
        .value();
  }

  test::TempDir folder_;
  test::FakeClock clock_;
  store::Database database_ =
      store::Database::open("sqlite://" + (folder_.path() / "ts.sqlite").string(), clock_).value();
  std::vector<std::string> said_;
};

TEST_F(SessionTest, BeforeItIsLiveWhatCannotBeRecordedIsNotDone) {
  Session session = begin();
  break_store();
  bool ran = false;

  const Status step = session.step("make", "make it", [&]() -> Status {
    ran = true;
    return ok_status();
  });

  EXPECT_FALSE(step.ok());
  EXPECT_FALSE(ran) << "nobody would know what there is to end";
}

TEST_F(SessionTest, OnAirAStoreThatCannotBeWrittenIsToldOnceAndEndsNothing) {
  Session session = begin();
  session.go_on_without_store();
  break_store();
  bool ran = false;

  const Status step = session.step("mend", "mend it", [&]() -> Status {
    ran = true;
    return ok_status();
  });

  EXPECT_TRUE(step.ok());
  EXPECT_TRUE(ran);
  EXPECT_TRUE(session.save().ok());
  const auto end = session.end_requested();
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end.value());
  EXPECT_EQ(std::count_if(said_.begin(), said_.end(),
                          [](const std::string& text) {
                            return text.find("cannot be written") != std::string::npos;
                          }),
            1);
}

TEST_F(SessionTest, OnAirALostLeaseStillEndsIt) {
  Session session = begin();
  session.go_on_without_store();
  ASSERT_TRUE(store::acquire_lease(
                  database_, "service", clock_.now(),
                  {.owner = {.host = "other", .boot_id = "b", .pid = 1}, .take_over = true})
                  .ok());

  const Status beat = session.heartbeat();

  ASSERT_FALSE(beat.ok());
  EXPECT_EQ(beat.error().code, "fenced");
}

}  // namespace
}  // namespace ts::live
