// SPDX-License-Identifier: Apache-2.0
#include "livekit/access_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts::livekit {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(Explain, SaysWhatAbsentFieldsMean) {
  Claims claims{.identity = "me"};
  claims.video = VideoGrant{.room_join = true, .room = "main"};

  const auto words = explain(claims);

  EXPECT_THAT(words.allows, Contains("join room 'main' as 'me'"));
  EXPECT_THAT(words.allows,
              Contains("publish every kind of track (canPublish is absent, which means yes)"));
  EXPECT_THAT(
      words.allows,
      Contains(
          "send data messages (canPublishData is absent, which means the same as canPublish)"));
  EXPECT_THAT(words.denies, Contains(HasSubstr("canUpdateOwnMetadata is absent, which means no")));
  EXPECT_THAT(words.denies, Contains(HasSubstr("roomRecord is absent")));
}

TEST(Explain, SaysThatDataFollowsPublishing) {
  Claims claims{.identity = "me"};
  claims.video = VideoGrant{.room_join = true, .room = "main", .can_publish = false};

  EXPECT_THAT(explain(claims).denies, Contains(HasSubstr("send data messages")));
}

TEST(Explain, NamesWhatTheServerIgnores) {
  const auto ignored = ignored_members(
      R"({"iss":"k","vidoe":{},"video":{"canPublsh":false,"canPublishSources":["camra","camera"]},)"
      R"("sip":{"admin":true,"cal":true},"zzzzzz":1})");

  EXPECT_THAT(ignored,
              testing::UnorderedElementsAre(
                  "the server ignores 'vidoe': it is no claim of LiveKit's; did you mean video?",
                  "the server ignores 'zzzzzz': it is no claim of LiveKit's",
                  "the server ignores 'video.canPublsh': it is no grant of LiveKit's; did you "
                  "mean canPublish?",
                  HasSubstr("'camra'"),
                  "the server ignores 'sip.cal': it is no grant of LiveKit's; did you mean call?"));
  EXPECT_TRUE(ignored_members("[1]").empty());
  EXPECT_TRUE(ignored_members(R"({"video":7,"aud":"x","jti":"y"})").empty());
}

TEST(Explain, OfATokenWithoutGrants) {
  EXPECT_THAT(explain(Claims{}).denies, Contains(HasSubstr("no video grant")));
}

TEST(Explain, KeepsControlCharactersOfForeignTokensOffTheTerminal) {
  Claims claims{.identity = "a\x1b[2J"};
  claims.video = VideoGrant{.room_join = true, .room = "r\n"};

  for (const auto& line : explain(claims).allows) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

TEST(JoinWarnings, NameWhatTheServerWillRefuse) {
  Claims claims{.name = std::string(257, 'n')};
  claims.video = VideoGrant{.room_join = true};

  const auto warnings = join_warnings(claims);

  EXPECT_THAT(warnings, Contains(HasSubstr("no identity")));
  EXPECT_THAT(warnings, Contains(HasSubstr("no room")));
  EXPECT_THAT(warnings, Contains(HasSubstr("name has 257 bytes")));
}

TEST(JoinWarnings, OfARoleAreNone) {
  for (const auto role :
       {Role::kCamera, Role::kSwitcher, Role::kViewer, Role::kOverlay, Role::kAdmin}) {
    Claims claims{.identity = "me"};
    claims.video = role_grant(role, "main");
    EXPECT_TRUE(join_warnings(claims).empty()) << to_string(role);
  }
}

}  // namespace
}  // namespace ts::livekit
