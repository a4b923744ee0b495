// SPDX-License-Identifier: Apache-2.0
#include "serve/webhook_inbox.hpp"

#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ts::serve {
namespace {

using webhook::Provider;

class WebhookInboxTest : public testing::Test {
 protected:
  WebhookInboxTest() {
    InboxOptions options;
    options.credentials[Provider::kMux].secrets.emplace_back("mux-secret");
    auto& livekit = options.credentials[Provider::kLivekit];
    livekit.livekit_key = "APIkey";
    livekit.secrets.emplace_back("livekit-secret");
    inbox_.emplace(database_, clock_, std::move(options));
  }
  webhook::Headers signed_by(std::string_view secret, std::string_view body) {
    return {{"Mux-Signature", webhook::mux_signature(body, Secret(secret), clock_.now())}};
  }

  test::TempDir dir_;
  test::FakeClock clock_;
  store::Database database_ =
      store::Database::open("sqlite://" + (dir_.path() / "ts.sqlite").string(), clock_).value();
  std::optional<WebhookInbox> inbox_;
  const std::string body_ =
      webhook::sample_body(Provider::kMux, "video.asset.ready", clock_.now()).value();
};

TEST_F(WebhookInboxTest, StoresTheExactBytesOfAGenuineDelivery) {
  const auto headers = signed_by("mux-secret", body_);

  const auto receipt = inbox_->receive(Provider::kMux, headers, body_);

  EXPECT_EQ(receipt.status, 200);
  EXPECT_FALSE(receipt.repeated);
  const auto row = store::get_event(database_, receipt.row.seq).value();
  EXPECT_EQ(row.body, body_);
  EXPECT_EQ(row.headers, headers);
  EXPECT_EQ(row.type, "video.asset.ready");
  EXPECT_FALSE(row.handled_at.has_value());
}

TEST_F(WebhookInboxTest, TakesARepetitionOnce) {
  const auto first = inbox_->receive(Provider::kMux, signed_by("mux-secret", body_), body_);
  clock_.advance(seconds{5});

  const auto second = inbox_->receive(Provider::kMux, signed_by("mux-secret", body_), body_);

  EXPECT_EQ(second.status, 200);
  EXPECT_TRUE(second.repeated);
  EXPECT_EQ(second.row.seq, first.row.seq);
  EXPECT_EQ(store::list_events(database_).value().size(), 1U);
}

TEST_F(WebhookInboxTest, StoresNothingThatIsNotGenuine) {
  EXPECT_EQ(inbox_->receive(Provider::kMux, signed_by("wrong", body_), body_).status, 401);
  EXPECT_EQ(inbox_->receive(Provider::kMux, {}, body_).status, 401);
  EXPECT_EQ(inbox_->receive(Provider::kMux, signed_by("mux-secret", "[]"), "[]").status, 422);
  EXPECT_EQ(inbox_->receive(Provider::kLivekit, {}, body_).status, 401);
  EXPECT_EQ(inbox_->receive(Provider::kCloudflare, {}, body_).status, 503)
      << "no secret: the sender is to try again";
  EXPECT_TRUE(store::list_events(database_).value().empty());
}

// "ok" beside a 422 told nobody what was wrong.
TEST_F(WebhookInboxTest, GivesTheReasonWhyAGenuineBodyIsRefused) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "body_empty"},
      {"hello", "body_not_json"},
      {"[]", "body_not_event"},
      {R"({"id":"e1"})", "body_not_event"},
      {"{\"type\":\"\xff\"}", "body_not_utf8"},
  };
  for (const auto& [body, reason] : cases) {
    const auto receipt = inbox_->receive(Provider::kMux, signed_by("mux-secret", body), body);
    EXPECT_EQ(receipt.status, 422) << body;
    EXPECT_FALSE(receipt.verdict.accepted) << body;
    EXPECT_EQ(receipt.verdict.reason, reason) << body;
    EXPECT_EQ(receipt.verdict.detail.find("the signature is right, but "), 0U)
        << receipt.verdict.detail;
  }
}

TEST_F(WebhookInboxTest, RoutesTheProvidersPaths) {
  httpd::Router router;
  inbox_->mount_everywhere(router);
  const auto is_known = [&](const char* path) {
    return router.match("POST", path).allow.empty() &&
           router.match("POST", path).max_body_bytes == webhook::kMaxBodyBytes;
  };
  EXPECT_TRUE(is_known("/api/livekit/webhook"));
  EXPECT_TRUE(is_known("/api/webhooks/mux"));
  EXPECT_TRUE(is_known("/api/webhooks/livekit"));
  EXPECT_TRUE(is_known("/api/webhooks/cloudflare"));
  EXPECT_TRUE(is_known("/any/other/path"));
}

}  // namespace
}  // namespace ts::serve
