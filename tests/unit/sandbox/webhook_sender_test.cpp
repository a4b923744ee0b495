// SPDX-License-Identifier: Apache-2.0
#include "sandbox/webhook_sender.hpp"

#include "livekit/access_token.hpp"
#include "support/fake_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>

namespace ts::sandbox {
namespace {

using testing::ElementsAre;

/// Answers each delivery as told by its type and remembers the order.
class Receiver final : public net::HttpTransport {
 public:
  using Answer = std::function<int(const std::string& body, int attempt)>;
  explicit Receiver(Answer answer) : answer_(std::move(answer)) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    bodies_.push_back(request.body);
    headers_.push_back(request.headers);
    net::HttpResponse response;
    response.status = answer_(request.body, ++attempts_[request.body]);
    changed_.notify_all();
    return response;
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{10},
                             [&] { return bodies_.size() >= count; });
  }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  std::string header(std::size_t index, std::string_view name) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, value] : headers_[index]) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  Answer answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> bodies_;
  std::vector<net::Headers> headers_;
  std::map<std::string, int> attempts_;
};

WebhookSender::Options to(std::string url) {
  WebhookSender::Options options;
  options.urls.push_back(std::move(url));
  options.livekit_key = "APIkey";
  options.livekit_secret = Secret("a-secret-of-thirty-two-characters");
  options.mux_secret = Secret("mux-secret");
  options.cloudflare_secret = Secret("cloudflare-secret");
  return options;
}

TEST(WebhookSender, KeepsTheOrderWithinAQueue) {
  Receiver receiver([](const std::string&, int) { return 200; });
  SystemClock clock;
  Log log;
  WebhookSender sender(to("http://127.0.0.1:1/"), receiver, clock, log);

  for (const auto* body : {"1", "2", "3", "4"}) {
    sender.post({.vendor = Vendor::kLiveKit, .queue = "room", .type = "t", .body = body});
  }

  ASSERT_TRUE(receiver.wait_for(4));
  EXPECT_THAT(receiver.bodies(), ElementsAre("1", "2", "3", "4"));
}

TEST(WebhookSender, TriesAgainBeforeTheNextOfTheSameQueue) {
  Receiver receiver([](const std::string& body, int attempt) {
    return body == "first" && attempt == 1 ? 503 : 200;
  });
  SystemClock clock;
  Log log;
  WebhookSender sender(to("http://127.0.0.1:1/"), receiver, clock, log);

  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "first"});
  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "second"});

  ASSERT_TRUE(receiver.wait_for(3));
  EXPECT_THAT(receiver.bodies(), ElementsAre("first", "first", "second"));
}

TEST(WebhookSender, DoesNotLetOneQueueHoldUpAnother) {
  Receiver receiver([](const std::string& body, int) { return body == "stuck" ? 503 : 200; });
  SystemClock clock;
  Log log;
  WebhookSender sender(to("http://127.0.0.1:1/"), receiver, clock, log);

  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "stuck"});
  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "behind"});
  sender.post({.vendor = Vendor::kLiveKit, .queue = "b", .type = "t", .body = "free"});

  ASSERT_TRUE(receiver.wait_for(2));
  EXPECT_THAT(receiver.bodies(), testing::UnorderedElementsAre("stuck", "free"));
}

TEST(WebhookSender, TakesALiveKit4xxForDelivered) {
  Receiver receiver([](const std::string&, int) { return 404; });
  SystemClock clock;
  Log log;
  WebhookSender sender(to("http://127.0.0.1:1/"), receiver, clock, log);

  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "1"});
  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "2"});

  ASSERT_TRUE(receiver.wait_for(2));
  EXPECT_THAT(receiver.bodies(), ElementsAre("1", "2"));
}

TEST(WebhookSender, SignsAsEachVendorDoes) {
  Receiver receiver([](const std::string&, int) { return 200; });
  test::FakeClock clock;
  Log log;
  WebhookSender sender(to("http://127.0.0.1:1/"), receiver, clock, log);

  sender.post({.vendor = Vendor::kLiveKit, .queue = "a", .type = "t", .body = "{}"});
  ASSERT_TRUE(receiver.wait_for(1));
  sender.post({.vendor = Vendor::kMux, .queue = "mux", .type = "t", .body = "{}"});
  ASSERT_TRUE(receiver.wait_for(2));

  const auto verdict =
      livekit::verify_token(receiver.header(0, "Authorization"), "APIkey",
                            Secret("a-secret-of-thirty-two-characters"), clock.now());
  EXPECT_TRUE(verdict.accepted()) << verdict.detail;
  EXPECT_EQ(verdict.claims.sha256, "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=");
  EXPECT_EQ(receiver.header(1, "Mux-Signature").substr(0, 16), "t=1700000000,v1=");
}

TEST(WebhookSender, SendsToSubscriptionsToo) {
  Receiver receiver([](const std::string&, int) { return 200; });
  SystemClock clock;
  Log log;
  WebhookSender sender(to("http://127.0.0.1:1/"), receiver, clock, log);
  WebhookEndpoints mine{.vendor = Vendor::kCloudflare};
  mine.endpoints.push_back({.url = "http://127.0.0.1:2/", .secret = Secret("own")});
  sender.subscribe(std::move(mine));

  // A notification goes to the account's own addresses only, an event to the subscription as well.
  sender.post({.vendor = Vendor::kCloudflare,
               .queue = "i",
               .type = "t",
               .body = "notification",
               .notification = true});
  sender.post({.vendor = Vendor::kCloudflare, .queue = "v", .type = "t", .body = "event"});
  sender.post({.vendor = Vendor::kMux, .queue = "m", .type = "t", .body = "mux"});

  ASSERT_TRUE(receiver.wait_for(4));
  EXPECT_THAT(receiver.bodies(),
              testing::UnorderedElementsAre("notification", "event", "event", "mux"));
}

}  // namespace
}  // namespace ts::sandbox
