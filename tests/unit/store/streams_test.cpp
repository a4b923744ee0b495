// SPDX-License-Identifier: Apache-2.0
#include "store/streams.hpp"

#include "store_fixture.hpp"

namespace ts::store {
namespace {

class Streams : public StoreTest {
 protected:
  Database database_ = open();
};

TEST_F(Streams, KeepTheirPlaybackIdsInOrder) {
  ASSERT_TRUE(
      put_stream(database_,
                 {.provider = "mux",
                  .id = "L1",
                  .session_id = "s1",
                  .ref = "finals",
                  .passthrough = "op-1",
                  .status = "idle",
                  .playback = {{.id = "P2", .policy = "signed"}, {.id = "P1", .policy = "public"}}},
                 clock_.now())
          .ok());

  const auto stream = get_stream(database_, "mux", "L1").value();

  ASSERT_EQ(stream.playback.size(), 2U);
  EXPECT_EQ(stream.playback[0].id, "P2");
  EXPECT_EQ(stream.playback[0].policy, "signed");
  EXPECT_EQ(stream.passthrough, "op-1");
  EXPECT_EQ(stream.session_id, "s1");
}

TEST_F(Streams, AreReplacedAsAWholeButKeepTheirAge) {
  const auto born = clock_.now();
  ASSERT_TRUE(put_stream(database_, {.provider = "mux", .id = "L1", .playback = {{.id = "P1"}}},
                         clock_.now())
                  .ok());
  clock_.advance(seconds{9});

  ASSERT_TRUE(
      put_stream(database_, {.provider = "mux", .id = "L1", .status = "active"}, clock_.now())
          .ok());

  const auto stream = get_stream(database_, "mux", "L1").value();
  EXPECT_TRUE(stream.playback.empty());
  EXPECT_EQ(stream.status, "active");
  EXPECT_EQ(stream.created_at, born);
  EXPECT_EQ(stream.updated_at, clock_.now());
}

TEST_F(Streams, AreFoundByTheirRefWhichIsUniquePerProvider) {
  ASSERT_TRUE(
      put_stream(database_, {.provider = "mux", .id = "L1", .ref = "finals"}, clock_.now()).ok());
  ASSERT_TRUE(
      put_stream(database_, {.provider = "cloudflare", .id = "C1", .ref = "finals"}, clock_.now())
          .ok());

  const auto second =
      put_stream(database_, {.provider = "mux", .id = "L2", .ref = "finals"}, clock_.now());

  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(find_stream_by_ref(database_, "mux", "finals").value()->id, "L1");
  EXPECT_FALSE(find_stream_by_ref(database_, "mux", "other").value().has_value());
  EXPECT_FALSE(find_stream_by_ref(database_, "mux", "").value().has_value());
}

TEST_F(Streams, AreListedByProviderAndForgotten) {
  ASSERT_TRUE(put_stream(database_, {.provider = "mux", .id = "L1", .playback = {{.id = "P"}}},
                         clock_.now())
                  .ok());
  ASSERT_TRUE(put_stream(database_, {.provider = "cloudflare", .id = "C1"}, clock_.now()).ok());

  ASSERT_TRUE(forget_stream(database_, "mux", "L1").ok());

  EXPECT_EQ(list_streams(database_, {.provider = "mux"}).value().size(), 0U);
  EXPECT_EQ(list_streams(database_).value().size(), 1U);
  EXPECT_EQ(get_stream(database_, "mux", "L1").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(set_stream_status(database_, "mux", "L1", "idle", clock_.now()).error().kind,
            ErrorKind::kNotFound);
}

}  // namespace
}  // namespace ts::store
