// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include "core/result.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(ExitCode, FollowsTheContract) {
  EXPECT_EQ(exit_code(ErrorKind::kInternal), 70);
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kConfig), 3);
  EXPECT_EQ(exit_code(ErrorKind::kAuth), 4);
  EXPECT_EQ(exit_code(ErrorKind::kNotFound), 5);
  EXPECT_EQ(exit_code(ErrorKind::kConflict), 6);
  EXPECT_EQ(exit_code(ErrorKind::kRemote), 7);
  EXPECT_EQ(exit_code(ErrorKind::kPending), 8);
  EXPECT_EQ(exit_code(ErrorKind::kDeadline), 9);
  EXPECT_EQ(exit_code(ErrorKind::kCheckFailed), 10);
  EXPECT_EQ(exit_code(ErrorKind::kPartial), 11);
  EXPECT_EQ(exit_code(ErrorKind::kMedia), 12);
  EXPECT_EQ(exit_code(ErrorKind::kUnconfirmed), 13);
  EXPECT_EQ(exit_code(ErrorKind::kInterrupted), 130);
  EXPECT_EQ(exit_code(ErrorKind::kTerminated), 143);
}

TEST(Shorten, KeepsCharactersWholeAndOnOneLine) {
  EXPECT_EQ(shorten("a\nb", 10), "a b");
  EXPECT_EQ(shorten("abc\xC3\xA9", 4), "abc...");
}

Status fails() { return Error{.kind = ErrorKind::kRemote, .message = "no answer"}; }
Status tries() {
  TS_CHECK(fails().with_context("start egress"));
  return ok_status();
}

TEST(Result, ContextIsPutBeforeTheMessage) {
  EXPECT_EQ(tries().error().message, "start egress: no answer");
}

}  // namespace
}  // namespace ts
