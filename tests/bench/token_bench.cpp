// SPDX-License-Identifier: Apache-2.0
// Tokens and webhooks in-process. sdk_bench.mjs does the same work with the vendors' SDKs;
// scripts/bench_tokens.sh runs both and compares.
#include "livekit/access_token.hpp"
#include "webhook/event.hpp"
#include "webhook/webhook.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

namespace ts {
namespace {

constexpr std::string_view kKey = "APIbench";
constexpr WallTime kNow{std::chrono::seconds{1760000000}};

const Secret& secret() {
  static const Secret value("a-secret-of-at-least-thirty-two-bytes");
  return value;
}

livekit::TokenRequest request() {
  livekit::TokenRequest made;
  made.claims.identity = "cam-1";
  made.claims.name = "Front camera";
  made.claims.metadata = R"({"role":"camera","slot":1})";
  made.claims.attributes = {{"slot", "1"}};
  made.claims.video = livekit::role_grant(livekit::Role::kCamera, "main");
  return made;
}

webhook::Credentials credentials() {
  webhook::Credentials made{.livekit_key = std::string(kKey)};
  made.secrets.push_back(secret().clone());
  return made;
}

std::string sample(webhook::Provider provider, std::string_view type) {
  return webhook::sample_body(provider, type, kNow).value();
}

/// A benchmark of something that fails measures nothing.
void require(bool condition) {
  if (!condition) std::abort();
}

void token_sign(benchmark::State& state) {
  const auto wanted = request();
  for (auto _ : state) {
    const auto token = livekit::sign_token(wanted, kKey, secret(), kNow);
    require(token.ok());
    benchmark::DoNotOptimize(token.value().jwt.data());
  }
}
BENCHMARK(token_sign);

void token_verify(benchmark::State& state) {
  const auto token = livekit::sign_token(request(), kKey, secret(), kNow).value().jwt;
  for (auto _ : state) {
    const auto verdict = livekit::verify_token(token, kKey, secret(), kNow);
    require(verdict.accepted());
    benchmark::DoNotOptimize(verdict.claims.identity.data());
  }
}
BENCHMARK(token_verify);

void verify_webhook(benchmark::State& state, webhook::Provider provider, const char* type) {
  const auto body = sample(provider, type);
  const auto secrets = credentials();
  const auto headers = webhook::sign(provider, body, secrets, kNow).value();
  for (auto _ : state) {
    const auto verdict =
        webhook::verify(provider, {.headers = headers, .body = body}, secrets, kNow);
    require(verdict.accepted);
    benchmark::DoNotOptimize(verdict.signed_at);
  }
}
void webhook_verify_livekit(benchmark::State& state) {
  verify_webhook(state, webhook::Provider::kLivekit, "egress_updated");
}
BENCHMARK(webhook_verify_livekit);
void webhook_verify_mux(benchmark::State& state) {
  verify_webhook(state, webhook::Provider::kMux, "video.live_stream.active");
}
BENCHMARK(webhook_verify_mux);

/// Verified and read as an event, as the SDK's unwrap does. LiveKit's verdict includes that.
void webhook_unwrap_mux(benchmark::State& state) {
  const auto body = sample(webhook::Provider::kMux, "video.live_stream.active");
  const auto secrets = credentials();
  const auto headers = webhook::sign(webhook::Provider::kMux, body, secrets, kNow).value();
  for (auto _ : state) {
    const auto verdict =
        webhook::verify(webhook::Provider::kMux, {.headers = headers, .body = body}, secrets, kNow);
    const auto event = webhook::parse_event(webhook::Provider::kMux, body);
    require(verdict.accepted && event.ok());
    benchmark::DoNotOptimize(event.value().id.data());
  }
}
BENCHMARK(webhook_unwrap_mux);

void webhook_sign_mux(benchmark::State& state) {
  const auto body = sample(webhook::Provider::kMux, "video.live_stream.active");
  for (auto _ : state) {
    const auto header = webhook::mux_signature(body, secret(), kNow);
    benchmark::DoNotOptimize(header.data());
  }
}
BENCHMARK(webhook_sign_mux);

}  // namespace
}  // namespace ts

BENCHMARK_MAIN();
