// SPDX-License-Identifier: Apache-2.0
#include "core/thread_name.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

namespace ts {
namespace {

std::string named(std::string_view name) {
  std::string out;
  std::thread([&] {
    name_this_thread(name);
    std::array<char, 32> text{};
    ASSERT_EQ(pthread_getname_np(pthread_self(), text.data(), text.size()), 0);
    out = text.data();
  }).join();
  return out;
}

TEST(ThreadName, IsWhatTheSystemSays) { EXPECT_EQ(named("camera-1"), "camera-1"); }

TEST(ThreadName, IsCutToFifteenBytes) { EXPECT_EQ(named("rtmp://host/app/x"), "rtmp://host/app"); }

TEST(ThreadName, IsNeverCutWithinACharacter) { EXPECT_EQ(named("Kapelle Südüüü"), "Kapelle Südü"); }

}  // namespace
}  // namespace ts
