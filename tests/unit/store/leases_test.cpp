// SPDX-License-Identifier: Apache-2.0
#include "store/leases.hpp"

#include "store_fixture.hpp"

namespace ts::store {
namespace {

class Leases : public StoreTest {
 protected:
  /// A process of this machine that is certainly alive and not this one.
  static LeaseOwner living() {
    auto owner = LeaseOwner::this_process();
    owner.pid = 1;
    owner.start_ticks = process_start_ticks(1).value_or(0);
    return owner;
  }
  static LeaseOwner dead() {
    auto owner = LeaseOwner::this_process();
    owner.start_ticks += 1;  // this process's number, but an earlier process
    return owner;
  }
  static LeaseOwner elsewhere() {
    auto owner = LeaseOwner::this_process();
    owner.host = "another-host.invalid";
    return owner;
  }

  Database database_ = open();
};

TEST_F(Leases, AreGivenToOneOwnerAtATime) {
  ASSERT_TRUE(acquire_lease(database_, "show", clock_.now(), {.owner = living()}).ok());

  const auto second = acquire_lease(database_, "show", clock_.now());

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.error().code, "leased");
  EXPECT_NE(second.error().message.find("show 'show' is run by process 1 on "), std::string::npos);
  EXPECT_EQ(second.error().hint, "see ts live status show; ts live end show ends it");
}

TEST_F(Leases, AreTakenFromAProcessThatIsGone) {
  const auto first = acquire_lease(database_, "show", clock_.now(), {.owner = dead()}).value();

  const auto second = acquire_lease(database_, "show", clock_.now()).value();

  EXPECT_GT(second.fence, first.fence);
  EXPECT_EQ(renew_lease(database_, first, clock_.now()).error().code, "fenced");
}

TEST_F(Leases, OfALivingProcessOfThisHostNeverExpireByThemselves) {
  ASSERT_TRUE(acquire_lease(database_, "show", clock_.now(), {.owner = living()}).ok());
  clock_.advance(std::chrono::hours{48});

  EXPECT_EQ(acquire_lease(database_, "show", clock_.now()).error().code, "leased");
}

TEST_F(Leases, OfAnotherHostExpireWithTheirHeartbeat) {
  const auto far = acquire_lease(database_, "show", clock_.now(), {.owner = elsewhere()}).value();
  clock_.advance(seconds{29});
  ASSERT_TRUE(renew_lease(database_, far, clock_.now()).ok());
  clock_.advance(seconds{30});
  ASSERT_EQ(acquire_lease(database_, "show", clock_.now()).error().code, "leased");
  clock_.advance(seconds{1});

  EXPECT_TRUE(acquire_lease(database_, "show", clock_.now()).ok());
}

TEST_F(Leases, CanBeTakenOverOnPurpose) {
  ASSERT_TRUE(acquire_lease(database_, "show", clock_.now(), {.owner = living()}).ok());

  const auto taken = acquire_lease(database_, "show", clock_.now(), {.take_over = true});

  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken.value().fence, 2);
  EXPECT_EQ(find_lease(database_, "show").value()->owner, LeaseOwner::this_process());
}

TEST_F(Leases, AreTheSameWhenTheirOwnerAsksAgain) {
  const auto first = acquire_lease(database_, "show", clock_.now()).value();
  clock_.advance(seconds{1});

  const auto again =
      acquire_lease(database_, "show", clock_.now(), {.details = R"({"control":"/x"})"}).value();

  EXPECT_EQ(again.fence, first.fence);
  EXPECT_EQ(again.acquired_at, first.acquired_at);
  EXPECT_EQ(find_lease(database_, "show").value()->details, R"({"control":"/x"})");
}

TEST_F(Leases, KeepCountingAfterTheyWereReleased) {
  const auto first = acquire_lease(database_, "show", clock_.now()).value();
  ASSERT_TRUE(release_lease(database_, first).ok());
  EXPECT_FALSE(find_lease(database_, "show").value().has_value());
  EXPECT_TRUE(list_leases(database_).value().empty());

  const auto second = acquire_lease(database_, "show", clock_.now()).value();

  EXPECT_EQ(second.fence, first.fence + 1);
}

TEST_F(Leases, AreNotReleasedByAFormerOwner) {
  const auto former = acquire_lease(database_, "show", clock_.now(), {.owner = dead()}).value();
  ASSERT_TRUE(acquire_lease(database_, "show", clock_.now()).ok());

  ASSERT_TRUE(release_lease(database_, former).ok());

  EXPECT_TRUE(find_lease(database_, "show").value().has_value());
}

}  // namespace
}  // namespace ts::store
