// SPDX-License-Identifier: Apache-2.0
#include "mux/same.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::mux {
namespace {

using testing::HasSubstr;

LiveStream public_stream() {
  LiveStream out;
  out.id = "L";
  out.playback_ids.push_back(
      {.id = "P", .policy = PlaybackPolicy::kPublic, .policy_text = "public"});
  return out;
}

TEST(CheckSame, NamesEveryDifferenceAndTheStream) {
  LiveStream found = public_stream();
  found.reconnect_window_s = 60;
  NewLiveStream wish;
  wish.playback_policies = {PlaybackPolicy::kSigned};
  wish.reconnect_window = std::chrono::seconds{120};
  wish.latency = LatencyMode::kLow;

  const Status same = check_same(wish, {}, found, "sunday");

  ASSERT_FALSE(same.ok());
  EXPECT_EQ(same.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(same.error().code, "ref_mismatch");
  EXPECT_EQ(same.error().message,
            "ref 'sunday' belongs to L, which differs: its policy is public, its latency is "
            "standard, its reconnect window is 60 s");
  EXPECT_THAT(same.error().hint, HasSubstr("ts mux get L"));
}

TEST(CheckSame, ComparesNoDefaultOfOurs) {
  LiveStream found = public_stream();
  found.reconnect_window_s = 5;
  NewLiveStream wish;
  wish.playback_policies = {PlaybackPolicy::kSigned};

  EXPECT_TRUE(
      check_same(wish, {.policies = false, .reconnect_window = false}, found, "sunday").ok());
}

TEST(CheckSame, HoldsNothingAgainstAWindowThatTheAnswerLeavesOut) {
  NewLiveStream wish;
  wish.reconnect_window = std::chrono::seconds{120};

  EXPECT_TRUE(check_same(wish, {}, public_stream(), "sunday").ok());
}

TEST(SameTarget, ComparesKeysWhereTheAnswerTellsThem) {
  NewSimulcastTarget wish{.url = "rtmps://h/app", .stream_key = StreamKey("one")};

  EXPECT_TRUE(same_target({.url = "rtmps://h/app"}, wish));
  EXPECT_TRUE(same_target({.url = "rtmps://h/app", .stream_key = StreamKey("one")}, wish));
  EXPECT_FALSE(same_target({.url = "rtmps://h/app", .stream_key = StreamKey("two")}, wish));
  EXPECT_FALSE(same_target({.url = "rtmps://other/app"}, wish));
}

TEST(PoliciesText, NamesEachPolicyOnce) {
  const std::vector<PlaybackId> ids{{.id = "A", .policy_text = "public"},
                                    {.id = "B", .policy_text = "public"},
                                    {.id = "C", .policy_text = "signed"}};

  EXPECT_EQ(policies_text(ids), "public, signed");
}

}  // namespace
}  // namespace ts::mux
