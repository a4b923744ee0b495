// SPDX-License-Identifier: Apache-2.0
#include "core/bounded_queue.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(BoundedQueue, RefusesAndCountsWhenFull) {
  BoundedQueue<int> queue(1);

  EXPECT_TRUE(queue.try_push(1));
  EXPECT_FALSE(queue.try_push(2));
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_EQ(queue.try_pop(), 1);
}

TEST(BoundedQueue, MakesRoomByDroppingTheOldest) {
  BoundedQueue<int> queue(2);
  for (int i = 0; i < 5; ++i) queue.push_drop_oldest(i);

  EXPECT_EQ(queue.dropped(), 3U);
  EXPECT_EQ(queue.try_pop(), 3);
  EXPECT_EQ(queue.try_pop(), 4);
}

TEST(BoundedQueue, DrainsAfterClose) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.try_push(7));
  queue.close();

  EXPECT_EQ(queue.pop({}), 7);
  EXPECT_EQ(queue.pop({}), std::nullopt);
}

}  // namespace
}  // namespace ts
