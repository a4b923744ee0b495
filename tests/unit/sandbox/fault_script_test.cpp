// SPDX-License-Identifier: Apache-2.0
#include "sandbox/fault_script.hpp"

#include <gtest/gtest.h>

namespace ts::sandbox {
namespace {

httpd::Request post(std::string path) { return {.method = "POST", .path = std::move(path)}; }

struct Served {
  int count = 0;
  httpd::Response operator()() {
    ++count;
    return httpd::Response::json(200, "{\"a\":1}");
  }
};

TEST(FaultScript, HitsAsManyMatchingCallsAsItSays) {
  FaultScript script;
  Served served;
  ASSERT_TRUE(script.add("503@CreateRoom*2").ok());
  const auto status = [&](const char* path) {
    return script.run(post(path), std::ref(served)).status;
  };

  EXPECT_EQ(status("/twirp/livekit.RoomService/ListRooms"), 200);
  EXPECT_EQ(status("/twirp/livekit.RoomService/CreateRoom"), 503);
  EXPECT_EQ(status("/twirp/livekit.RoomService/CreateRoom"), 503);
  EXPECT_EQ(status("/twirp/livekit.RoomService/CreateRoom"), 200);
  EXPECT_EQ(served.count, 2);
  EXPECT_TRUE(script.describe().empty());
}

TEST(FaultScript, TellsWhenToComeBack) {
  FaultScript script;
  Served served;
  ASSERT_TRUE(script.add("429=2").ok());

  const auto answer = script.run(post("/video/v1/live-streams"), std::ref(served));

  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.headers.get("Retry-After"), "2");
  EXPECT_EQ(served.count, 0);
}

TEST(FaultScript, NamesTheTwirpCodeOfTheStatus) {
  for (const auto& [status, code] :
       {std::pair("401", "unauthenticated"), std::pair("403", "permission_denied"),
        std::pair("404", "not_found"), std::pair("429", "resource_exhausted"),
        std::pair("400", "invalid_argument"), std::pair("500", "internal"),
        std::pair("503", "unavailable")}) {
    FaultScript script;
    Served served;
    ASSERT_TRUE(script.add(status).ok());

    const auto answer = script.run(post("/twirp/livekit.RoomService/CreateRoom"), std::ref(served));

    EXPECT_TRUE(answer.body.starts_with(std::string("{\"code\":\"") + code + "\",")) << answer.body;
  }
}

TEST(FaultScript, ResetsBeforeOrAfterTheCallIsCarriedOut) {
  FaultScript script;
  Served served;
  ASSERT_TRUE(script.add("reset, apply-reset").ok());

  const auto before = script.run(post("/x"), std::ref(served));
  EXPECT_EQ(before.fault.kind, httpd::Fault::Kind::kReset);
  EXPECT_EQ(served.count, 0);
  const auto after = script.run(post("/x"), std::ref(served));

  EXPECT_EQ(after.fault.kind, httpd::Fault::Kind::kReset);
  EXPECT_EQ(served.count, 1);
}

TEST(FaultScript, DelaysTruncatesAndChangesTheType) {
  FaultScript script;
  Served served;
  ASSERT_TRUE(script.add("slow=3s,truncate,content-type").ok());

  EXPECT_EQ(script.run(post("/x"), std::ref(served)).fault.delay, seconds{3});
  EXPECT_EQ(script.run(post("/x"), std::ref(served)).fault.kind, httpd::Fault::Kind::kTruncate);
  EXPECT_EQ(script.run(post("/x"), std::ref(served)).headers.get("Content-Type").substr(0, 9),
            "text/html");
}

TEST(FaultScript, KeepsWhatIsForEveryCall) {
  FaultScript script;
  Served served;
  ASSERT_TRUE(script.add("401@/video/*all").ok());

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(script.run(post("/video/v1/assets"), std::ref(served)).status, 401);
  }
  EXPECT_EQ(script.describe().size(), 1U);
}

TEST(FaultScript, RefusesWhatIsNoFaultAndAddsNothing) {
  for (const auto* spec : {"503,boom", "200", "slow=fast", "503*0", "reset=1", "429=soon"}) {
    FaultScript script;

    const auto added = script.add(spec);

    ASSERT_FALSE(added.ok()) << spec;
    EXPECT_EQ(added.error().kind, ErrorKind::kUsage) << spec;
    EXPECT_TRUE(script.describe().empty()) << spec;
  }
}

}  // namespace
}  // namespace ts::sandbox
