// SPDX-License-Identifier: Apache-2.0
#include "store/refs.hpp"

#include "store_fixture.hpp"

namespace ts::store {
namespace {

class Refs : public StoreTest {
 protected:
  Database database_ = open();
};

TEST_F(Refs, GiveTheSameObjectForTheSameKeyAndRequest) {
  ASSERT_TRUE(claim_ref(database_, "mux.live_stream", "finals", "f1", clock_.now()).value().is_new);
  ASSERT_TRUE(complete_ref(database_, "mux.live_stream", "finals", "L1", R"({"id":"L1"})").ok());

  const auto again = claim_ref(database_, "mux.live_stream", "finals", "f1", clock_.now()).value();

  EXPECT_FALSE(again.is_new);
  EXPECT_FALSE(again.ref.pending());
  EXPECT_EQ(again.ref.object_id, "L1");
  EXPECT_EQ(again.ref.result, R"({"id":"L1"})");
}

TEST_F(Refs, RefuseTheSameKeyForAnotherRequest) {
  ASSERT_TRUE(claim_ref(database_, "mux.live_stream", "finals", "f1", clock_.now()).ok());

  const auto other = claim_ref(database_, "mux.live_stream", "finals", "f2", clock_.now());

  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(other.error().hint, "choose another --ref, or repeat the first request unchanged");
}

TEST_F(Refs, ArePendingUntilTheMakerReports) {
  ASSERT_TRUE(claim_ref(database_, "a", "k", "f", clock_.now()).ok());

  const auto crashed = claim_ref(database_, "a", "k", "f", clock_.now()).value();

  EXPECT_FALSE(crashed.is_new);
  EXPECT_TRUE(crashed.ref.pending());
}

TEST_F(Refs, AreSeparateByScopeAndFreeOnceReleased) {
  ASSERT_TRUE(claim_ref(database_, "a", "k", "f", clock_.now()).ok());
  ASSERT_TRUE(claim_ref(database_, "b", "k", "g", clock_.now()).value().is_new);

  ASSERT_TRUE(release_ref(database_, "a", "k").ok());

  EXPECT_FALSE(find_ref(database_, "a", "k").value().has_value());
  EXPECT_TRUE(find_ref(database_, "b", "k").value().has_value());
  EXPECT_TRUE(claim_ref(database_, "a", "k", "f2", clock_.now()).value().is_new);
}

TEST_F(Refs, KeepTheirObject) {
  ASSERT_TRUE(claim_ref(database_, "a", "k", "f", clock_.now()).ok());
  ASSERT_TRUE(complete_ref(database_, "a", "k", "one", "{}").ok());

  EXPECT_TRUE(complete_ref(database_, "a", "k", "one", "{}").ok());
  EXPECT_EQ(complete_ref(database_, "a", "k", "two", "{}").error().kind, ErrorKind::kConflict);
  EXPECT_EQ(complete_ref(database_, "a", "x", "two", "{}").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace ts::store
